package trail_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// TestActionsContinueAfterRestart: a page that stays open across a restart continues its action: no search was made meanwhile.
func TestActionsContinueAfterRestart(t *testing.T) {
	l := newLog(t)
	add := func(action string, lines ...string) {
		for _, what := range lines {
			l.Trail.Add(reading(action, what))
		}
	}
	want := func(want string) {
		t.Helper()
		if got := l.trailLines(); got != want {
			t.Errorf("the trail has\n%s\nwant\n%s", got, want)
		}
	}
	add("a", "search q=in&range=today", "search q=inv&range=today")
	l.Clock.Advance(time.Second)
	add("b", "open e1")
	recorded := `search {"also":[{"filters":{"q":["inv"],"range":["today"]},"operation":"search"}],"filters":{"q":["in"],"range":["today"]},"searches":2}
open e1{"seq":2}`
	for range 2 {
		l.Restart()
		l.Clock.Advance(time.Minute)
		add("a", "follow q=inv&range=today", "count range=last_30_days&q=in", "search q=in&range=today")
		add("b", "open e1")
		want(recorded)
	}
	// New readings are recorded each time.
	for _, name := range []string{"x", "y", "z"} {
		l.Restart()
		add("a", "search q="+name, "follow q="+name)
		recorded += "\n" + `search {"filters":{"q":["` + name + `"]}}`
		want(recorded)
	}
	l.Restart()
	add("a", "follow q=x", "count q=y", "follow q=z")
	want(recorded)
}

// TestActionsContinueWhileWritten: readings of an action that was evicted from memory are not recorded twice, even if its entry is not
// written yet.
func TestActionsContinueWhileWritten(t *testing.T) {
	l, u := newUnreliable(t)
	u.entered, u.release = make(chan struct{}), make(chan struct{})
	l.Trail.Add(event("acme", "first"))
	<-u.entered // later events are buffered
	l.Trail.Add(reading("a", "search q=known"))
	forget := func(pass string) {
		for i := range 300 {
			l.Trail.Add(reading(fmt.Sprint(pass, i), "search q="+strings.Repeat("x", oplog.MaxDetailsBytes-100)))
		}
	}
	forget("b")
	l.Trail.Add(reading("a", "follow q=known"))
	forget("c")
	u.release <- struct{}{}
	<-u.entered // all of these are being written
	l.Trail.Add(reading("a", "search q=known"))
	u.entered = nil
	u.release <- struct{}{}
	found := 0
	for cursor := ""; ; {
		page, err := l.Trail.Page(t.Context(), "acme", oplog.Query{Filters: oplog.Filters{Search: "known"}}, oplog.MaxPageSize, cursor)
		l.Must(nil, err)
		found += len(page.Entries)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if found != 1 {
		t.Errorf("it is told %d times", found)
	}
}
