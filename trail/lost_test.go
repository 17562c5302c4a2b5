package trail_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

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
