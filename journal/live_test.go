package journal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
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
	var found []string
	var at uint64
	err := l.live().Follow(l.T.Context(), "acme", q, after, time.Hour, func(data []byte, seq uint64) error {
		if seq < at {
			l.T.Errorf("it goes back from %d to %d", at, seq)
		}
		at = seq
		found = append(found, strings.Fields(string(data))...)
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
	return strings.Join(found, " "), at
}

// live returns a Live that encodes entries as their contents.
func (l *testLog) live() *journal.Live {
	return journal.NewLive(l.Journal, func(b []byte, e *oplog.Entry) []byte { return append(append(b, e.Content.ID...), ' ') })
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
	err := l.live().Follow(context.Background(), "acme", oplog.Query{Scope: "east"}, 0, time.Microsecond, func(data []byte, seq uint64) error {
		if len(data) > 0 || seq != 2 {
			t.Errorf("%s, %d", data, seq)
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
		ended <- l.live().Follow(t.Context(), "acme", oplog.Query{Scope: "east"}, 0, 100*time.Millisecond, func([]byte, uint64) error {
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
	nothing := func([]byte, uint64) error { return nil }
	l.Record("acme", nodetest.Entry("a", 1))
	err := l.live().Follow(ctx, "acme", oplog.Query{}, 0, time.Hour, func([]byte, uint64) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want it cancelled", err)
	}
	err = l.live().Follow(context.Background(), "none", oplog.Query{}, 0, time.Hour, nothing)
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	err = l.live().Follow(context.Background(), "plain", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"east"}}}}, 0, time.Hour, nothing)
	nodetest.WantCode(t, err, oplog.CodeInvalid)

	entries := make([]oplog.Entry, journal.MaxLiveLag)
	for i := range entries {
		entries[i] = nodetest.Entry("many", 1)
	}
	l.Record("acme", entries...)
	err = l.live().Follow(context.Background(), "acme", oplog.Query{}, 0, time.Hour, nothing)
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

// Readers of the same entries share what is read and encoded; it comes in
// batches of bounded size, and other filters and scopes have their own.
func TestLiveShares(t *testing.T) {
	l := newLog(t)
	const entries, readers = 300, 30
	var encoded atomic.Int64
	live := journal.NewLive(l.Journal, func(b []byte, e *oplog.Entry) []byte {
		encoded.Add(1)
		return append(append(append(b, e.Content.ID...), e.Details...), ' ')
	})
	enough := errors.New("enough")
	var ready, done sync.WaitGroup
	read := func(q oplog.Query, want int) {
		ready.Add(1)
		begun := sync.OnceFunc(ready.Done)
		done.Go(func() {
			found := 0
			err := live.Follow(t.Context(), "acme", q, 0, 10*time.Millisecond, func(data []byte, _ uint64) error {
				begun()
				found += len(strings.Fields(string(data)))
				if len(data) > journal.MaxBatch+20<<10 {
					t.Errorf("a batch has %d bytes", len(data))
				}
				if found >= want {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) || found != want {
				t.Errorf("a reader of %+v: %d entries, %v", q, found, err)
			}
		})
	}
	for range readers {
		read(oplog.Query{}, entries)
		read(oplog.Query{Scope: "east"}, 1)
	}
	ready.Wait()
	detailed := make([]oplog.Entry, entries)
	for i := range detailed {
		detailed[i] = nodetest.Entry("many", 1)
		detailed[i].Details = []byte(`{"text":"` + strings.Repeat("x", 10_000) + `"}`)
	}
	detailed[7] = nodetest.InOrganization("east", detailed[7])
	l.Record("acme", detailed...)
	done.Wait()
	if n := encoded.Load(); n != entries+1 {
		t.Errorf("%d entries were encoded, want each once for each of the two queries: %d", n, entries+1)
	}
}
