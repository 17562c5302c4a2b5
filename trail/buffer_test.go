package trail_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oplog/node"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/storage"
)

// An action is written when its calls have ended for a while or it has gone on for long, without anyone reading the trail or closing the
// log.
func TestActionsAreBuffered(t *testing.T) {
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
			if entries, _, err := store.Counts("acme/access"); err != nil || entries != want {
				t.Errorf("%d entries, %v; want %d", entries, err, want)
			}
		}
		l.Trail.Add(reading("a", "count q=x"))
		want(14*time.Second, 0)
		l.Trail.Add(reading("a", "search q=x"))
		want(14*time.Second, 0)
		want(20*time.Second, 1)
		for i := range 10 { // typed slowly, with a break that is not long
			l.Trail.Add(reading("b", fmt.Sprint("search q=", i)))
			want(11*time.Second, 1)
		}
		l.Trail.Add(reading("b", "search q=last"))
		want(25*time.Second, 2)
		l.Trail.Add(reading("c", "count q=y")) // their rows may still come
		l.Trail.Add(reading("c", "follow q=y"))
		want(100*time.Second, 2)
		l.Trail.Add(reading("c", "search q=y"))
		want(40*time.Second, 3)
		l.Trail.Add(reading("d", "count q=z"))
		want(100*time.Second, 3)
		want(40*time.Second, 4)
	})
}

// Closing the log writes buffered actions.
func TestActionsAreWrittenOnClose(t *testing.T) {
	l := newLog(t)
	l.Trail.Add(reading("a", "search q=x"))
	l.Clock.Advance(time.Second)
	l.Trail.Add(reading("b", "open e1"))
	l.Stop()
	l.Start()
	if got, want := l.trailLines(), "search {\"filters\":{\"q\":[\"x\"]}}\nopen e1{\"seq\":2}"; got != want {
		t.Errorf("the trail has\n%s\nwant\n%s", got, want)
	}
}

// keeping is a store that reports when pending actions are saved.
type recordingStore struct {
	*unreliable
	kept chan struct{}
}

func (k *recordingStore) PutRecords(changes []oplog.RecordChange, told ...oplog.Entry) error {
	err := k.unreliable.PutRecords(changes, told...)
	if strings.HasPrefix(changes[0].Name, "acts/") {
		k.kept <- struct{}{}
	}
	return err
}

// A crash neither loses a buffered action nor records it twice.
func TestActionsSurviveACrash(t *testing.T) {
	dir := t.TempDir()
	crashed := &nodetest.Clock{At: nodetest.Morning}
	store, err := storage.Open(dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k := &recordingStore{&unreliable{Store: store}, make(chan struct{}, 100)}
	before, err := node.New(k, noIndex{}, node.Options{Now: crashed.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme"}); err != nil {
		t.Fatal(err)
	}
	before.Trail.Add(reading("a", "search q=x"))
	<-k.kept
	if told, _, err := store.Counts("acme/access"); err != nil || told != 0 {
		t.Errorf("%d entries while it is held, %v", told, err)
	}

	// From here on the first log does nothing: to the store it has crashed.
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

// noIndex is for logs that are not searched.
type noIndex struct{ oplog.Index }

func (noIndex) Add(string, []oplog.Entry)          {}
func (noIndex) Open(context.Context, string) error { return nil }
func (noIndex) Close() error                       { return nil }
