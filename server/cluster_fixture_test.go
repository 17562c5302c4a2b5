package server

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"oplog/cluster"
	"oplog/oplog"
	"oplog/storage"
)

// nodes are the servers of a log on several nodes.
type nodes []*fixture

// newNodes returns a log on so many nodes, with the tenants, users and keys of newServer, of which the first leads. However slow the machine is, it leads
// until it is stopped or hands over, and messages have their highest level, as seconds after any start: what a leader that is lost may have stored is sent again.
func newNodes(t testing.TB, number int) nodes {
	t.Helper()
	return makeNodes(t, number, true)
}

// newElectingNodes is newNodes with the times of the product: a node that does not hear of the leader for a second stands for election.
func newElectingNodes(t testing.TB, number int) nodes {
	t.Helper()
	return makeNodes(t, number, false)
}

func makeNodes(t testing.TB, number int, steady bool) nodes {
	t.Helper()
	var all nodes
	for i := range number {
		f := newFixture(t)
		f.steady = steady
		address := freeAddress(t)
		if i == 0 {
			db := must(storage.Open(f.dir, storage.Options{}))(t)
			f.noError(errors.Join(cluster.Init(db, f.dir, address, time.Now()), db.RaiseLevel(storage.HighestLevel, ""), db.Close()))
		} else {
			must(cluster.Join(t.Context(), must(all[0].cluster.Token(t.Context()))(t), f.dir, address, time.Now))(t)
		}
		f.open(plain)
		f.listenForPeers()
		if i == 0 {
			f.furnish()
		}
		f.sent = slices.Concat(all, nodes{f})[0].sent
		all = append(all, f)
	}
	for _, f := range all {
		for !f.knowsVoters(number) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	return all
}

// knowsVoters reports whether a node knows of so many, all of which vote.
func (f *fixture) knowsVoters(number int) bool {
	found := f.cluster.Status(f.Context()).Nodes
	return len(found) == number && !slices.ContainsFunc(found, func(n cluster.NodeStatus) bool { return !n.Voter })
}

func plain(store oplog.Store) oplog.Store { return store }

func freeAddress(t testing.TB) string {
	ln := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// listenForPeers serves the other nodes, until the test ends or the node is stopped.
func (f *fixture) listenForPeers() {
	ended := make(chan error, 1)
	ln := f.cluster.ListenAPI()
	go func() { ended <- f.server.ListenForPeers(ln) }()
	f.stop = func() {
		f.stop = func() {}
		err := f.server.Shutdown(context.Background())
		_ = ln.Close() // a Shutdown before ListenForPeers has started does not end it
		if end := <-ended; end != nil && !errors.Is(end, net.ErrClosed) {
			err = errors.Join(err, end)
		}
		if err = errors.Join(err, f.log.Close()); err != nil {
			f.Error(err)
		}
	}
	f.Cleanup(func() { f.stop() })
}

// leader returns the node that leads, and the others.
func (all nodes) leader() (leader *fixture, others nodes) {
	for {
		for i, f := range all {
			if f.cluster.Leads() {
				return f, slices.Delete(slices.Clone(all), i, i+1)
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// again sends a request until it is not answered with 503: a busy machine may lose its leader.
func (f *fixture) again(caller, method, path, body string) (r reply) {
	f.Helper()
	for range 20 {
		if r = f.send(caller, method, path, body); r.status != 503 {
			return r
		}
	}
	return r
}
