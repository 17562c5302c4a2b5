package scrub_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/scrub"
	"oplog/storage"
)

var morning = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string) *storage.DB {
	t.Helper()
	db, err := storage.Open(dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// recorded returns a store with entries, and its directory.
func recorded(t *testing.T, n int) (dir string, db *storage.DB) {
	t.Helper()
	dir = t.TempDir()
	db = open(t, dir)
	if _, err := db.Append(t.Context(), "acme", entriesFrom(0, n), 0); err != nil {
		t.Fatal(err)
	}
	return dir, db
}

// entriesFrom returns n entries, the first of some seconds before morning.
func entriesFrom(seconds, n int) []oplog.Entry {
	var entries []oplog.Entry
	for i := range n {
		entries = append(entries, oplog.Entry{
			Tenant: "acme", Time: morning.Add(-time.Duration(seconds+i) * time.Second), ReceivedAt: morning, User: oplog.User{ID: "u1", Name: "Wang Fang"},
			Module: "sms", Operation: "send", Content: oplog.Ref{ID: "c", Name: fmt.Sprint("content ", i)}, Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
		})
	}
	return entries
}

// counted counts slices, and stops after a number of them, or at the end of the pass.
type counted struct {
	oplog.Store
	slices int
	last   int
	stop   func()
}

func (c *counted) CheckNext(after []byte) (oplog.Checked, error) {
	checked, err := c.Store.CheckNext(after)
	if c.slices++; c.slices == c.last || checked.Next == nil {
		c.stop()
	}
	return checked, err
}

// run checks a store, some hours after morning, until a number of slices were checked, or the pass has ended.
func run(t *testing.T, store oplog.Store, hours, most int) (state scrub.State, slices int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	c := &counted{Store: store, last: most, stop: stop}
	s := scrub.New(c, func() time.Time { return morning.Add(time.Duration(hours) * time.Hour) })
	s.Run(ctx, time.Hour, scrub.Pace{})
	return s.State(), c.slices
}

// TestPassSurvivesRestart: a pass goes on where the last process stopped, and its end is remembered.
func TestPassSurvivesRestart(t *testing.T) {
	_, undisturbed := recorded(t, 5000)
	whole, all := run(t, undisturbed, 0, 0)
	if all < 5 || whole.Entries != 5000 || !whole.WholeAt.Equal(morning) || whole.Damage != "" {
		t.Fatalf("%d slices: %+v", all, whole)
	}
	dir, db := recorded(t, 5000)
	half, some := run(t, db, 0, all/2)
	if half.BeganAt.IsZero() || !half.WholeAt.IsZero() || some != all/2 {
		t.Fatalf("%d slices: %+v", some, half)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	rest, others := run(t, db, 0, 0)
	if rest.Entries != 5000 || some+others != all || !rest.BeganAt.IsZero() {
		t.Errorf("%d and %d of %d slices: %+v", some, others, all, rest)
	}
	if again := scrub.New(db, time.Now).State(); !again.WholeAt.Equal(morning) || again.Entries != 5000 {
		t.Errorf("remembered %+v", again)
	}
}

// TestDamageIsReported: damage under a running store is in the state and the log, until a whole pass finds none.
func TestDamageIsReported(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	dir, db := recorded(t, 3000)
	f, err := os.OpenFile(filepath.Join(dir, "oplog.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	at := int64(bytes.Index(data, []byte("content 7")))
	put := func(text string) {
		if _, err := f.WriteAt([]byte(text), at); err != nil {
			t.Fatal(err)
		}
	}
	put("kontent 7")
	const want = "of tenant acme is damaged"
	for hours := range 2 {
		if state, _ := run(t, db, hours, 0); state.Found != 1 || !strings.Contains(state.Damage, want) {
			t.Errorf("%+v", state)
		}
	}
	if !strings.Contains(log.String(), want) {
		t.Errorf("the log has %s", log.String())
	}
	put("content 7")
	if state, _ := run(t, db, 2, 2); state.Found != 1 {
		t.Errorf("before the whole store was checked again: %+v", state)
	}
	if state, _ := run(t, db, 2, 0); state.Found != 0 || state.Damage != "" {
		t.Errorf("repaired: %+v", state)
	}
}
