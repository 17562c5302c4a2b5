package trail_test

import (
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// TestLateReadings: counts and streams that a page requests by itself belong to its action, however late they are answered and whatever
// their period: a slow search, a dialog opened later.
func TestLateReadings(t *testing.T) {
	l := newLog(t)
	add := func(after time.Duration, lines ...string) {
		t.Helper()
		l.Clock.Advance(after)
		for _, what := range lines {
			l.Trail.Add(reading("a", what))
		}
		l.trailLines() // writes what is buffered
	}
	add(0, "search q=x&range=last_7_days")
	add(5*time.Second, "count q=x&range=last_30_days", "follow q=x&range=last_7_days")
	add(time.Hour, "count range=last_90_days", "count q=x&from=F&to=T", "count")
	want := `search {"filters":{"q":["x"],"range":["last_7_days"]}}`
	if got := l.trailLines(); got != want {
		t.Errorf("the trail has\n%s\nwant\n%s", got, want)
	}
	add(0, "count user=u")
	want += "\n" + `count {"filters":{"user":["u"]}}`
	if got := l.trailLines(); got != want {
		t.Errorf("a count of another search is not recorded:\n%s\nwant\n%s", got, want)
	}
}

// TestReadingsOfOpenEntry: reads beside an entry belong to its opening for as long as it is open.
func TestReadingsOfOpenEntry(t *testing.T) {
	l := newLog(t)
	l.Trail.Add(reading("a", "open e1"))
	l.trailLines()
	l.Clock.Advance(8 * time.Hour)
	l.Trail.Add(reading("a", "search content_id=content of e1 beside"))
	l.Trail.Add(reading("a", "count user=user of e1&range=yesterday"))
	if got, want := l.trailLines(), `open e1{"seq":2}`; got != want {
		t.Errorf("the trail has\n%s\nwant\n%s", got, want)
	}
	l.Trail.Add(reading("b", "count user=user of e1"))
	if got, want := l.trailLines(), "open e1{\"seq\":2}\ncount {\"filters\":{\"user\":[\"user of e1\"]}}"; got != want {
		t.Errorf("another counting action is not recorded:\n%s\nwant\n%s", got, want)
	}
}

// TestDownloadOfCreatedExport: an export that the page downloads by itself belongs to the action that started it; any other download is
// recorded.
func TestDownloadOfCreatedExport(t *testing.T) {
	l := newLog(t)
	add := func(action, operation, id string) {
		t.Helper()
		v := event("acme", "ada")
		v.Module, v.Object, v.Source, v.Action = "export", oplog.Ref{ID: id}, "session", action
		v.Operation, v.Distinct = strings.CutSuffix(operation, " again")
		v.Deduplicate = v.Operation == "download"
		l.Trail.Add(v)
	}
	want := func(want string) {
		t.Helper()
		if got := l.trailLines(); got != want {
			t.Errorf("the trail has\n%s\nwant\n%s", got, want)
		}
	}
	add("a", "start", "x1")
	add("a", "download", "x1")
	l.Clock.Advance(10 * time.Second)
	add("a", "download", "x1") // resumed
	want("start x1")
	add("", "download", "x1")
	want("start x1\ndownload x1")
	add("a", "download again", "x1")
	want("start x1\ndownload x1\ndownload x1")
	add("a", "download", "x2")
	add("b", "start", "x3")
	add("a", "download", "x3")
	want("start x1\ndownload x1\ndownload x1\ndownload x2\nstart x3\ndownload x3")
}
