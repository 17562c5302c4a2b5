package enginetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"oplog/oplog"
)

var concurrencyChecks = []check{
	{"an id sent concurrently is recorded once", recordsConcurrentIDsOnce},
	{"concurrent updates of a record are not lost", losesNoUpdate},
	{"entries acknowledged during Close are stored", closesWhileAppending},
	{"appends, reads and records work concurrently", concurrentUse},
}

func recordsConcurrentIDsOnce(t *testing.T, s *store) {
	const senders = 32
	receipts := make([]oplog.Receipt, senders)
	var group sync.WaitGroup
	for i := range senders {
		group.Go(func() {
			got, err := s.Append(t.Context(), acme, []oplog.Entry{withID("same", entry(1, "a"))}, 0)
			if err != nil {
				t.Error(err)
				return
			}
			receipts[i] = got[0]
		})
	}
	group.Wait()
	recorded := 0
	for _, r := range receipts {
		if r.Status == oplog.StatusRecorded {
			recorded++
		}
		if r.ID != "same" || r.Seq != 1 {
			t.Errorf("%+v", r)
		}
	}
	if got := s.arrivals(1, 0); recorded != 1 || got != "a" {
		t.Errorf("recorded %d times, arrivals %s", recorded, got)
	}
}

func losesNoUpdate(t *testing.T, s *store) {
	const writers, times = 16, 8
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for range times {
				if err := s.increment("n"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	data, _, err := s.Record(oplog.RecordTenant, "n")
	if err != nil || binary.BigEndian.Uint64(data) != writers*times {
		t.Errorf("%x, %v, want %d", data, err, writers*times)
	}
}

// increment increments the number in a record, retrying as long as others change it first.
func (s *store) increment(name string) error {
	for {
		old, revision, err := s.Record(oplog.RecordTenant, name)
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return err
		}
		n := uint64(0)
		if err == nil {
			n = binary.BigEndian.Uint64(old)
		}
		err = s.PutRecord(oplog.RecordTenant, name, revision, binary.BigEndian.AppendUint64(nil, n+1))
		if !errors.Is(err, oplog.ErrRevision) {
			return err
		}
	}
}

func closesWhileAppending(t *testing.T, s *store) {
	const senders = 16
	engine := s.Store
	started := make(chan struct{}, senders)
	counts := make([]uint64, senders)
	var group sync.WaitGroup
	for i := range senders {
		group.Go(func() {
			for {
				_, err := engine.Append(t.Context(), acme, []oplog.Entry{entry(i, fmt.Sprint(i))}, 0)
				if counts[i] == 0 {
					started <- struct{}{}
				}
				if err != nil {
					if oplog.CodeOf(err) != oplog.CodeUnavailable {
						t.Error(err)
					}
					return
				}
				counts[i]++
			}
		})
	}
	for range senders {
		<-started
	}
	s.close()
	group.Wait()
	s.Store = s.open(t, s.dir)
	want := uint64(0)
	for _, n := range counts {
		want += n
	}
	s.counts(acme, want, 0)
	if got := len(strings.Fields(s.arrivals(1, 0))); uint64(got) != want {
		t.Errorf("%d stored, %d acknowledged", got, want)
	}
}

func concurrentUse(t *testing.T, s *store) {
	const senders, requests = 16, 4
	tenants := []string{acme, "beta", "gamma"}
	calls := make(map[string]uint64) // last seq; unguarded, since OnAppend is called by one goroutine
	s.OnAppend(func(tenant string, entries []oplog.Entry) {
		for _, e := range entries {
			if calls[tenant]++; e.Seq != calls[tenant] || e.Tenant != tenant {
				t.Errorf("OnAppend got %s/%d, want %s/%d", e.Tenant, e.Seq, tenant, calls[tenant])
			}
		}
	})
	acknowledged := make([]map[string]oplog.Receipt, senders) // by tenant and content
	var sending, reading sync.WaitGroup
	for i := range senders {
		acknowledged[i] = make(map[string]oplog.Receipt)
		sending.Go(func() {
			for r := range requests {
				tenant := tenants[(i+r)%len(tenants)]
				if err := s.appendSome(tenant, i, r, acknowledged[i]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	for range 3 {
		reading.Go(func() { s.readUntil(t, done) })
	}
	sending.Wait()
	close(done)
	reading.Wait()
	s.acrossReopen(func() {
		stored := make(map[string]oplog.Receipt)
		for _, tenant := range tenants {
			err := s.Arrivals(t.Context(), tenant, 1, 0, func(e oplog.Entry) error {
				stored[tenant+" "+e.Content.Name] = oplog.Receipt{ID: e.ID, Seq: e.Seq, Status: oplog.StatusRecorded}
				return nil
			})
			if entries, _, countErr := s.Counts(tenant); err != nil || countErr != nil || entries != calls[tenant] {
				t.Errorf("%s has %d entries, OnAppend got %d, %v, %v", tenant, entries, calls[tenant], err, countErr)
			}
		}
		sum := 0
		for _, receipts := range acknowledged {
			sum += len(receipts)
			for name, r := range receipts {
				if stored[name] != r {
					t.Errorf("%s was acknowledged as %+v, and is stored as %+v", name, r, stored[name])
				}
			}
		}
		if sum != len(stored) {
			t.Errorf("%d stored, %d acknowledged", len(stored), sum)
		}
	})
	o := observe(s)
	o.CheckAll(s.t, s, acme)
}

// appendSome appends up to three entries, and stores their receipts.
func (s *store) appendSome(tenant string, sender, request int, receipts map[string]oplog.Receipt) error {
	var entries []oplog.Entry
	for i := range 1 + (sender+request)%3 {
		e := entry(sender, fmt.Sprintf("%d-%d-%d", sender, request, i))
		if i == 1 {
			e.ID = e.Content.Name
		}
		entries = append(entries, e)
	}
	got, err := s.Append(s.t.Context(), tenant, ofTenant(tenant, entries...), 1)
	if err != nil || len(got) != len(entries) {
		return fmt.Errorf("%v, %w", got, err)
	}
	for i := range entries {
		receipts[tenant+" "+entries[i].Content.Name] = got[i]
	}
	return s.increment(tenant)
}

// readUntil reads acme's log by all methods, each of which must return a consistent log.
func (s *store) readUntil(t *testing.T, done chan struct{}) {
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		before, _, err := s.Counts(acme)
		if err != nil {
			t.Error(err)
			return
		}
		var found []oplog.Entry
		if err := s.Arrivals(t.Context(), acme, 1, before+1, collect(&found)); err != nil || uint64(len(found)) != before {
			t.Errorf("%d of %d arrivals, %v", len(found), before, err)
			return
		}
		older, err := s.Older(acme, farFuture, oplog.Key{}, 1000, nil)
		if err != nil || uint64(len(older)) < before || !slices.IsSortedFunc(older, func(a, b oplog.Entry) int { return b.Key().Compare(a.Key()) }) {
			t.Errorf("%d of %d entries, %v", len(older), before, err)
			return
		}
		if before == 0 {
			continue
		}
		proof, err := s.Prove(acme, found[before/2].Key(), 0)
		if err != nil {
			t.Error(err)
			return
		}
		if _, root := OpenCheckpoint(s.t, s, acme, proof.Checkpoint); checkRecord(proof, root) != nil {
			t.Errorf("entry %d of %d: %+v", proof.Index, proof.Size, proof)
		}
	}
}
