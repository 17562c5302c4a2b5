package trail_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// A page that stays open over a restart goes on with its act: nobody made a
// search meanwhile.
func TestActsGoOnOverARestart(t *testing.T) {
	l := newLog(t)
	tell := func(act string, lines ...string) {
		for _, what := range lines {
			l.Trail.Add(reading(act, what))
		}
	}
	want := func(want string) {
		t.Helper()
		if got := l.acts(); got != want {
			t.Errorf("the trail tells\n%s\nwant\n%s", got, want)
		}
	}
	tell("a", "search q=in&range=today", "search q=inv&range=today")
	l.Clock.Advance(time.Second)
	tell("b", "open e1")
	told := `search {"also":[{"filters":{"q":["inv"],"range":["today"]},"operation":"search"}],"filters":{"q":["in"],"range":["today"]},"searches":2}
open e1{"seq":2}`
	for range 2 {
		l.Restart()
		l.Clock.Advance(time.Minute)
		tell("a", "follow q=inv&range=today", "count range=last_30_days&q=in", "search q=in&range=today")
		tell("b", "open e1")
		want(told)
	}
	// What is new is told, again and again.
	for _, name := range []string{"x", "y", "z"} {
		l.Restart()
		tell("a", "search q="+name, "follow q="+name)
		told += "\n" + `search {"filters":{"q":["` + name + `"]}}`
		want(told)
	}
	l.Restart()
	tell("a", "follow q=x", "count q=y", "follow q=z")
	want(told)
}

// An act that is known no more, for there were many, is told no second time,
// even where its entry is not written yet.
func TestActsGoOnWhileTheyAreWritten(t *testing.T) {
	l, u := newUnreliable(t)
	u.entered, u.release = make(chan struct{}), make(chan struct{})
	l.Trail.Add(event("acme", "first"))
	<-u.entered // what is told from here on waits
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
	<-u.entered // all of that is being written
	l.Trail.Add(reading("a", "search q=known"))
	u.entered = nil
	u.release <- struct{}{}
	told := 0
	for cursor := ""; ; {
		page, err := l.Trail.Page(t.Context(), "acme", oplog.Query{Filters: oplog.Filters{Search: "known"}}, oplog.MaxPageSize, cursor)
		l.Must(nil, err)
		told += len(page.Entries)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if told != 1 {
		t.Errorf("it is told %d times", told)
	}
}
