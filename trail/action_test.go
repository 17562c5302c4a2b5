package trail_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/trail"
)

// reading returns the event that the console sends for an action: "search q=x", "open e1".
func reading(action, what string) trail.Event {
	v := event("acme", "ada")
	v.Deduplicate, v.Source, v.Action = true, "session", action
	kind, asked, _ := strings.Cut(what, " ")
	v.Reading.Kind = kind
	if kind == trail.ReadOpen || kind == trail.ReadPrint && !strings.Contains(asked, "=") {
		v.Object.ID, v.Details = asked, map[string]any{"seq": len(asked)}
		v.Reading.ContentID, v.Reading.UserID = "content of "+asked, "user of "+asked
		return v
	}
	asked, v.Reading.Related = strings.CutSuffix(asked, " beside")
	filters, err := url.ParseQuery(asked)
	if err != nil {
		panic(err)
	}
	v.Reading.Filters = filters
	if len(filters) > 0 {
		v.Details = map[string]any{"filters": filters}
	}
	return v
}

// acts formats acme's trail, oldest first, one line per entry.
func (l *testLog) trailLines() string {
	l.T.Helper()
	page, err := l.Trail.Page(l.T.Context(), "acme", oplog.Query{}, oplog.MaxPageSize, "")
	l.Must(nil, err)
	var lines []string
	for _, e := range slices.Backward(page.Entries) {
		lines = append(lines, strings.TrimSpace(fmt.Sprint(e.Operation, " ", e.Content.ID, string(e.Details))))
	}
	return strings.Join(lines, "\n")
}

// recordsActions returns a check of what is recorded of readings, each of which is "action reading".
func recordsActions(t *testing.T) func(name, readings string, want ...string) {
	return func(name, readings string, want ...string) {
		t.Helper()
		for _, backwards := range []bool{false, true} { // responses come in any order
			l := newLog(t)
			var events []trail.Event
			for line := range strings.SplitSeq(readings, "; ") {
				act, what, _ := strings.Cut(line, " ")
				v := reading(act, what)
				v.Reading.Requested = nodetest.Morning.Add(time.Duration(len(events)) * time.Second)
				events = append(events, v)
			}
			if backwards {
				slices.Reverse(events)
			}
			for _, v := range events {
				l.Trail.Add(v)
			}
			if got := l.trailLines(); got != strings.Join(want, "\n") {
				t.Errorf("%s, backwards %t:\n%s\nwant\n%s", name, backwards, got, strings.Join(want, "\n"))
			}
			l.Clock.Advance(time.Minute)
			for _, v := range events { // a recorded reading is not recorded again
				l.Trail.Add(v)
			}
			if got := l.trailLines(); got != strings.Join(want, "\n") {
				t.Errorf("%s, backwards %t, again:\n%s\nwant\n%s", name, backwards, got, strings.Join(want, "\n"))
			}
		}
	}
}

func TestActions(t *testing.T) {
	f := recordsActions(t)
	f("a page", "a count range=today&q=x; a search range=today&q=x; a count range=today; a follow range=today&q=x; a search range=today&q=x",
		`search {"filters":{"q":["x"],"range":["today"]}}`)
	f("a selection in a period", "a search range=today&from=F&to=T; a count range=today&from=F&to=T; a count range=today",
		`search {"filters":{"from":["F"],"range":["today"],"to":["T"]}}`)
	f("an empty page", "a search q=x&user=u&range=last_7_days; a count q=x&range=last_7_days; a count user=u&range=last_7_days; a count q=x&user=u&range=last_30_days",
		`search {"filters":{"q":["x"],"range":["last_7_days"],"user":["u"]}}`)
	f("the export dialog", "a search q=x&range=today; a count q=x&range=last_90_days; a count range=last_90_days; a count q=x&from=F&to=T; a count from=F&to=T",
		`search {"filters":{"q":["x"],"range":["today"]}}`)
	f("an entry by its address", "a search range=today; a open e1; a search content_id=content of e1 beside; a count user=user of e1&range=today",
		`open e1{"also":[{"filters":{"range":["today"]},"operation":"search"}],"seq":2}`)
	f("its user in another period", "a open e1; a count user=user of e1&range=last_90_days", `open e1{"seq":2}`)
	f("typed slowly", "a search q=inv; a count q=inv; a search q=invo; a follow q=invo; a search q=invoice; a count",
		`search {"also":[{"filters":{"q":["invo"]},"operation":"search"},{"filters":{"q":["inv"]},"operation":"search"}],"filters":{"q":["invoice"]},"searches":3}`)
	f("typed and taken back", "a search q=inv; a search q=invo; a search q=inv",
		`search {"also":[{"filters":{"q":["invo"]},"operation":"search"}],"filters":{"q":["inv"]},"searches":2}`)
	f("only counted while typed", "a count q=inv; a search q=invoice",
		`search {"also":[{"filters":{"q":["inv"]},"operation":"count"}],"filters":{"q":["invoice"]}}`)
	f("printed", "a count q=x; a print q=x; a search q=x", `print {"filters":{"q":["x"]}}`)
	f("an entry printed", "a print e1", `print e1{"seq":2}`)
	f("live alone", "a follow q=x", `follow {"filters":{"q":["x"]}}`)
	f("counts alone", "a count q=x&range=today; a count range=today", `count {"filters":{"q":["x"],"range":["today"]}}`)
}

// A reused name hides no rows.
func TestActionNamesHideNothing(t *testing.T) {
	f := recordsActions(t)
	f("another search", "a search q=x; a search user=u&q=xyz",
		`search {"also":[{"filters":{"q":["x"]},"operation":"search"}],"filters":{"q":["xyz"],"user":["u"]},"searches":2}`)
	f("wider rows", "a search q=x&range=today; a search range=today",
		`search {"also":[{"filters":{"q":["x"],"range":["today"]},"operation":"search"}],"filters":{"range":["today"]},"searches":2}`)
	f("rows of another period", "a search range=today; a search range=yesterday",
		`search {"also":[{"filters":{"range":["today"]},"operation":"search"}],"filters":{"range":["yesterday"]},"searches":2}`)
	f("rows beside a printed entry", "a print e1; a search", `print e1{"also":[{"operation":"search"}],"seq":2}`)
	f("printed beside an entry", "a open e1; a print e1; a print e22", `open e1{"seq":2}
print e1{"seq":2}
print e22{"seq":3}`)
	f("rows below counts", "a count q=x&user=u; a search q=x", `search {"also":[{"filters":{"q":["x"],"user":["u"]},"operation":"count"}],"filters":{"q":["x"]}}`)
	f("another period", "a search from=F&to=T; a count; a follow",
		`search {"also":[{"operation":"follow"}],"filters":{"from":["F"],"to":["T"]}}`)
	f("a part of the values", "a search user=u&user=v; a count user=u",
		`search {"also":[{"filters":{"user":["u"]},"operation":"count"}],"filters":{"user":["u","v"]}}`)
	f("another history", "a open e1; a search content_id=content of e22 beside",
		`open e1{"also":[{"filters":{"content_id":["content of e22"]},"operation":"search"}],"seq":2}`)
	f("all of a history", "a open e1; a search content_id=content of e1",
		`open e1{"also":[{"filters":{"content_id":["content of e1"]},"operation":"search"}],"seq":2}`)
	f("more beside an entry", "a open e1; a search content_id=content of e1 beside; a count",
		`open e1{"also":[{"operation":"count"}],"seq":2}`)
	f("another user", "a search range=today; a open e1; a count user=user of e22&range=today",
		`open e1{"also":[{"filters":{"range":["today"]},"operation":"search"},{"filters":{"range":["today"],"user":["user of e22"]},"operation":"count"}],"seq":2}`)
	f("its user and more", "a open e1; a count user=user of e1&q=x",
		`open e1{"also":[{"filters":{"q":["x"],"user":["user of e1"]},"operation":"count"}],"seq":2}`)
}

// Of searches, the last names the entry; each opened entry has its own.
func TestActionsKeepTheLastSearch(t *testing.T) {
	for readings, want := range map[string]string{
		"open e1; open e22":      "open e1{\"seq\":2}\nopen e22{\"seq\":3}",
		"open e22; open e1":      "open e22{\"seq\":3}\nopen e1{\"seq\":2}",
		"search q=x; search q=y": `search {"also":[{"filters":{"q":["x"]},"operation":"search"}],"filters":{"q":["y"]},"searches":2}`,
		"search q=y; search q=x": `search {"also":[{"filters":{"q":["y"]},"operation":"search"}],"filters":{"q":["x"]},"searches":2}`,
	} {
		l := newLog(t)
		for what := range strings.SplitSeq(readings, "; ") {
			v := reading("a", what)
			v.Reading.Requested = l.Clock.Now()
			l.Clock.Advance(time.Second)
			l.Trail.Add(v)
		}
		if got := l.trailLines(); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", readings, got, want)
		}
	}
}

// Actions of one session are told apart whatever the order of responses; reads of an entry's page belong to the action that opened it.
func TestActionsOfASession(t *testing.T) {
	l := newLog(t)
	for _, line := range []string{
		"a count range=today", "b search range=today&q=x", "a search range=today", "b count range=today&q=x",
		"c open e1", "c search content_id=content of e1 beside", "b count user=user of e1&range=today", "a search range=today",
		"d open e1", "e search range=today",
	} {
		name, what, _ := strings.Cut(line, " ")
		l.Trail.Add(reading(name, what))
		l.Clock.Advance(time.Second)
	}
	want := `search {"filters":{"range":["today"]}}
search {"filters":{"q":["x"],"range":["today"]}}
open e1{"seq":2}
open e1{"seq":2}
search {"filters":{"range":["today"]}}`
	if got := l.trailLines(); got != want {
		t.Errorf("the trail has\n%s\nwant\n%s", got, want)
	}
}

// An action belongs to one session, address, browser and log.
func TestActionsBelongToOneSession(t *testing.T) {
	l := newLog(t)
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "third", Name: "Third"}))
	f := func(change func(v *trail.Event)) {
		v := reading("a", "search q=x")
		change(&v)
		l.Trail.Add(v)
	}
	f(func(*trail.Event) {})
	f(func(v *trail.Event) { v.Source = "another session" })
	f(func(v *trail.Event) { v.User = oplog.User{ID: "eve", Name: "Eve"} })
	f(func(v *trail.Event) { v.IP = "192.0.2.7" })
	f(func(v *trail.Event) { v.UserAgent = "curl" })
	f(func(v *trail.Event) { v.Module = "access" })
	f(func(v *trail.Event) { v.Tenant = "third" })
	if got := strings.Count(l.trailLines(), "search"); got != 6 {
		t.Errorf("%d entries, want 6", got)
	}
	if got := l.trail("third"); got != "1:ada" {
		t.Error(got)
	}
}

// Reads of a page's panels and stream belong to its action while the page is open; reads beside a recently opened entry add nothing,
// whichever action they belong to.
func TestActionsOfALongVisit(t *testing.T) {
	l := newLog(t)
	tell := func(line string) {
		name, what, _ := strings.Cut(line, " ")
		l.Trail.Add(reading(name, what))
		l.trailLines()
	}
	tell("a search q=x&range=today")
	l.Clock.Advance(8 * time.Hour)
	tell("a count range=today")
	tell("a follow q=x&range=today")
	tell("b open e1")
	l.Clock.Advance(10 * time.Minute)
	tell("c search content_id=content of e1 beside")
	l.Trail.Add(reading("b", "count user=user of e1&range=yesterday")) // beside rows that come later
	l.Clock.Advance(time.Second)
	tell("d search range=yesterday")
	want := `search {"filters":{"q":["x"],"range":["today"]}}
open e1{"seq":2}
search {"filters":{"range":["yesterday"]}}`
	if got := l.trailLines(); got != want {
		t.Errorf("the trail has\n%s\nwant\n%s", got, want)
	}
	l.Clock.Advance(10 * time.Minute)
	tell("c search content_id=content of e1 beside")
	if got := l.trailLines(); !strings.HasSuffix(got, `search {"filters":{"content_id":["content of e1"]}}`) {
		t.Errorf("a search of another content than the opened entry is not recorded:\n%s", got)
	}
}

// An ongoing action is recorded again after a while: its results may have new entries.
func TestOngoingActions(t *testing.T) {
	l := newLog(t)
	f := func(after time.Duration, want int) {
		t.Helper()
		l.Clock.Advance(after)
		l.Trail.Add(reading("a", "search q=x"))
		if got := strings.Count(l.trailLines(), "search"); got != want {
			t.Errorf("%d entries, want %d", got, want)
		}
	}
	f(0, 1)
	f(14*time.Minute, 1)
	f(2*time.Minute, 2)
	f(14*time.Minute, 2)
}

// However much one action reads, all of it is recorded.
func TestLongActions(t *testing.T) {
	l := newLog(t)
	const searches = 300
	for i := range searches {
		l.Trail.Add(reading("a", fmt.Sprintf("search q=%d-%s", i, strings.Repeat("x", 3000))))
	}
	for i := range searches {
		l.Trail.Add(reading(fmt.Sprint("b", i), fmt.Sprintf("search user=%d", i)))
	}
	l.Trail.Add(reading("c", "search q=1"+strings.Repeat("x", oplog.MaxDetailsBytes)))
	l.Trail.Add(reading("c", "search q=2"+strings.Repeat("x", oplog.MaxDetailsBytes)))
	recorded := ""
	for cursor := ""; ; {
		page, err := l.Trail.Page(t.Context(), "acme", oplog.Query{}, oplog.MaxPageSize, cursor)
		l.Must(nil, err)
		for _, e := range page.Entries {
			if len(e.Details) > oplog.MaxDetailsBytes {
				t.Errorf("%d bytes of details", len(e.Details))
			}
			recorded += string(e.Details)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	for i := range searches {
		if strings.Count(recorded, fmt.Sprintf(`"%d-x`, i)) != 1 || strings.Count(recorded, fmt.Sprintf(`{"user":["%d"]}`, i)) != 1 {
			t.Errorf("%d is not recorded once", i)
		}
	}
	for _, start := range []string{`"1xxx`, `"2xxx`} { // however long they are
		if n := strings.Count(recorded, start); n != 1 {
			t.Errorf("%s is recorded %d times", start, n)
		}
	}
}

// Other events of a session come after its earlier readings.
func TestActionsPrecedeLaterEvents(t *testing.T) {
	l, u := newUnreliable(t)
	l.Trail.Add(reading("a", "search q=x"))
	out := event("", "ada") // without a tenant, like an owner's
	out.Module, out.Operation, out.Source = "session", "sign_out", "session"
	l.Trail.Add(out)
	if got := l.trail(""); got != "1:ada" {
		t.Error(got)
	}
	if entries, _, err := u.Counts("acme/access"); err != nil || entries != 1 {
		t.Errorf("%d entries, %v", entries, err)
	}
}

// An action is found by every reading, not only by the one that names it.
func TestActionsAreSearchable(t *testing.T) {
	l := newLog(t)
	for _, what := range []string{"open e1", "search q=x", "open e22"} {
		l.Trail.Add(reading("a", what))
	}
	find := func(q oplog.Query, want int) {
		t.Helper()
		page, err := l.Trail.Page(t.Context(), "acme", q, oplog.MaxPageSize, "")
		l.Must(nil, err)
		if len(page.Entries) != want {
			t.Errorf("%+v finds %d, want %d", q, len(page.Entries), want)
		}
	}
	values := func(v oplog.Values) oplog.Query { return oplog.Query{Filters: oplog.Filters{Values: v}} }
	find(values(oplog.Values{ContentIDs: []string{"e1"}}), 1)
	find(values(oplog.Values{ContentIDs: []string{"e22"}}), 1)
	find(values(oplog.Values{Operations: []string{"open"}}), 2)
	find(values(oplog.Values{Operations: []string{"log.search"}}), 1)
	find(values(oplog.Values{Operations: []string{"log.count"}}), 0)
	find(oplog.Query{Filters: oplog.Filters{Search: "x"}}, 1)
}
