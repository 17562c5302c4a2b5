package trail_test

import (
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// What a page counts and follows by itself is part of its act, however late it
// is answered, and whatever the period: a search that is slow, a dialog that is
// opened later.
func TestActsThatAreAnsweredLate(t *testing.T) {
	l := newLog(t)
	tell := func(after time.Duration, lines ...string) {
		t.Helper()
		l.Clock.Advance(after)
		for _, what := range lines {
			l.Trail.Add(reading("a", what))
		}
		l.acts() // has all told that waits
	}
	tell(0, "search q=x&range=last_7_days")
	tell(5*time.Second, "count q=x&range=last_30_days", "follow q=x&range=last_7_days")
	tell(time.Hour, "count range=last_90_days", "count q=x&from=F&to=T", "count")
	want := `search {"filters":{"q":["x"],"range":["last_7_days"]}}`
	if got := l.acts(); got != want {
		t.Errorf("the trail tells\n%s\nwant\n%s", got, want)
	}
	tell(0, "count user=u")
	want += "\n" + `count {"filters":{"user":["u"]}}`
	if got := l.acts(); got != want {
		t.Errorf("what is none of its search is not told:\n%s\nwant\n%s", got, want)
	}
}

// What stands beside an entry is part of opening it for as long as it is open.
func TestActsOfAnEntryThatStaysOpen(t *testing.T) {
	l := newLog(t)
	l.Trail.Add(reading("a", "open e1"))
	l.acts()
	l.Clock.Advance(8 * time.Hour)
	l.Trail.Add(reading("a", "search content_id=content of e1 beside"))
	l.Trail.Add(reading("a", "count user=user of e1&range=yesterday"))
	if got, want := l.acts(), `open e1{"seq":2}`; got != want {
		t.Errorf("the trail tells\n%s\nwant\n%s", got, want)
	}
	l.Trail.Add(reading("b", "count user=user of e1"))
	if got, want := l.acts(), "open e1{\"seq\":2}\ncount {\"filters\":{\"user\":[\"user of e1\"]}}"; got != want {
		t.Errorf("another act that counts is not told:\n%s\nwant\n%s", got, want)
	}
}

// An export that the page hands over by itself is one act with its beginning;
// what a person downloads besides is another.
func TestActsThatHandOver(t *testing.T) {
	l := newLog(t)
	tell := func(act, operation, id string) {
		t.Helper()
		v := event("acme", "ada")
		v.Module, v.Object, v.Source, v.Action = "export", oplog.Ref{ID: id}, "session", act
		v.Operation, v.Distinct = strings.CutSuffix(operation, " again")
		v.Deduplicate = v.Operation == "download"
		l.Trail.Add(v)
	}
	want := func(want string) {
		t.Helper()
		if got := l.acts(); got != want {
			t.Errorf("the trail tells\n%s\nwant\n%s", got, want)
		}
	}
	tell("a", "start", "x1")
	tell("a", "download", "x1")
	l.Clock.Advance(10 * time.Second)
	tell("a", "download", "x1") // resumed
	want("start x1")
	tell("", "download", "x1")
	want("start x1\ndownload x1")
	tell("a", "download again", "x1")
	want("start x1\ndownload x1\ndownload x1")
	tell("a", "download", "x2")
	tell("b", "start", "x3")
	tell("a", "download", "x3")
	want("start x1\ndownload x1\ndownload x1\ndownload x2\nstart x3\ndownload x3")
}
