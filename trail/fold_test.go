package trail_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oplog/node"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/storage"
	"oplog/trail"
)

func refused(tenant, user, network, reason string) trail.Event {
	v := event(tenant, user)
	v.Module, v.Operation, v.Refused, v.Source, v.IP = "request", "refuse", true, network, network
	v.Details = map[string]any{"reason": reason, "area": "log"}
	return v
}

// TestRefusalsAreFolded: equal attempts of a caller from a network are one entry, with their number and what is true of all of them.
func TestRefusalsAreFolded(t *testing.T) {
	l := newLog(t)
	for i := range 1000 {
		v := refused("acme", "unknown", "192.0.2.1", "unknown key")
		v.UserAgent = fmt.Sprint("scanner ", i)
		l.Trail.Add(v)
		l.Clock.Advance(time.Millisecond)
	}
	v := refused("acme", "eve", "2001:db8::/64", "another tenant")
	v.IP, v.Object.ID = "2001:db8::1", "globex"
	l.Trail.Add(v)
	v.IP = "2001:db8::2"
	l.Trail.Add(v)
	l.Clock.Advance(time.Millisecond)
	l.Trail.Add(refused("acme", "eve", "192.0.2.1", "no permission"))
	want := `refuse {"area":"log","count":1000,"last_at":"MORNING:00.999Z","reason":"unknown key"}
refuse globex{"area":"log","count":2,"last_at":"MORNING:01Z","reason":"another tenant"}
refuse {"area":"log","reason":"no permission"}`
	if got := l.trailLines(); got != strings.ReplaceAll(want, "MORNING", nodetest.Morning.Format("2006-01-02T15:04")) {
		t.Errorf("the trail has\n%s\nwant\n%s", got, want)
	}
	page, err := l.Trail.Page(t.Context(), "acme", oplog.Query{}, 3, "")
	l.Must(nil, err)
	if e := page.Entries; e[2].UserAgent != "" || e[2].IP != "192.0.2.1" || e[1].IP != "2001:db8::/64" || e[0].Outcome != oplog.OutcomeFailure {
		t.Errorf("%+v", e)
	}
}

// TestRefusalsCauseFewWrites: neither a write per attempt nor an entry per address, and a crash loses at most the last interval, nor half of a
// count.
func TestRefusalsCauseFewWrites(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db, err := storage.Open(dir, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		store := &recordingStore{&unreliable{Store: db}, make(chan struct{}, 1000)}
		log, err := node.New(store, noIndex{}, node.Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		l := &testLog{&nodetest.Log{T: t, Node: log}}
		defer l.Stop()
		l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme"}))
		for i := range 9 * 60 * 10 { // ten a second, from thousands of addresses
			l.Trail.Add(refused("acme", "unknown", fmt.Sprint("network ", i), "unknown key"))
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if writes := len(store.kept); writes > 9*4+1+17+13 { // the intervals, the entries, the doubled count of the others
			t.Errorf("%d writes of the record", writes)
		}
		count := func(want uint64) {
			t.Helper()
			if entries, _, err := db.Counts("acme/access"); err != nil || entries != want {
				t.Errorf("%d entries, %v; want %d", entries, err, want)
			}
		}
		count(0)
		saved := unfinishedIn(t, db)
		time.Sleep(time.Minute + 16*time.Second)
		synctest.Wait()
		count(17)
		if got := attemptsIn(t, saved); got < 9*600-200 {
			t.Errorf("after a crash, %d attempts of %d are told", got, 9*600)
		}
	})
}

// unfinishedIn returns the unfinished entries that a store has, as one list.
func unfinishedIn(t *testing.T, store oplog.Store) []byte {
	t.Helper()
	saved, err := store.Records(oplog.RecordServer, "acts/")
	if err != nil {
		t.Fatal(err)
	}
	var all []json.RawMessage
	for _, r := range saved {
		var some []json.RawMessage
		if err := json.Unmarshal(r.Data, &some); err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestCountsSurviveACrash: a crash loses less than half of a count, however soon it comes, and not the first.
func TestCountsSurviveACrash(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db, err := storage.Open(dir, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		log, err := node.New(db, noIndex{}, node.Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		l := &testLog{&nodetest.Log{T: t, Node: log}}
		defer l.Stop()
		l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme"}))
		for what, add := range map[string]func(){
			"attempts":            func() { l.Trail.Add(refused("acme", "unknown", "192.0.2.1", "unknown key")) },
			"pages of a program":  func() { l.Trail.Add(page("", "search q=x", 200, true)) },
			"pages of a person":   func() { l.Trail.Add(page("a", "search q=y", 200, true)) },
			"attempts of a known": func() { l.Trail.Add(refused("acme", "eve", "192.0.2.1", "no permission")) },
		} {
			for n := 1; n <= 100; n++ { // at one moment
				add()
				synctest.Wait()
				if got := attemptsIn(t, unfinishedIn(t, db)); got <= n/2 {
					t.Fatalf("%s: after a crash, %d of %d are told", what, got, n)
				}
			}
			l.Trail.Flush()
			synctest.Wait()
		}
	})
}

// attemptsIn sums what the record of pending entries counts.
func attemptsIn(t *testing.T, record []byte) (n int) {
	t.Helper()
	var pending []struct{ Entry oplog.Entry }
	if err := json.Unmarshal(record, &pending); err != nil {
		t.Fatal(err)
	}
	for _, p := range pending {
		var details struct{ Count, Calls int }
		if err := json.Unmarshal(p.Entry.Details, &details); err != nil {
			t.Fatal(err)
		}
		n += max(1, details.Count, details.Calls)
	}
	return n
}

// page returns the event of a page of a reading.
func page(action, what string, rows int, further bool) trail.Event {
	v := reading(action, what)
	v.Reading.Rows, v.Reading.Further = rows, further
	return v
}

// TestProgramsPages: a program that pages through the log is not recorded as one look: its further pages are one entry a minute, with their
// number and rows.
func TestProgramsPages(t *testing.T) {
	l := newLog(t)
	for i := range 175 {
		l.Trail.Add(page("", "search q=x", 200, i > 0))
		l.Clock.Advance(10 * time.Millisecond)
	}
	lines := strings.Split(l.trailLines(), "\n")
	if len(lines) != 2 || lines[0] != `search {"filters":{"q":["x"]}}` || !strings.Contains(lines[1], `{"calls":174,"filters":{"q":["x"]},"last_at":"`) ||
		!strings.HasSuffix(lines[1], `,"rows":34800}`) {
		t.Errorf("the trail has %q", lines)
	}
	for i := range 1000 { // each with other filters: all are recorded
		l.Trail.Add(page("", fmt.Sprint("search user=", i), 200, true))
	}
	l.Trail.Flush()
	if entries, _, err := l.Store.Counts("acme/access"); err != nil || entries != 1002 {
		t.Errorf("%d entries, %v", entries, err)
	}
}

// TestPagesOfActions: an action counts its pages and their rows, also those that come after it was recorded, and after a restart.
func TestPagesOfActions(t *testing.T) {
	l := newLog(t)
	want := func(want string) {
		t.Helper()
		if got := l.trailLines(); got != want {
			t.Errorf("the trail has\n%s\nwant\n%s", got, want)
		}
	}
	l.Trail.Add(page("a", "search q=x", 200, true)) // answered before the first
	l.Trail.Add(page("a", "search q=x", 200, false))
	l.Trail.Add(page("a", "count q=x", 0, false))
	l.Trail.Add(page("a", "search q=x", 200, false)) // again
	for range 99 {
		l.Trail.Add(page("a", "search q=x", 200, true))
	}
	told := `search {"calls":101,"filters":{"q":["x"]},"rows":20200}`
	want(told)
	l.Trail.Add(page("a", "search q=x", 200, false)) // known
	want(told)
	for range 50 {
		l.Clock.Advance(time.Second)
		l.Trail.Add(page("a", "search q=x", 200, true))
	}
	told += "\n" + `search {"calls":50,"filters":{"q":["x"]},"rows":10000}`
	want(told)
	l.Restart()
	l.Trail.Add(page("a", "search q=x", 200, false))
	want(told)
	l.Trail.Add(page("a", "search q=x", 7, true))
	told += "\n" + `search {"calls":1,"filters":{"q":["x"]},"rows":7}`
	want(told)
	l.Trail.Add(page("b", "search q=y", 200, false))
	l.Trail.Add(page("b", "search q=y", 100, true))
	narrowed := page("b", "search q=yz", 0, false)
	narrowed.Reading.Requested = l.Clock.Now()
	l.Trail.Add(narrowed)
	l.Clock.Advance(time.Second)
	l.Trail.Add(page("c", "open e1", 0, false))
	l.Trail.Add(page("c", "search content_id=content of e1", 50, true)) // more than is shown beside it
	want(told + "\n" + `search {"also":[{"calls":2,"filters":{"q":["y"]},"operation":"search","rows":300}],"filters":{"q":["yz"]},"searches":2}
open e1{"also":[{"calls":1,"filters":{"content_id":["content of e1"]},"operation":"search","rows":50}],"seq":2}`)
}
