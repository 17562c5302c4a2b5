package search

import (
	"fmt"
	"testing"

	"oplog/oplog"
)

// A word that is looked for in modules alone must not be answered with what is
// remembered of the same word in users.
func TestWordsAreRememberedByField(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, dir)
	t.Cleanup(func() { closeLog(t, l) })
	if _, err := l.AddTenant(oplog.Tenant{ID: tenant, Name: "Acme"}); err != nil {
		t.Fatal(err)
	}
	var entries []oplog.Entry
	for i := range smallSizes.maxFlush {
		entries = append(entries, oplog.Entry{
			Time: now, User: oplog.User{ID: fmt.Sprint(i), Name: "Spring"}, Module: "sms", Operation: "send",
			Content: oplog.Ref{Name: "Summer"},
		})
	}
	if _, err := l.Append(t.Context(), tenant, entries); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	l = openLog(t, dir) // opening puts them all into a segment
	f := func(search string, want int) {
		t.Helper()
		s, err := l.Summary(t.Context(), tenant, oplog.Query{Filters: oplog.Filters{Search: search}}, oplog.LocaleEN)
		if err != nil || s.Total != want {
			t.Errorf("%s: %d, %v; want %d", search, s.Total, err, want)
		}
	}
	for range 2 {
		f("user:spring", len(entries))
		f("module:spring", 0)
		f("content:spring", 0)
		f("spring", len(entries))
		f("user:summer", 0)
		f("content:summer", len(entries))
		f("module:sms", len(entries))
		f("content:sms", 0)
	}
}
