package storage

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"oplog/oplog"
)

// Every acknowledged entry is on disk, with the seq of its receipt, and was passed to OnAppend once, in order of arrival.
func TestGroupCommit(t *testing.T) {
	const senders, requests = 64, 12
	tenants := []string{"acme", "beta", "gamma"}
	db := openStore(t, t.TempDir())
	reported := make(map[string]uint64) // last seq; only used by the committer
	db.OnAppend(func(tenant string, entries []oplog.Entry) {
		for _, e := range entries {
			if reported[tenant]++; e.Seq != reported[tenant] || e.Tenant != tenant {
				t.Errorf("OnAppend got %s/%d, want %s/%d", e.Tenant, e.Seq, tenant, reported[tenant])
			}
		}
	})
	acknowledged := sendTogether(t, db, tenants, senders, requests)

	crashed := t.TempDir() // not closed: acknowledged entries are in the file
	copyStore(t, db.path(), crashed)
	after := openStore(t, crashed)
	stored := make(map[string]oplog.Entry)
	skipped := uint64(0)
	for _, tenant := range tenants {
		err := after.Arrivals(context.Background(), tenant, 1, 0, func(e oplog.Entry) error {
			stored[tenant+" "+e.Content.Name] = e
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		entries, s, err := after.Counts(tenant)
		if err != nil || entries != reported[tenant] {
			t.Errorf("%s has %d entries, OnAppend got %d, %v", tenant, entries, reported[tenant], err)
		}
		skipped += s
		checkStore(t, after, tenant)
	}
	if skipped != senders*requests {
		t.Errorf("%d skipped, want %d", skipped, senders*requests)
	}
	total := 0
	for _, receipts := range acknowledged {
		total += len(receipts)
		for name, r := range receipts {
			if e, ok := stored[name]; !ok || e.Seq != r.Seq || e.ID != r.ID || r.Status != oplog.StatusRecorded {
				t.Errorf("%s was acknowledged as %+v, and is stored as %d %s", name, r, e.Seq, e.ID)
			}
		}
	}
	if total != len(stored) {
		t.Errorf("%d are stored, %d acknowledged", len(stored), total)
	}
}

// sendTogether appends from many senders at once, and returns what each was
// acknowledged, by tenant and content.
func sendTogether(t *testing.T, db *DB, tenants []string, senders, requests int) []map[string]oplog.Receipt {
	t.Helper()
	acknowledged := make([]map[string]oplog.Receipt, senders)
	var group sync.WaitGroup
	for s := range senders {
		group.Go(func() {
			acknowledged[s] = make(map[string]oplog.Receipt)
			for r := range requests {
				tenant := tenants[(s+r)%len(tenants)]
				var entries []oplog.Entry
				for i := range 1 + (s+r)%3 {
					e := entry(s, fmt.Sprintf("%d-%d-%d", s, r, i))
					e.Tenant = tenant
					if i == 1 {
						e.ID = e.Content.Name
					}
					entries = append(entries, e)
				}
				receipts, err := db.Append(context.Background(), tenant, entries, 1)
				if err != nil || len(receipts) != len(entries) {
					t.Errorf("%v, %v", receipts, err)
					return
				}
				for i, e := range entries {
					acknowledged[s][tenant+" "+e.Content.Name] = receipts[i]
				}
			}
		})
	}
	group.Wait()
	return acknowledged
}
