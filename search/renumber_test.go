package search

import (
	"fmt"
	"testing"
	"time"

	"oplog/oplog"
)

// TestNumbersAfterDrop: users without entries take no memory for long, and those who stay are counted as before; also by a query that began
// before, whose numbers are the old ones.
func TestNumbersAfterDrop(t *testing.T) {
	l := newLog(t, t.TempDir())
	t.Cleanup(func() { closeLog(t, l) })
	const gone, kept = 400, 60
	user := func(i int) string { return fmt.Sprint(longName, i) }
	var entries []oplog.Entry
	for i := range gone + kept {
		e := plainEntry(i, 1000-i)
		e.User = oplog.User{ID: user(i), Name: "name", Role: fmt.Sprint("role", i)}
		entries = append(entries, e)
	}
	if _, err := l.Journal.Append(t.Context(), tenant, entries); err != nil {
		t.Fatal(err)
	}
	awaitMerges(l)
	count := func(want int) {
		t.Helper()
		s, err := l.Journal.Summary(t.Context(), tenant, oplog.Query{Filters: oplog.Filters{Search: "user:name"}}, oplog.LocaleEN)
		if err != nil || s.Total != want || len(s.Facets.User)+s.Facets.More.User != want || len(s.Facets.Role) != want {
			t.Fatalf("%d entries of %d users, %d roles, %v; want %d", s.Total, len(s.Facets.User)+s.Facets.More.User, len(s.Facets.Role), err, want)
		}
		if last := s.Facets.User[0]; want == kept && last.Value != user(gone) {
			t.Errorf("the first user is %v", last)
		}
	}
	count(gone + kept)
	before, err := l.index.view(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	defer before.release()
	if err := l.index.Drop(t.Context(), tenant, time.Unix(0, 0), entries[gone].Time); err != nil {
		t.Fatal(err)
	}
	after, err := l.index.view(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	after.release()
	if n := len(after.numbering.actors); n > 2*kept {
		t.Errorf("%d users are numbered, of whom %d have entries", n, kept)
	}
	count(kept)
	m := must(l.index.newMatcher(oplog.Match{}))(t)
	m.numbering = before.numbering
	var found []hits
	for _, s := range before.segments {
		found = append(found, hits{segment: s, top: s.count})
	}
	tally := must(l.index.countHits(t.Context(), tenant, m, found, nil))(t)
	if err := tally.addTail(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if c := must(tally.counts(t.Context(), before))(t); c.Total != gone+kept || len(c.Users)+c.MoreUsers != gone+kept || len(c.Roles) != gone+kept {
		t.Errorf("a query that began before counts %d entries of %d users and %d roles", c.Total, len(c.Users)+c.MoreUsers, len(c.Roles))
	}
	count(kept)
}
