package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"oplog/cluster"
	"oplog/node"
	"oplog/storage"
)

type clusterStatus struct {
	logFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run shows the cluster as the running node sees it, or how far a stopped node has come.
func (c *clusterStatus) Run(ctx context.Context, m *Program) error {
	if m.running == nil {
		return c.ofStopped(m)
	}
	return m.withCluster(c.Data, func(n *cluster.Node, _ *node.Node) error {
		s := n.Status(ctx)
		if c.JSON {
			return m.printJSON(s)
		}
		return c.print(m, s)
	})
}

func (m *Program) printJSON(value any) error {
	out := json.NewEncoder(m.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(value)
}

// print prints the nodes, and what to do if something is wrong.
func (c *clusterStatus) print(m *Program, s cluster.Status) error {
	rows := [][]string{{"NODE", "ADDRESS", "ROLE", "STATE", "POSITION", "BEHIND", "LAST CONTACT", "VERSION", "LEVEL"}}
	for _, n := range s.Nodes {
		row := []string{n.ID, n.Address, role(n), "not reachable", "-", "-", "-", "-", "-"}
		if n.Refuses {
			row[3] = "refuses this node"
		}
		if n.Reachable {
			row = []string{
				n.ID, n.Address, role(n), state(n), strconv.FormatUint(n.Applied, 10), strconv.FormatUint(n.LagEntries, 10), "-", orDash(n.Version),
				strconv.Itoa(n.HighestLevel),
			}
		}
		if !n.LastContact.IsZero() {
			row[6] = moment(n.LastContact)
		}
		rows = append(rows, row)
	}
	if err := table(m.Stdout, rows); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "This is node %s of cluster %s. Its messages have level %d.\n", s.ID, s.Cluster, s.Level)
	tellDelays(m, &s)
	if refusing := slices.ContainsFunc(s.Nodes, func(n cluster.NodeStatus) bool { return n.Refuses }); refusing {
		fmt.Fprintln(m.Stdout, "Other nodes refuse this one; their logs say why. If it was removed, do not recover it, which would make a second log of it: stop it, and join with an empty data directory.")
	} else if !s.Quorum {
		since := ""
		if !s.StaleSince.IsZero() {
			since = " since " + moment(s.StaleSince)
		}
		fmt.Fprintf(m.Stdout, "No node leads%s: nothing can be recorded until more than half of the nodes that vote reach each other. Start them; if most are gone for good, see oplog cluster recover.\n", since)
	}
	for _, n := range s.Nodes {
		if n.Failure != "" {
			fmt.Fprintf(m.Stdout, "Node %s cannot write: %s\n", n.ID, visible(n.Failure))
		}
	}
	return nil
}

// tellDelays says for which nodes a higher level of messages waits.
func tellDelays(m *Program, s *cluster.Status) {
	nodes, level := s.Delaying()
	for _, n := range nodes {
		if n.Reachable {
			fmt.Fprintf(m.Stdout, "Level %d waits for node %s at %s: its version of oplog, %s, understands levels up to %d. Upgrade it.\n", level, n.ID, n.Address, orDash(n.Version), n.HighestLevel)
			continue
		}
		fmt.Fprintf(m.Stdout, "Level %d waits for node %s at %s, which is not reachable. Start it or, if it is gone, remove it.\n", level, n.ID, n.Address)
	}
}

func role(n cluster.NodeStatus) string {
	switch {
	case n.Leader:
		return "leads"
	case n.Voter:
		return "votes"
	}
	return "joins"
}

func state(n cluster.NodeStatus) string {
	switch {
	case n.Diverged:
		return "fetches a copy"
	case n.Failure != "":
		return "cannot write"
	}
	return "ok"
}

// stoppedNode is what is known of a stopped node.
type stoppedNode struct {
	cluster.Member
	Applied uint64 `json:"applied"` // position of its store
	Logged  uint64 `json:"logged"`  // position of the last message in its replicated log, which it may not have applied
}

// ofStopped shows how far a stopped node has come.
func (c *clusterStatus) ofStopped(m *Program) error {
	dir, err := m.existingDir(c.Data)
	if err != nil {
		return err
	}
	isNode, err := cluster.IsNode(dir)
	if err != nil {
		return withAdvice(dir, err)
	}
	if !isNode {
		return errors.Join(checkChangeable(dir), fmt.Errorf("data directory %s is not a node of a cluster; oplog cluster init makes it the first one", dir))
	}
	s, err := readStopped(dir)
	if err != nil {
		return withAdvice(dir, err)
	}
	if c.JSON {
		return m.printJSON(s)
	}
	_, err = fmt.Fprintf(m.Stdout, "Node %s of cluster %s, at %s, is stopped. Its store is at position %d; its replicated log ends at %d.\n", s.ID, s.Cluster, s.Address, s.Applied, s.Logged)
	return err
}

func readStopped(dir string) (s stoppedNode, err error) {
	if s.Member, err = cluster.Who(dir); err != nil {
		return s, err
	}
	db, err := openNodeToRead(dir, storage.Options{IgnoreKey: true, WithoutKey: true, LockTimeout: time.Second})
	if err != nil {
		return s, err
	}
	at, _ := db.Replicated()
	s.Applied = at.Index
	if err := db.Close(); err != nil {
		return s, err
	}
	s.Logged, err = cluster.LastLogged(dir)
	return s, err
}
