package server

import "testing"

// BenchmarkPageOfNodes reads a page of the log on one node, and of that on three, where a read waits until it is exact.
func BenchmarkPageOfNodes(b *testing.B) {
	leader, others := newNodes(b, 3).leader()
	for _, on := range []struct {
		name string
		*fixture
	}{{"alone", newServer(b)}, {"leader", leader}, {"follower", others[0]}} {
		if on.name != "follower" {
			for i := range 100 {
				on.record(fullEntry(i))
			}
		}
		b.Run(on.name, func(b *testing.B) {
			serve(b, on.fixture, "admin", "GET", entriesPath+"?limit=50", "", 200)
		})
	}
}
