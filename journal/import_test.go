package journal_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"oplog/journal"
	"oplog/node/nodetest"
	"oplog/oplog"
)

func TestImport(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.WithID("taken", nodetest.Entry("before", 1)))
	bad := nodetest.Entry("bad", 1)
	bad.User.ID, bad.Module = "", "none"
	byProgram := nodetest.Entry("program", 1)
	byProgram.Origin = oplog.OriginAPI
	file := nodetest.ImportLines(
		nodetest.Entry("one", 3), errors.New("is not JSON"), nodetest.WithID("taken", nodetest.Entry("other", 1)), nodetest.WithID("taken", nodetest.Entry("before", 1)), bad, byProgram,
		nodetest.WithID("twice", nodetest.Entry("first", 2)), nodetest.WithID("twice", nodetest.Entry("second", 2)), nodetest.WithID("twice", nodetest.Entry("first", 2)), nodetest.InOrganization("new", nodetest.Entry("last", 1)),
	)
	collect := func(into *[]string) func(int, error) {
		return func(number int, reason error) { *into = append(*into, fmt.Sprintf("%d: %v", number, reason)) }
	}
	want := []string{
		"2: is not JSON", "5: user.id is required; module \"none\" is not in the catalog",
		`3: id "taken" was already used on this day for an entry with different content`, `8: id "twice" was already used`,
	}
	compare := func(got []string) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("refused are %q", got)
		}
		for i := range want {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("%s, want %s", got[i], want[i])
			}
		}
	}

	var checked []string
	found, err := l.Journal.CheckImport(context.Background(), "acme", file, collect(&checked))
	if err != nil || found != (journal.ImportResult{Rejected: 4}) {
		t.Errorf("checked %+v, %v", found, err)
	}
	compare(checked)
	if got := l.Find("acme", oplog.Query{}); got != "before" {
		t.Errorf("checking left %s", got)
	}

	var rejected []string
	done, err := l.Journal.Import(context.Background(), "acme", file, false, collect(&rejected))
	if err != nil || done != (journal.ImportResult{Recorded: 3, Duplicates: 2, Skipped: 1, Rejected: 4}) || done.Lines() != 10 {
		t.Errorf("imported %+v, %v", done, err)
	}
	compare(rejected)
	if got := l.Find("acme", oplog.Query{}); got != "last before first one" {
		t.Errorf("found %s", got)
	}
	nodetest.WantCode(t, imported(l.Journal.Import(context.Background(), "none", file, false, nil)), oplog.CodeNotFound)
	nodetest.WantCode(t, imported(l.Journal.CheckImport(context.Background(), "none", file, nil)), oplog.CodeNotFound)
}

func imported(_ journal.ImportResult, err error) error { return err }

// Lines read before a file ends unexpectedly are recorded and counted.
func TestImportOfTruncatedFile(t *testing.T) {
	l := newLog(t)
	gone := errors.New("the disk is gone")
	file := func(yield func(oplog.ImportLine, error) bool) {
		for line, err := range nodetest.ImportLines(nodetest.Entry("a", 3), nodetest.Entry("b", 2)) {
			if !yield(line, err) {
				return
			}
		}
		yield(oplog.ImportLine{}, gone)
	}
	done, err := l.Journal.Import(context.Background(), "acme", file, false, nil)
	if !errors.Is(err, gone) || done.Recorded != 2 {
		t.Errorf("%+v, %v", done, err)
	}
	if got := l.Find("acme", oplog.Query{}); got != "b a" {
		t.Errorf("found %s", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if done, err := l.Journal.Import(ctx, "acme", nodetest.ImportLines(nodetest.Entry("c", 1)), false, nil); !errors.Is(err, context.Canceled) || done.Recorded > 1 {
		t.Errorf("%+v, %v", done, err)
	}
}

// More lines than one batch holds, with invalid ones in each.
func TestImportManyLines(t *testing.T) {
	const n = 12_345
	l := newLog(t)
	file := func(yield func(oplog.ImportLine, error) bool) {
		for i := range n {
			e := nodetest.WithID(fmt.Sprint("id-", i%(n-5)), nodetest.Entry(fmt.Sprint(i), 1)) // the last five differ from the first
			e.Time = e.Time.Add(-time.Duration(i) * time.Second / 10)
			if i >= n-5 {
				e.Time = nodetest.Entry("", 1).Time
			}
			if !yield(oplog.ImportLine{Number: i + 2, Entry: e}, nil) {
				return
			}
		}
	}
	var rejected []int
	note := func(number int, _ error) { rejected = append(rejected, number) }
	if found, err := l.Journal.CheckImport(context.Background(), "acme", file, note); err != nil || found.Rejected != 5 {
		t.Errorf("%+v, %v", found, err)
	}
	rejected = nil
	done, err := l.Journal.Import(context.Background(), "acme", file, false, note)
	if err != nil || done.Recorded != n-5 || fmt.Sprint(rejected) != fmt.Sprint([]int{n - 3, n - 2, n - 1, n, n + 1}) {
		t.Errorf("%+v, %v, refused %v", done, err, rejected)
	}
}

// Lines older than the retention period, and lines of days deleted under an earlier rule, are rejected like other invalid lines.
func TestImportOfExpiredEntries(t *testing.T) {
	l := newLog(t)
	f := func(rejected string, want journal.ImportResult) {
		t.Helper()
		byProgram := dated("program", 40)
		byProgram.Origin = oplog.OriginAPI
		file := nodetest.ImportLines(dated("new", 1), byProgram, dated("old", 40), dated("newer", 0))
		for what, read := range map[string]func(context.Context, string, iter.Seq2[oplog.ImportLine, error], func(int, error)) (journal.ImportResult, error){
			"checked": l.Journal.CheckImport,
			"imported": func(ctx context.Context, tenant string, lines iter.Seq2[oplog.ImportLine, error], rejected func(int, error)) (journal.ImportResult, error) {
				return l.Journal.Import(ctx, tenant, lines, true, rejected) // some were imported before
			},
		} {
			var got []string
			done, err := read(context.Background(), "acme", file, func(number int, reason error) { got = append(got, fmt.Sprintf("%d: %v", number, reason)) })
			if what == "checked" {
				want := journal.ImportResult{Rejected: want.Rejected}
				if err != nil || done != want {
					t.Errorf("checked %+v, %v; want %+v", done, err, want)
				}
			} else if err != nil || done != want {
				t.Errorf("imported %+v, %v; want %+v", done, err, want)
			}
			if len(got) != 1 || !strings.HasPrefix(got[0], rejected) {
				t.Errorf("%s: refused are %q, want %s", what, got, rejected)
			}
		}
	}
	l.Record("acme", dated("gone", 40))
	l.retention("acme", 30)
	f(`3: time "2026-10-11T08:42:00Z" is before 2026-10-21 00:00 UTC: this tenant keeps entries for 30 days`, journal.ImportResult{Recorded: 2, Skipped: 1, Rejected: 1})
	l.retain()
	l.retention("acme", 0)
	f(`3: time "2026-10-11T08:42:00Z" is on a day that was deleted`, journal.ImportResult{Recorded: 2, Skipped: 1, Rejected: 1})
}
