package cli

import (
	"errors"
	"fmt"

	"oplog/cluster"
	"oplog/storage"
)

// A node of a cluster that is stopped must not be changed alone: the other nodes would have another log. So commands that change something run beside it,
// in its server, and those that only read open its store read-only.

// checkChangeable returns an error if the log in a data directory cannot be changed while it is stopped.
func checkChangeable(dir string) error {
	isNode, err := cluster.IsNode(dir)
	if err != nil || isNode {
		return errors.Join(err, errOfNode(isNode, dir))
	}
	isJoining, err := cluster.IsJoining(dir)
	if err == nil && isJoining {
		err = fmt.Errorf("joining a cluster was interrupted in data directory %s; run oplog cluster join again, with a new token and the same directory", dir)
	}
	return err
}

func errOfNode(isNode bool, dir string) error {
	if !isNode {
		return nil
	}
	return fmt.Errorf("data directory %s is a node of a cluster, which must not be changed alone while it is stopped; start it with oplog serve, and run the command again beside it or on another node", dir)
}

// errNotLeading says where a command runs that changes the log.
func errNotLeading(n *cluster.Node) error {
	id, address, known := n.Leader()
	switch {
	case !known:
		return errors.New("no node leads the cluster at the moment, so nothing can be changed; start the other nodes, see oplog cluster status, and run the command again")
	case id == n.ID():
		return errors.New("this node is about to lead the cluster; run the command again in a moment")
	}
	return fmt.Errorf("node %s at %s leads the cluster; run this command on its machine, or let this node lead first: oplog cluster transfer %s", id, address, n.ID())
}

// checkSingle returns an error if an open store is that of a node whose identity is missing.
func checkSingle(dir string, db *storage.DB) error {
	if _, replicated := db.Replicated(); !replicated {
		return nil
	}
	return fmt.Errorf("oplog.db in %s is that of a node of a cluster, and %[1]s/cluster, which says which one, is missing; put that directory back, "+
		"make a single log of it with oplog restore %[1]s/oplog.db --data NEW, or begin another cluster with oplog cluster init", dir)
}

// openNodeToRead opens the store of a stopped node, in which nothing is changed. A transaction that a crash interrupted is rolled back before.
func openNodeToRead(dir string, o storage.Options) (*storage.DB, error) {
	o.ReadOnly = true
	db, err := storage.Open(dir, o)
	if !errors.Is(err, storage.ErrMustWrite) {
		return db, err
	}
	o.ReadOnly = false
	if db, err = storage.Open(dir, o); err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	o.ReadOnly = true
	return storage.Open(dir, o)
}
