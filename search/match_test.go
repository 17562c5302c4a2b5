package search

import (
	"fmt"
	"testing"

	"oplog/oplog"
)

// TestFiltersOfManyValues: filters with many values return the same results and are not cached: each may be as long as a request, and each
// segment would keep it.
func TestFiltersOfManyValues(t *testing.T) {
	l := newLog(t, t.TempDir())
	t.Cleanup(func() { closeLog(t, l) })
	record(t, l, 0, 100, func(number int) int { return number })
	if _, err := l.Journal.Total(t.Context(), tenant, oplog.Query{}); err != nil {
		t.Fatal(err)
	}
	awaitMerges(l)
	f := func(values int) {
		t.Helper()
		q := oplog.Query{Filters: oplog.Filters{Values: oplog.Values{ContentIDs: []string{"page_3"}}}}
		for i := range values {
			q.ContentIDs = append(q.ContentIDs, fmt.Sprint("other-", i))
		}
		if n, err := l.Journal.Total(t.Context(), tenant, q); err != nil || n != 100/13+1 {
			t.Errorf("%d values let %d entries through, %v; want %d", values, n, err, 100/13+1)
		}
	}
	f(10)
	f(10_000)
	v, err := l.index.view(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	defer v.release()
	if len(v.segments) == 0 {
		t.Error("there is no segment")
	}
	for _, s := range v.segments {
		for key := range s.words {
			if len(key) > maxRememberedBytes {
				t.Errorf("a segment remembers %d bytes of a filter", len(key))
			}
		}
	}
}

// TestWordsWithinWords: parts of a word at the boundaries of letters and digits are found in segments and in the tail, also in words of
// many parts, of which only the first are indexed.
func TestWordsWithinWords(t *testing.T) {
	l := newLog(t, t.TempDir())
	t.Cleanup(func() { closeLog(t, l) })
	var entries []oplog.Entry
	for i, name := range []string{"U10027 stays", "iPhone15手机壳", "0a1b2c3d4e5f60718293", "0a1b2c3d4e5f60719999 end", "spring\u00adtime", "第二〇二六号"} {
		e := plainEntry(i, i)
		e.Content = oplog.Ref{Name: name}
		entries = append(entries, e)
	}
	if _, err := l.Journal.Append(t.Context(), tenant, entries); err != nil {
		t.Fatal(err)
	}
	f := func(search string, want int) {
		t.Helper()
		if n, err := l.Journal.Total(t.Context(), tenant, oplog.Query{Filters: oplog.Filters{Search: search}}); err != nil || n != want {
			t.Errorf("%s is found in %d, %v; want %d", search, n, err, want)
		}
	}
	all := func(others int) {
		t.Helper()
		f("10027", 1)
		f("content:1002", 1)
		f("0027", 0)
		f("15手机", 1)
		f(`"10027 stays"`, 1)
		f(`"1002 stays"`, 0)
		f("content:-10027", 5+others)
		f("f6071", 2)
		f("f607", 2)
		f("60718", 1)
		f("60717", 0)
		f(`"60718293"`, 1)
		f(`"6071"`, 0)
		f(`"f60719999 end"`, 1)
		f(`"60718293 end"`, 0)
		f("-60718", 5+others)
		f("springtime", 1)
		f("spr\u200bingt", 1)
		f("〇二", 1)
	}
	all(0)
	record(t, l, len(entries), len(entries)+100, func(number int) int { return number })
	awaitMerges(l)
	v, err := l.index.view(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	defer v.release()
	if len(v.segments) == 0 {
		t.Error("there is no segment")
	}
	all(100)
}
