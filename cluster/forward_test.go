package cluster

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"oplog/oplog"
)

// TestOutboxGathers: appends that come while others are on their way go together, in order, and to one node at a time.
func TestOutboxGathers(t *testing.T) {
	var b outbox
	var mu sync.Mutex
	var sent [][]*outgoing
	release := make(chan struct{})
	post := func(group []*outgoing) {
		<-release
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, group)
		for _, o := range group {
			close(o.done)
		}
	}
	var all []*outgoing
	add := func(leader string, entries int) {
		o := &outgoing{leader: leader, w: &write{Entries: make([]oplog.Entry, entries)}, done: make(chan struct{})}
		all = append(all, o)
		b.add(o, post)
	}
	for i := range maxSending { // each is on its way before the next one comes
		add("a", 1)
		awaitTrue(t, func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(b.waiting) == 0 && b.sending == i+1
		})
	}
	for range 2 * maxGathered / maxSmall {
		add("a", maxSmall)
	}
	add("b", 1)
	add("b", 1)
	close(release)
	for _, o := range all {
		<-o.done
	}
	awaitTrue(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.sending == 0 && len(b.waiting) == 0
	})
	sizes, leaders := make(map[int]int), make(map[string]int)
	for _, group := range sent {
		sizes[len(group)]++
		for _, o := range group {
			if leaders[o.leader]++; o.leader != group[0].leader {
				t.Error("a request is for two nodes")
			}
		}
	}
	if fmt.Sprint(sizes) != fmt.Sprint(map[int]int{1: maxSending, maxGathered / maxSmall: 2, 2: 1}) || leaders["b"] != 2 {
		t.Errorf("requests of %v appends, to %v", sizes, leaders)
	}
}

// TestFollowerTakesManyAtOnce: each of many appends on a follower has its own answer, also if others are refused, and can be read there at once.
func TestFollowerTakesManyAtOnce(t *testing.T) {
	c := newTrio(t, "")
	n := c.follower()
	mustSend(t, n, "taken")
	var sending sync.WaitGroup
	for i := range 64 {
		sending.Go(func() {
			e := testEntry(fmt.Sprint("id ", i))
			if i%8 == 0 {
				e = testEntry("taken")
				e.Content.Name = "other"
			}
			receipts, err := n.node().Store().Append(context.Background(), "acme", []oplog.Entry{e}, 0)
			switch {
			case i%8 == 0:
				if oplog.CodeOf(err) != oplog.CodeConflict {
					t.Errorf("%s: %v", e.ID, err)
				}
			case err != nil || len(receipts) != 1 || receipts[0].ID != e.ID:
				t.Errorf("%s: %+v, %v", e.ID, receipts, err)
			default:
				found, err := n.node().db.Find("acme", e.ID, nil)
				if err != nil || found.Seq != receipts[0].Seq {
					t.Errorf("%s: entry %d, %v, want %d", e.ID, found.Seq, err, receipts[0].Seq)
				}
			}
		})
	}
	sending.Wait()
	c.settle()
}
