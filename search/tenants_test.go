package search

import (
	"fmt"
	"testing"

	"oplog/oplog"
)

// Many tenants are asked in turn; few are open at once, and each answers with
// its own entries, also those that were recorded while it was closed.
func TestManyTenants(t *testing.T) {
	l := openLog(t, t.TempDir())
	t.Cleanup(func() { closeLog(t, l) })
	const tenants = 40
	name := func(i int) string { return fmt.Sprintf("T%d", i) }
	for i := range tenants {
		if _, err := l.AddTenant(oplog.Tenant{ID: name(i), Name: "Tenant"}); err != nil {
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
			if _, err := l.Append(t.Context(), name(i), entries); err != nil {
				t.Fatal(err)
			}
			recorded[i] += n
		}
		for i := range tenants {
			s, err := l.Summary(t.Context(), name(i), oplog.Query{Filters: oplog.Filters{Search: "返场主会场"}}, oplog.LocaleEN)
			if err != nil || s.Total != recorded[i] {
				t.Errorf("%s: %d entries, %v; want %d", name(i), s.Total, err, recorded[i])
			}
		}
	}
	l.index.mu.Lock()
	defer l.index.mu.Unlock()
	// Those whose tail is being flushed stay open until it is.
	if open := len(l.index.tenants); open > tenants/2 {
		t.Errorf("%d tenants are open; want about %d", open, smallSizes.maxTenants)
	}
}
