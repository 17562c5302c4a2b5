package trail_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"oplog/node"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/storage"
)

// An act is written when its calls have ended for a while, or when it has gone
// on for long; nobody has to read the trail or close the log for it.
func TestActsAreHeldForAWhile(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store, err := storage.Open(dir, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		log, err := node.New(store, noIndex{}, node.Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		l := &testLog{&nodetest.Log{T: t, Node: log}}
		defer l.Stop()
		l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme"}))
		want := func(after time.Duration, want uint64) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if told, _, err := store.Counts("acme/access"); err != nil || told != want {
				t.Errorf("%d entries, %v; want %d", told, err, want)
			}
		}
		l.Trail.Tell(reading("a", "count q=x"))
		want(2*time.Second, 0)
		l.Trail.Tell(reading("a", "search q=x"))
		want(2*time.Second, 0)
		want(5*time.Second, 1)
		for i := range 5 {
			l.Trail.Tell(reading("b", fmt.Sprint("search q=", i)))
			want(2*time.Second, 1)
		}
		l.Trail.Tell(reading("b", "search q=last"))
		want(5*time.Second, 2)
		l.Trail.Tell(reading("c", "count q=y")) // its rows may still come
		want(10*time.Second, 2)
		want(5*time.Second, 3)
	})
}

// Closing the log writes what is held.
func TestActsAreWrittenAtClose(t *testing.T) {
	l := newLog(t)
	l.Trail.Tell(reading("a", "search q=x"))
	l.Clock.Advance(time.Second)
	l.Trail.Tell(reading("b", "open e1"))
	l.Stop()
	l.Start()
	if got, want := l.acts(), "search {\"filters\":{\"q\":[\"x\"]}}\nopen e1{\"seq\":2}"; got != want {
		t.Errorf("the trail tells\n%s\nwant\n%s", got, want)
	}
}

// keeping is a store that says when acts that wait are kept in it.
type keeping struct {
	*unreliable
	kept chan struct{}
}

func (k *keeping) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	err := k.unreliable.PutRecord(kind, name, replaces, data)
	if name == "acts" {
		k.kept <- struct{}{}
	}
	return err
}

// A crash while an act is held does not lose it, nor does it tell it twice.
func TestActsSurviveACrash(t *testing.T) {
	dir := t.TempDir()
	crashed := &nodetest.Clock{At: nodetest.Morning}
	store, err := storage.Open(dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k := &keeping{&unreliable{Store: store}, make(chan struct{}, 100)}
	before, err := node.New(k, noIndex{}, node.Options{Now: crashed.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme"}); err != nil {
		t.Fatal(err)
	}
	before.Trail.Tell(reading("a", "search q=x"))
	<-k.kept
	if told, _, err := store.Counts("acme/access"); err != nil || told != 0 {
		t.Errorf("%d entries while it is held, %v", told, err)
	}

	// From here on the first log does nothing: as far as the store knows, it crashed.
	count := func() uint64 {
		t.Helper()
		after, err := node.New(store, noIndex{}, node.Options{Now: crashed.Now})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := after.Trail.Checkpoint("acme"); err != nil {
			t.Fatal(err)
		}
		told, _, err := store.Counts("acme/access")
		if err != nil {
			t.Fatal(err)
		}
		return told
	}
	if got := count(); got != 1 {
		t.Errorf("%d entries after the crash", got)
	}
	if got := count(); got != 1 {
		t.Errorf("%d entries after another", got)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

// noIndex is for logs whose entries nobody looks for.
type noIndex struct{ oplog.Index }

func (noIndex) Add(string, []oplog.Entry)          {}
func (noIndex) Open(context.Context, string) error { return nil }
func (noIndex) Close() error                       { return nil }
