package trail_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/trail"
)

func (l *testLog) trail(tenant string) string {
	l.T.Helper()
	page, err := l.Trail.Page(l.T.Context(), tenant, oplog.Query{}, oplog.MaxPageSize, "")
	l.Must(nil, err)
	var told []string
	for _, e := range page.Entries {
		told = append(told, fmt.Sprintf("%d:%s", e.Seq, e.User.ID))
	}
	return strings.Join(told, " ")
}

func event(tenant, user string) trail.Event {
	return trail.Event{Tenant: tenant, User: oplog.User{ID: user, Name: user}, Module: "log", Operation: "search"}
}

func TestTrail(t *testing.T) {
	l := newLog(t)
	f := func(t *testing.T, tenant, want string) {
		t.Helper()
		if got := l.trail(tenant); got != want {
			t.Errorf("the trail of %q is %s, want %s", tenant, got, want)
		}
	}
	f(t, "acme", "")
	for _, user := range []string{"a", "b", "c"} {
		l.Trail.Add(event("acme", user))
	}
	l.Trail.Add(event("plain", "d"))
	f(t, "acme", "3:c 2:b 1:a")
	l.Trail.Add(event("acme", "e"))
	l.Restart() // pending events are written on close
	f(t, "acme", "4:e 3:c 2:b 1:a")
	f(t, "plain", "1:d")
	f(t, "", "")
	l.Must(nil, l.Trail.AddToAll(event("", "all")))
	f(t, "acme", "5:all 4:e 3:c 2:b 1:a")
	f(t, "plain", "2:all 1:d")
	f(t, "", "1:all")

	// None of it is among the tenant's entries.
	page, err := l.Journal.Page(t.Context(), "acme", oplog.Query{}, 10, "")
	if err != nil || len(page.Entries) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	if err := l.Journal.Ready(); err != nil {
		t.Error(err)
	}
}

func TestTrailDeduplicatesEvents(t *testing.T) {
	l := newLog(t)
	v := event("acme", "a")
	v.Deduplicate, v.Source = true, "session"
	v.Details = map[string]any{"filters": map[string]any{"q": "x"}}
	l.Trail.Add(v)
	l.Trail.Add(v)
	l.Clock.Advance(time.Minute - time.Nanosecond)
	l.Trail.Add(v)
	if got := l.trail("acme"); got != "1:a" {
		t.Error(got)
	}
	other := v
	other.Details = map[string]any{"filters": map[string]any{"q": "y"}}
	l.Trail.Add(other)
	other = v
	other.Source = "another session"
	l.Trail.Add(other)
	l.Clock.Advance(2 * time.Microsecond)
	l.Trail.Add(v)
	if got := l.trail("acme"); got != "4:a 3:a 2:a 1:a" {
		t.Error(got)
	}
}

func TestTrailKeepsDetailsShort(t *testing.T) {
	l := newLog(t)
	v := event("acme", "a")
	v.Details = map[string]any{"filters": strings.Repeat("x", oplog.MaxDetailsBytes)}
	l.Trail.Add(v)
	page, err := l.Trail.Page(t.Context(), "acme", oplog.Query{}, 1, "")
	l.Must(nil, err)
	if got := string(page.Entries[0].Details); got != `{"left_out":"too long"}` {
		t.Error(got)
	}
}

// Clients may send any bytes as their user agent; valid text is recorded.
func TestTrailKeepsUserAgentsAsText(t *testing.T) {
	l := newLog(t)
	f := func(sent, want string) {
		t.Helper()
		v := event("acme", "a")
		v.UserAgent = sent
		l.Trail.Add(v)
		page, err := l.Trail.Page(t.Context(), "acme", oplog.Query{}, 1, "")
		if err != nil || len(page.Entries) != 1 || page.Entries[0].UserAgent != want {
			t.Errorf("%q is kept as %+v, %v; want %q", sent, page.Entries, err, want)
		}
	}
	f("浏览器 1.0", "浏览器 1.0")
	f("br\xff\xfewser", "br?wser")
	f(strings.Repeat("a", 255)+"é", strings.Repeat("a", 255)+"?")
}
