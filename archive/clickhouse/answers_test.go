package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

// Servers that answer half, wrongly or not at all. They are local HTTP servers: no ClickHouse can be made to do so on demand.

// oneDay is a day with two rows.
var oneDay = archive.Day{DayAttempt: archive.DayAttempt{Date: "2026-11-01", Attempt: 1}, Rows: 2}

// twoKeys is an answer with the two rows' keys.
func twoKeys() []byte {
	var b []byte
	for _, seq := range []uint64{2, 1} {
		b = appendKey(b, time.Date(2026, 11, 1, 8, 0, int(seq), 0, time.UTC), seq)
	}
	return b
}

func appendKey(b []byte, at time.Time, seq uint64) []byte {
	for _, n := range []uint64{uint64(at.UnixMicro()), seq} {
		for i := range 8 {
			b = append(b, byte(n>>(8*i)))
		}
	}
	return b
}

// fake is a server whose table has so many rows, and which answers questions with answer.
type fake struct {
	rows   int
	parts  func() int // what their names and times sum up to; nil for always the same
	answer func(w http.ResponseWriter, statement string)
	asked  atomic.Int64
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch statement := r.URL.Query().Get("query") + string(body); {
	case strings.Contains(statement, "system.parts"):
		parts := 7
		if f.parts != nil {
			parts = f.parts()
		}
		fmt.Fprintf(w, "20261101-1\t%d\t%d\n", f.rows, parts)
	case strings.Contains(statement, "version()"):
		fmt.Fprint(w, "26.7.2.1\n")
	default:
		f.asked.Add(1)
		f.answer(w, statement)
	}
}

func shardOf(t *testing.T, servers ...*fake) *Shard {
	t.Helper()
	var urls []string
	for _, f := range servers {
		s := httptest.NewServer(f)
		t.Cleanup(s.Close)
		urls = append(urls, s.URL)
	}
	s, err := Open(Options{Servers: urls})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func right(w http.ResponseWriter, _ string) { _, _ = w.Write(twoKeys()) }
func refused(w http.ResponseWriter, _ string) {
	w.Header().Set("X-ClickHouse-Exception-Code", "241")
	http.Error(w, "Code: 241. DB::Exception: Memory limit exceeded", http.StatusInternalServerError)
}

func TestHalfAnswersAreErrors(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, statement string)
		is     error
	}{
		"a row cut short": {func(w http.ResponseWriter, _ string) { _, _ = w.Write(twoKeys()[:20]) }, errShort},
		"fewer bytes than said": {func(w http.ResponseWriter, _ string) {
			w.Header().Set("Content-Length", "32")
			_, _ = w.Write(twoKeys()[:16])
		}, io.ErrUnexpectedEOF},
		"an error behind a row": {func(w http.ResponseWriter, _ string) {
			_, _ = w.Write(append(twoKeys()[:16], "Code: 159. DB::Exception"...))
		}, errShort},
	} {
		t.Run(name, func(t *testing.T) {
			s := shardOf(t, &fake{rows: 2, answer: c.answer})
			keys, _, err := s.Page(ctx, &archive.Query{Tenant: testTenant, Days: []archive.Day{oneDay}}, oplog.Key{}, 10)
			if !errors.Is(err, c.is) || keys != nil {
				t.Errorf("a page has %v, %v; want %v", keys, err, c.is)
			}
		})
	}
}

func TestNextCopyAnswers(t *testing.T) {
	want := []uint64{2, 1}
	for name, first := range map[string]*fake{
		"a copy with rows missing": {rows: 1, answer: right},
		"a copy with rows doubled": {rows: 4, answer: right},
		"a copy that breaks off":   {rows: 2, answer: func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) }},
		"a copy with half a row":   {rows: 2, answer: func(w http.ResponseWriter, _ string) { _, _ = w.Write(twoKeys()[:9]) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := shardOf(t, first, &fake{rows: 2, answer: right})
			keys, more, err := s.Page(ctx, &archive.Query{Tenant: testTenant, Days: []archive.Day{oneDay}}, oplog.Key{}, 10)
			var seqs []uint64
			for _, k := range keys {
				seqs = append(seqs, k.Seq())
			}
			if err != nil || more || !slices.Equal(seqs, want) {
				t.Errorf("a page has %v, %v, %v; want %v", seqs, more, err, want)
			}
		})
	}
}

func TestNoCopyIsWhole(t *testing.T) {
	short, long := &fake{rows: 1, answer: right}, &fake{rows: 3, answer: right}
	s := shardOf(t, short, long)
	if _, err := s.Find(ctx, testTenant, []archive.Day{oneDay}, "x", 0); !errors.Is(err, archive.ErrIncomplete) {
		t.Errorf("Find returns %v", err)
	}
	if short.asked.Load()+long.asked.Load() > 0 {
		t.Error("a server that does not hold all rows was asked")
	}
}

// TestSilentServers: if no server answers anything in time, that is not because of the question. One that has said what it holds is still at work.
func TestSilentServers(t *testing.T) {
	page := func(servers ...*fake) error {
		within, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		_, _, err := shardOf(t, servers...).Page(within, &archive.Query{Tenant: testTenant, Days: []archive.Day{oneDay}}, oplog.Key{}, 10)
		return err
	}
	silence := func() int { time.Sleep(time.Second); return 0 }
	silent := func() *fake { return &fake{rows: 2, parts: silence, answer: right} }
	for name, servers := range map[string][]*fake{"one": {silent()}, "two": {silent(), silent()}, "behind one that has not all": {&fake{rows: 1, answer: right}, silent()}} {
		if err := page(servers...); !errors.Is(err, archive.ErrIncomplete) || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("%s: %v", name, err)
		}
	}
	busy := &fake{rows: 2, answer: func(http.ResponseWriter, string) { time.Sleep(time.Second) }}
	if err := page(busy, silent()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("of a question that takes long: %v", err)
	}
}

// TestFindGoesOn: entries with one id are found, however many; a server that begins again each time is told.
func TestFindGoesOn(t *testing.T) {
	defer func(before int) { foundAtATime = before }(foundAtATime)
	foundAtATime = 2
	at := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	left := []uint64{9, 8, 7, 6, 5}
	one := &fake{rows: 2, answer: func(w http.ResponseWriter, _ string) {
		var b []byte
		for _, seq := range left[:min(2, len(left))] {
			b = appendKey(b, at, seq)
		}
		left = left[min(2, len(left)):]
		_, _ = w.Write(b)
	}}
	keys, err := shardOf(t, one).Find(ctx, testTenant, []archive.Day{oneDay}, "x", 0)
	if err != nil || len(keys) != 5 || keys[4].Seq() != 5 || one.asked.Load() != 3 {
		t.Errorf("%v, %v, after %d questions", keys, err, one.asked.Load())
	}
	if keys, err := shardOf(t, &fake{rows: 2, answer: right}).Find(ctx, testTenant, []archive.Day{oneDay}, "x", 0); err == nil || keys != nil {
		t.Errorf("the same keys again and again: %v", keys)
	}
}

// TestExpensiveQueriesAreNotRepeated: another copy would take as much time and memory.
func TestExpensiveQueriesAreNotRepeated(t *testing.T) {
	second := &fake{rows: 2, answer: right}
	s := shardOf(t, &fake{rows: 2, answer: refused}, second)
	var e *Error
	if _, err := s.Count(ctx, &archive.Query{Tenant: testTenant, Days: []archive.Day{oneDay}}, nil); !errors.As(err, &e) || e.Code != codeMemoryExceeded {
		t.Errorf("Count returns %v", err)
	}
	if second.asked.Load() > 0 {
		t.Error("the second copy was asked, too")
	}
}

// TestTablesThatAreNotCopied: servers with the same data need tables that are replicated; one alone does not.
func TestTablesThatAreNotCopied(t *testing.T) {
	table := func(engine string) *fake {
		return &fake{answer: func(w http.ResponseWriter, statement string) {
			if strings.Contains(statement, "system.tables") {
				fmt.Fprintln(w, engine)
				return
			}
			for _, c := range columns {
				fmt.Fprintf(w, "%s\t%s\n", c.name, c.kind)
			}
		}}
	}
	none := &fake{answer: func(http.ResponseWriter, string) {}}
	for name, c := range map[string]struct {
		servers []*fake
		want    string // of the error; "" for none
	}{
		"one plain table":        {[]*fake{table("MergeTree")}, ""},
		"no table on one":        {[]*fake{none}, "schema --tenant acme` prints"},
		"copies":                 {[]*fake{table("ReplicatedMergeTree"), table("ReplicatedMergeTree")}, ""},
		"two plain tables":       {[]*fake{table("ReplicatedMergeTree"), table("MergeTree")}, "is a plain MergeTree"},
		"no table on the second": {[]*fake{table("ReplicatedMergeTree"), none}, "schema --tenant acme --replicated` prints"},
	} {
		t.Run(name, func(t *testing.T) {
			err := shardOf(t, c.servers...).Check(ctx, "acme")
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want %q", err, c.want)
			}
		})
	}
}

func TestServersAreURLs(t *testing.T) {
	for _, wrong := range []string{"", "clickhouse:8123", "tcp://clickhouse:9000", "http://", "http://user:secret@clickhouse:8123", "http://clickhouse:8123/?database=x"} {
		if _, err := Open(Options{Servers: []string{wrong}}); err == nil {
			t.Errorf("%q is taken for the URL of a server", wrong)
		}
	}
	if _, err := Open(Options{}); err == nil {
		t.Error("a shard needs no server")
	}
}
