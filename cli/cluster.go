package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"oplog/cluster"
	"oplog/node"
	"oplog/oplog"
	"oplog/storage"
	"oplog/trail"
)

type clusterCommand struct {
	Init     clusterInit     `cmd:"" help:"Make a stopped log, new or filled, the first node of a cluster."`
	Token    clusterToken    `cmd:"" help:"Print a token by which one more node can join within an hour; runs beside a node."`
	Join     clusterJoin     `cmd:"" help:"Make another node in an empty data directory, with a copy of the log."`
	Status   clusterStatus   `cmd:"" help:"Show all nodes beside a running one, or how far a stopped one has come."`
	Remove   clusterRemove   `cmd:"" help:"Remove a node, such as one whose machine is gone; runs beside another one."`
	Transfer clusterTransfer `cmd:"" help:"Let another node lead, such as before this one is stopped; runs beside a node."`
	Recover  clusterRecover  `cmd:"" help:"Go on with this stopped node alone, after most nodes were lost for good."`
}

// addressFlag is where the other nodes reach a new one.
type addressFlag struct {
	Address string `required:"" placeholder:"HOST:PORT" help:"Where the other nodes reach this one, such as log1.example.com:8485. Open that port between the nodes only."`
}

// Validate checks the flag before anything is opened.
func (f *addressFlag) Validate() error {
	if err := cluster.CheckAddress(f.Address); err != nil {
		return fmt.Errorf("--address %w", err)
	}
	return nil
}

type clusterInit struct {
	dataFlag
	addressFlag
}

// Run makes the data directory that of a node.
func (c *clusterInit) Run(ctx context.Context, m *Program) (err error) {
	dir, err := m.dataDir(c.Data)
	if err != nil {
		return err
	}
	if isNode, err := cluster.IsNode(dir); err != nil || isNode {
		return errors.Join(withAdvice(dir, err), isNodeAlready(isNode, dir))
	}
	if err := checkChangeable(dir); err != nil {
		return err
	}
	db, err := storage.Open(dir, storage.Options{SignCommand: m.signCommand, NoCopy: m.noCopy})
	if err != nil {
		return withAdvice(dir, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := m.tellTrails(ctx, db, "init_cluster", map[string]any{"address": c.Address}); err != nil {
		return err
	}
	if err := cluster.Init(db, dir, c.Address, m.Now()); err != nil {
		return withAdvice(dir, err)
	}
	who, err := cluster.Who(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stderr, `%[1]s is now node %[2]s, the first one of cluster %[3]s. Start it with:
  oplog serve --data %[1]s
For each of the other nodes, print a token beside it, and use that on their machine within an hour:
  oplog cluster token --data %[1]s
  oplog cluster join TOKEN --address HOST:PORT --data DIR
With three nodes the log goes on when one of them fails; with two, it stops when either does.
`, dir, who.ID, who.Cluster)
	return nil
}

func isNodeAlready(isNode bool, dir string) error {
	if !isNode {
		return nil
	}
	return fmt.Errorf("data directory %s is a node of a cluster already; oplog cluster token, beside it, lets others join", dir)
}

type clusterToken struct{ logFlags }

// Run prints the token alone on stdout, for scripts.
func (c *clusterToken) Run(ctx context.Context, m *Program) error {
	return m.withCluster(c.Data, func(n *cluster.Node, l *node.Node) error {
		token, err := n.Token(ctx)
		if err != nil {
			return err
		}
		l.Trail.Add(m.withSource(trail.Event{User: trail.CommandUser, Module: "server", Operation: "add_join_token"}))
		fmt.Fprintln(m.Stderr, "One node can join with this token within an hour. It is as secret as the log's key: a node that joins gets the whole log.")
		_, err = fmt.Fprintln(m.Stdout, token)
		return err
	})
}

type clusterJoin struct {
	dataFlag
	addressFlag
	Token string `arg:"" help:"The token that oplog cluster token has printed beside another node."`
}

// Run makes the node; oplog serve runs it.
func (c *clusterJoin) Run(ctx context.Context, m *Program) error {
	dir, err := m.dataDir(c.Data)
	if err != nil {
		return err
	}
	joined, err := cluster.Join(ctx, c.Token, dir, c.Address, m.Now)
	if err != nil {
		return withAdvice(dir, err)
	}
	fmt.Fprintf(m.Stderr, `%[1]s is now node %[2]s of cluster %[3]s. Start it with:
  oplog serve --data %[1]s
It votes as soon as it has caught up; oplog cluster status, beside any node, shows that.
`, dir, joined.ID, joined.Cluster)
	return nil
}

type clusterRemove struct {
	logFlags
	Node string `arg:"" help:"Id of the node, or its first characters, or its address, as printed by oplog cluster status."`
}

// Run removes the node.
func (c *clusterRemove) Run(ctx context.Context, m *Program) error {
	return m.withCluster(c.Data, func(n *cluster.Node, l *node.Node) error {
		of, err := nodeNamed(n.Status(ctx).Nodes, c.Node)
		if err != nil {
			return err
		}
		if err := n.Remove(ctx, of.ID); err != nil {
			return err
		}
		l.Trail.Add(m.withSource(trail.Event{
			User: trail.CommandUser, Module: "server", Operation: "remove_node", Object: oplog.Ref{ID: of.ID}, Details: map[string]any{"address": of.Address},
		}))
		fmt.Fprintf(m.Stderr, "Node %s at %s is not in the cluster any more. Stop it if it runs, and delete its data directory: it takes no part again, and has the log's key.\n", of.ID, of.Address)
		return nil
	})
}

type clusterTransfer struct {
	logFlags
	Node string `arg:"" optional:"" help:"Id of the node that is to lead, or its first characters, or its address; by default the one that has come furthest."`
}

// Run lets another node lead.
func (c *clusterTransfer) Run(ctx context.Context, m *Program) error {
	return m.withCluster(c.Data, func(n *cluster.Node, l *node.Node) error {
		to := ""
		if c.Node != "" {
			of, err := nodeNamed(n.Status(ctx).Nodes, c.Node)
			if err != nil {
				return err
			}
			to = of.ID
		}
		if err := n.Transfer(ctx, to); err != nil {
			return err
		}
		leader, address, err := n.AwaitLeader(ctx)
		if err != nil {
			return err
		}
		l.Trail.Add(m.withSource(trail.Event{User: trail.CommandUser, Module: "server", Operation: "transfer", Object: oplog.Ref{ID: leader}}))
		fmt.Fprintf(m.Stderr, "Node %s at %s leads now.\n", leader, address)
		return nil
	})
}

// nodeNamed returns the node with an id, the first characters of one, or an address.
func nodeNamed(nodes []cluster.NodeStatus, name string) (found cluster.NodeStatus, err error) {
	n := 0
	for i := range nodes {
		if nodes[i].Address == name || strings.HasPrefix(nodes[i].ID, name) {
			found = nodes[i]
			n++
		}
	}
	switch n {
	case 0:
		return found, fmt.Errorf("there is no node %s in the cluster; see oplog cluster status", name)
	case 1:
		return found, nil
	}
	return found, fmt.Errorf("the ids of %d nodes begin with %s; specify more of the id, as printed by oplog cluster status", n, name)
}

// withCluster calls do with the running node that the command runs beside.
func (m *Program) withCluster(data string, do func(*cluster.Node, *node.Node) error) error {
	if m.running == nil {
		dir, err := m.existingDir(data)
		if err != nil {
			return err
		}
		return fmt.Errorf("no server has data directory %s open; start the node with oplog serve, and run the command again beside it or beside another node", dir)
	}
	if m.running.cluster == nil {
		return errors.New("this log is not a node of a cluster; to make it the first one, stop the server and run oplog cluster init")
	}
	return m.withRunningLog(func(l *node.Node) error { return do(m.running.cluster, l) })
}

type clusterRecover struct {
	dataFlag
	AcceptLoss bool `name:"i-accept-loss" help:"Confirm that the other nodes are gone for good, and that acknowledged entries which only they had are lost."`
}

// Run makes the node the only one of a new cluster, and records that in every trail.
func (c *clusterRecover) Run(ctx context.Context, m *Program) (err error) {
	dir, err := m.existingDir(c.Data)
	if err != nil {
		return err
	}
	if isNode, err := cluster.IsNode(dir); err != nil || !isNode {
		return errors.Join(withAdvice(dir, err), noNodeToRecover(isNode, dir))
	}
	if !c.AcceptLoss {
		return errors.New("this node would go on without the others, and acknowledged entries that only they had would be lost; while most nodes can be started, start them instead. " +
			"If they are gone for good, run oplog cluster status on each directory that is left, choose the node that has come furthest, and add --i-accept-loss")
	}
	db, err := storage.Open(dir, storage.Options{SignCommand: m.signCommand, NoCopy: m.noCopy})
	if err != nil {
		return withAdvice(dir, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	r, err := cluster.Recover(db, dir, m.Now(), func(r cluster.Recovered) error {
		return m.tellTrails(ctx, db, "recover", map[string]any{"cluster": r.Before.Cluster, "node": r.Before.ID, "position": r.Applied, "replayed": r.Replayed})
	})
	if err != nil {
		return withAdvice(dir, err)
	}
	fmt.Fprintf(m.Stderr, `%[1]s is now node %[2]s, the first one of the new cluster %[3]s, with everything up to position %[4]d of the old one. Start it with:
  oplog serve --data %[1]s
The access log tells of it. Checkpoints kept elsewhere show whether entries are missing: oplog verify --checkpoint FILE, or --anchors DIR.
Nodes of the old cluster cannot take part any more: let new ones join in empty directories (oplog cluster token, oplog cluster join).
`, dir, r.Now.ID, r.Now.Cluster, r.Applied)
	return nil
}

func noNodeToRecover(isNode bool, dir string) error {
	if isNode {
		return nil
	}
	return fmt.Errorf("data directory %s is not a node of a cluster; specify another with --data", dir)
}
