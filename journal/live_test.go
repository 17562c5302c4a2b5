package journal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"oplog/journal"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// follow reads a tenant's new entries after a seq until n have come, and returns their contents and the last seq examined.
func (l *testLog) follow(q oplog.Query, after uint64, n int, record func()) (string, uint64) {
	l.T.Helper()
	enough := errors.New("enough")
	var found []oplog.Entry
	var at uint64
	err := l.Journal.Live(l.T.Context(), "acme", q, after, time.Hour, func(entries []oplog.Entry, seq uint64) error {
		if seq < at {
			l.T.Errorf("it goes back from %d to %d", at, seq)
		}
		at = seq
		found = append(found, entries...)
		if record != nil {
			record()
			record = nil
		}
		if len(found) >= n {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		l.T.Fatal(err)
	}
	return nodetest.Contents(found), at
}

func TestLive(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.InOrganization("east", nodetest.Entry("a", 5)), nodetest.Entry("b", 9), nodetest.InOrganization("shop", nodetest.Entry("c", 1)))
	f := func(t *testing.T, q oplog.Query, after uint64, n int, record func(), want string) {
		t.Helper()
		got, seq := l.follow(q, after, n, record)
		if got := fmt.Sprint(seq, ": ", got); got != want {
			t.Errorf("%+v after %d: %s, want %s", q, after, got, want)
		}
	}
	f(t, oplog.Query{}, 0, 3, nil, "3: a b c") // in order of arrival
	f(t, oplog.Query{}, 1, 2, nil, "3: b c")
	f(t, oplog.Query{Scope: "east"}, 0, 2, nil, "3: a c")
	f(t, oplog.Query{Filters: oplog.Filters{Search: "content:b"}}, 0, 1, nil, "3: b")
	// Entries that arrive while reading, also with older times.
	f(t, oplog.Query{}, 2, 3, func() {
		l.Record("plain", nodetest.Entry("other", 0))
		l.Record("acme", nodetest.Entry("d", 60), nodetest.Entry("e", 0))
	}, "5: c d e")
	f(t, oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"east"}}}}, 2, 2, func() {
		l.Record("acme", nodetest.Entry("f", 0), nodetest.InOrganization("west", nodetest.Entry("g", 0)), nodetest.InOrganization("shop", nodetest.Entry("h", 0)))
	}, "8: c h")
}

// Without matches it reports progress at intervals.
func TestLiveWithoutEntries(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 5), nodetest.Entry("b", 9))
	stop := errors.New("stop")
	err := l.Journal.Live(context.Background(), "acme", oplog.Query{Scope: "east"}, 0, time.Microsecond, func(entries []oplog.Entry, seq uint64) error {
		if len(entries) > 0 || seq != 2 {
			t.Errorf("%v, %d", entries, seq)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Error(err)
	}
}

// Also while non-matching entries keep arriving.
func TestLiveAmongNonMatchingEntries(t *testing.T) {
	l := newLog(t)
	stop := errors.New("stop")
	recorded, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- l.Journal.Live(t.Context(), "acme", oplog.Query{Scope: "east"}, 0, 100*time.Millisecond, func([]oplog.Entry, uint64) error {
			return stop
		})
		close(recorded)
	}()
	for more := true; more; {
		l.Record("acme", nodetest.Entry("b", 9))
		select {
		case <-recorded:
			more = false
		default:
		}
	}
	if err := <-ended; !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestLiveEnds(t *testing.T) {
	l := newLog(t)
	ctx, cancel := context.WithCancel(context.Background())
	nothing := func([]oplog.Entry, uint64) error { return nil }
	l.Record("acme", nodetest.Entry("a", 1))
	err := l.Journal.Live(ctx, "acme", oplog.Query{}, 0, time.Hour, func([]oplog.Entry, uint64) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want it cancelled", err)
	}
	err = l.Journal.Live(context.Background(), "none", oplog.Query{}, 0, time.Hour, nothing)
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	err = l.Journal.Live(context.Background(), "plain", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"east"}}}}, 0, time.Hour, nothing)
	nodetest.WantCode(t, err, oplog.CodeInvalid)

	entries := make([]oplog.Entry, journal.MaxLiveLag)
	for i := range entries {
		entries[i] = nodetest.Entry("many", 1)
	}
	l.Record("acme", entries...)
	err = l.Journal.Live(context.Background(), "acme", oplog.Query{}, 0, time.Hour, nothing)
	nodetest.WantCode(t, err, oplog.CodeTooLarge)
}

func TestReindex(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.InOrganization("east", nodetest.Entry("a", 3)), nodetest.InOrganization("shop", nodetest.Entry("b", 2)), nodetest.Entry("c", 1))
	nodetest.WantCode(t, l.Journal.Reindex(context.Background(), "none", nil), oplog.CodeNotFound)
	for range 2 {
		if err := l.Journal.Reindex(context.Background(), "acme", func(uint64, uint64) {}); err != nil {
			t.Fatal(err)
		}
		if err := l.Journal.Ready(); err != nil {
			t.Error(err)
		}
		if got := l.Find("acme", oplog.Query{}); got != "c b a" {
			t.Errorf("then there are %s", got)
		}
		if got := l.Find("acme", oplog.Query{Scope: "east"}); got != "b a" {
			t.Errorf("below east are %s", got)
		}
		l.Restart()
	}
	l.Record("acme", nodetest.Entry("d", 0))
	if got := l.Find("acme", oplog.Query{}); got != "d c b a" {
		t.Errorf("later there are %s", got)
	}
}
