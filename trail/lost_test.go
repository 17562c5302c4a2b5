package trail_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/node"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// unreliable is a store on which appends to trails can fail or block.
type unreliable struct {
	oplog.Store
	mu      sync.Mutex
	failing bool
	entered chan struct{} // if set, an append signals that it has begun, and waits
	release chan struct{}
}

func (u *unreliable) set(failing bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.failing = failing
}

func (u *unreliable) Append(ctx context.Context, tenant string, entries []oplog.Entry, skipped int) ([]oplog.Receipt, error) {
	if u.entered != nil {
		u.entered <- struct{}{}
		<-u.release
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.failing {
		return nil, errors.New("the disk is full")
	}
	return u.Store.Append(ctx, tenant, entries, skipped)
}

func newUnreliable(t *testing.T) (*testLog, *unreliable) {
	t.Helper()
	l := &testLog{&nodetest.Log{T: t, Dir: t.TempDir(), Clock: &nodetest.Clock{At: nodetest.Morning}}}
	store, err := storage.Open(l.Dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	index, err := search.Open(filepath.Join(l.Dir, "index"), store)
	if err != nil {
		t.Fatal(err)
	}
	u := &unreliable{Store: store}
	l.Node, err = node.New(u, index, node.Options{Now: l.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Stop)
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme"}))
	return l, u
}

// events formats acme's trail, oldest first.
func (l *testLog) events() string {
	l.T.Helper()
	page, err := l.Trail.Page(l.T.Context(), "acme", oplog.Query{}, oplog.MaxPageSize, "")
	l.Must(nil, err)
	var told []string
	for _, e := range page.Entries {
		told = append([]string{fmt.Sprint(e.User.ID, string(e.Details))}, told...)
	}
	return strings.Join(told, " ")
}

// Events that cannot be written are counted, and the count is recorded as soon as the trail can be written again, whether or not more
// happens.
func TestTrailReportsLostEvents(t *testing.T) {
	l, u := newUnreliable(t)
	f := func(want string) {
		t.Helper()
		if got := l.events(); got != want {
			t.Errorf("the trail is %s, want %s", got, want)
		}
	}
	l.Trail.Add(event("acme", "a"))
	f("a")
	u.set(true)
	l.Trail.Add(event("acme", "b"))
	f("a")
	l.Trail.Add(event("acme", "c"))
	l.Trail.Add(event("acme", "d"))
	f("a")
	u.set(false)
	l.Trail.Add(event("acme", "e"))
	f(`a server{"events":3} e`)
	u.set(true)
	l.Trail.Add(event("acme", "f"))
	f(`a server{"events":3} e`)
	u.set(false)
	f(`a server{"events":3} e server{"events":1}`)
	l.Trail.Add(event("acme", "g"))
	f(`a server{"events":3} e server{"events":1} g`)
}

// While writes to the trail are slow, a limited number of events is buffered; the rest are counted.
func TestSlowTrail(t *testing.T) {
	const most = 10_000
	l, u := newUnreliable(t)
	u.entered, u.release = make(chan struct{}), make(chan struct{})
	l.Trail.Add(event("acme", "first"))
	<-u.entered
	for i := range most + 7 {
		l.Trail.Add(event("acme", fmt.Sprint("user-", i)))
	}
	u.release <- struct{}{}
	<-u.entered // the pending ones are being written
	l.Trail.Add(event("acme", "last"))
	u.release <- struct{}{}
	<-u.entered
	u.entered = nil
	u.release <- struct{}{}
	told := l.events()
	counts, _, err := u.Counts("acme/access")
	if err != nil || counts != 1+1+most+1 || !strings.HasSuffix(told, "user-9999 last") {
		t.Errorf("%d entries, %v, the last are %s", counts, err, told[max(0, len(told)-60):])
	}
	lost := ""
	err = u.Arrivals(t.Context(), "acme/access", 2, 0, func(e oplog.Entry) error {
		if e.User.ID == "server" {
			lost += fmt.Sprintf("%d%s", e.Seq, e.Details)
		}
		return nil
	})
	if err != nil || lost != `2{"events":7}` {
		t.Errorf("%s, %v", lost, err)
	}
}

// vanishing is a store whose data file is moved away by the next append to a trail.
type vanishing struct {
	oplog.Store
	move func() // nil if it stays
}

func (v *vanishing) Append(ctx context.Context, tenant string, entries []oplog.Entry, skipped int) ([]oplog.Receipt, error) {
	if move := v.move; move != nil {
		v.move = nil
		move()
	}
	return v.Store.Append(ctx, tenant, entries, skipped)
}

// TestOverflowWhileReadOnly: while the log is read-only, a bounded number of events waits. Those beyond are counted by trail, and told before the
// ones that waited once the log is writable again, of which none is lost or out of order.
func TestOverflowWhileReadOnly(t *testing.T) {
	const most = 10_000
	dir := t.TempDir()
	db, err := storage.Open(dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := &vanishing{Store: db}
	clock := &nodetest.Clock{At: nodetest.Morning}
	log, err := node.New(store, noIndex{}, node.Options{Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	l := &testLog{&nodetest.Log{T: t, Dir: dir, Clock: clock, Node: log}}
	t.Cleanup(l.Stop)
	for _, tenant := range []string{"acme", "globex"} {
		l.Must(l.Directory.AddTenant(oplog.Tenant{ID: tenant, Name: tenant}))
	}
	file, away := filepath.Join(dir, "oplog.db"), filepath.Join(dir, "oplog.db.away")
	l.Trail.Add(event("acme", "before"))
	l.Trail.Flush()
	store.move = func() { l.Must(nil, os.Rename(file, away)) }
	l.Trail.Add(event("acme", "user-0")) // is taken to be written, and put back
	l.Trail.Flush()
	for i := 1; i < most+7; i++ {
		l.Trail.Add(event("acme", fmt.Sprint("user-", i)))
	}
	for range 3 {
		l.Trail.Add(event("globex", "nobody"))
	}
	l.Trail.Flush()
	if n, _, err := db.Counts("acme/access"); err != nil || n != 1 || db.Failure() == nil {
		t.Errorf("%d entries while the log is read-only (%v), %v", n, db.Failure(), err)
	}
	l.Must(nil, os.Rename(away, file))
	for db.Failure() != nil { // until the file has been opened again
		time.Sleep(10 * time.Millisecond)
	}
	l.Trail.Flush()
	want := []string{"before", `serverlose{"events":7}`}
	for i := range most {
		want = append(want, fmt.Sprint("user-", i))
	}
	got := toldIn(t, db, "acme")
	if !slices.Equal(got, want) {
		t.Errorf("%d entries, not %d: the first are %v", len(got), len(want), got[:min(3, len(got))])
	}
	if got := toldIn(t, db, "globex"); !slices.Equal(got, []string{`serverlose{"events":3}`}) {
		t.Errorf("the other trail has %v", got)
	}
}

// toldIn lists the events of a tenant's trail, oldest first: by user, with the operation unless it is search, and the details.
func toldIn(t *testing.T, db *storage.DB, tenant string) (all []string) {
	t.Helper()
	err := db.Arrivals(t.Context(), tenant+"/access", 1, 0, func(e oplog.Entry) error {
		all = append(all, e.User.ID+strings.TrimSuffix(e.Operation, "search")+string(e.Details))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
