package clickhouse

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

// TestServersThatDoNotAnswerAreAskedLast: a server that takes a question and gives no answer costs one reader some time, and the others none.
func TestServersThatDoNotAnswerAreAskedLast(t *testing.T) {
	end := make(chan struct{})
	stalled := &fake{rows: 2, answer: func(w http.ResponseWriter, _ string) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush() //nolint:forcetypeassert // the standard library's
		<-end
	}}
	s := shardOf(t, stalled, &fake{rows: 2, answer: right})
	t.Cleanup(func() { close(end) })
	page := func(limit time.Duration) ([]oplog.Key, error) {
		within, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		keys, _, err := s.Page(within, &archive.Query{Tenant: testTenant, Days: []archive.Day{oneDay}}, oplog.Key{}, 10)
		return keys, err
	}
	if keys, err := page(200 * time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a stalled server gives %v, %v", keys, err)
	}
	for range 5 {
		if keys, err := page(time.Minute); err != nil || len(keys) != 2 {
			t.Fatalf("a page has %v, %v", keys, err)
		}
	}
	if n := stalled.asked.Load(); n != 1 {
		t.Errorf("the stalled server was asked %d times", n)
	}
}

// TestHangingServersFailQuickly: when no server answers, only the first reader waits as long as a question may take, and one probe goes on for all. As soon as
// the server answers, so do readers.
func TestHangingServersFailQuickly(t *testing.T) {
	hangs := make(chan struct{})
	f := &fake{rows: 2, answer: right}
	var connections atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connections.Add(1)
		select {
		case <-hangs:
			f.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	s, err := Open(Options{Servers: []string{server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	read := func() (time.Duration, error) {
		began := time.Now()
		_, _, err := s.Page(ctx, &archive.Query{Tenant: testTenant, Days: []archive.Day{oneDay}}, oplog.Key{}, 10)
		return time.Since(began), err
	}
	if took, err := read(); err == nil || took < 2*time.Second {
		t.Errorf("the first reader took %s: %v", took, err)
	}
	before := connections.Load()
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			if took, err := read(); !errors.Is(err, errLost) || !errors.Is(err, archive.ErrIncomplete) || took > 2*time.Second {
				t.Errorf("a later reader took %s: %v", took, err)
			}
		})
	}
	readers.Wait()
	if n := connections.Load() - before; n != 1 {
		t.Errorf("the server was asked %d times meanwhile", n)
	}
	close(hangs)
	if took, err := read(); err != nil || took > 2*time.Second {
		t.Errorf("once it answers, a reader took %s: %v", took, err)
	}
}

// TestPartsThatComeAgain: a part that went and came again between the question about rows and the query was not seen by the query, which is asked again; a server
// whose parts change all the time answers nothing.
func TestPartsThatComeAgain(t *testing.T) {
	times := 0
	once := &fake{rows: 2, parts: func() int { times++; return min(times, 2) }, answer: func(w http.ResponseWriter, statement string) {
		if times > 1 {
			right(w, statement)
		}
	}}
	changing := &fake{rows: 2, parts: func() int { times++; return times }, answer: right}
	for _, servers := range [][]*fake{{once}, {changing, {rows: 2, answer: right}}} {
		times = 0
		keys, _, err := shardOf(t, servers...).Page(ctx, &archive.Query{Tenant: testTenant, Days: []archive.Day{oneDay}}, oplog.Key{}, 10)
		if err != nil || len(keys) != 2 {
			t.Errorf("a page has %v, %v", keys, err)
		}
	}
	if _, _, err := shardOf(t, changing).Page(ctx, &archive.Query{Tenant: testTenant, Days: []archive.Day{oneDay}}, oplog.Key{}, 10); !errors.Is(err, archive.ErrIncomplete) {
		t.Errorf("parts that change all the time give %v", err)
	}
	if once.asked.Load() != 2 {
		t.Errorf("the server was asked %d times", once.asked.Load())
	}
}
