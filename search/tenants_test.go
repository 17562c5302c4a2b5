package search

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"oplog/oplog"
)

// TestManyTenants: many tenants are queried in turn, few are open at a time, and each returns its own entries, including those recorded
// while it was closed.
func TestManyTenants(t *testing.T) {
	l := openLog(t, t.TempDir())
	t.Cleanup(func() { closeLog(t, l) })
	const tenants = 40
	name := func(i int) string { return fmt.Sprintf("T%d", i) }
	for i := range tenants {
		if _, err := l.Directory.AddTenant(oplog.Tenant{ID: name(i), Name: "Tenant"}); err != nil {
			t.Fatal(err)
		}
	}
	recorded := make([]int, tenants)
	for round := range 4 {
		for i := range tenants {
			n := 1 + (i*7+round*3)%12
			var entries []oplog.Entry
			for j := range n {
				e := plainEntry(recorded[i]+j, recorded[i]+j)
				e.Organization = oplog.Ref{}
				entries = append(entries, e)
			}
			if _, err := l.Journal.Append(t.Context(), name(i), entries); err != nil {
				t.Fatal(err)
			}
			recorded[i] += n
		}
		for i := range tenants {
			s, err := l.Journal.Summary(t.Context(), name(i), oplog.Query{Filters: oplog.Filters{Search: "返场主会场"}}, oplog.LocaleEN)
			if err != nil || s.Total != recorded[i] {
				t.Errorf("%s: %d entries, %v; want %d", name(i), s.Total, err, recorded[i])
			}
		}
	}
	// Tenants whose tail is being flushed or merged stay open until that is done.
	for l.index.openTenants() > smallSizes.maxTenants {
		if t.Context().Err() != nil {
			t.Fatalf("%d tenants stay open; want %d", l.index.openTenants(), smallSizes.maxTenants)
		}
		runtime.Gosched()
	}
}

// openTenants closes idle tenants and returns the number of open ones.
func (x *Index) openTenants() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closeIdle(nil)
	return len(x.tenants)
}

// TestIndexCannotBeWritten: entries are recorded while the index has no directory, and found once it can have one.
func TestIndexCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	place := filepath.Join(dir, "index")
	closeLog(t, newLog(t, dir))
	if err := os.RemoveAll(place); err != nil {
		t.Fatal(err)
	}
	write(t, place, []byte("not a directory"))
	l := openLog(t, dir)
	defer closeLog(t, l)
	if err := l.Journal.Ready(); oplog.CodeOf(err) != oplog.CodeUnavailable || !strings.Contains(err.Error(), "cannot be opened") {
		t.Errorf("before anything is asked of it, it is ready: %v", err)
	}
	record(t, l, 0, 20, func(n int) int { return n })
	if _, err := l.Journal.Page(t.Context(), tenant, oplog.Query{}, 1, ""); err == nil {
		t.Error("it is read without an index")
	}
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	awaitReady(t, l)
	if n, err := l.Journal.Total(t.Context(), tenant, oplog.Query{}); err != nil || n != 20 {
		t.Errorf("%d entries, %v", n, err)
	}
}
