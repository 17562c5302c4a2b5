package journal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"oplog/journal"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// shortIndex has an archive that cannot be read: it finds some keys, and no others.
type shortIndex struct {
	oplog.Index
	keys []oplog.Key
	err  error
}

func (x *shortIndex) Page(context.Context, string, oplog.Match, oplog.Key, int) ([]oplog.Key, bool, error) {
	return x.keys, false, x.err
}

// A page ends where the archive begins that cannot be read, and says so; one that would be empty is an error.
func TestPageWithoutArchive(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("old", 9), nodetest.Entry("b", 5), nodetest.Entry("a", 3))
	clock, err := journal.ReadClock(l.Store, l.Clock.Now)
	l.Must(nil, err)
	before := nodetest.Morning.Add(-8 * time.Minute)
	away := oplog.Errorf(oplog.CodeUnavailable, "the archive is away")
	index := &shortIndex{err: &oplog.Incomplete{Before: before, Err: away}}
	j := journal.New(l.Store, index, l.Directory, l.Trail, clock, oplog.Place{}, l.Clock.Now)
	if _, err := j.Page(t.Context(), "acme", oplog.Query{}, 50, ""); !errors.Is(err, away) || oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("a page without entries: %v", err)
	}
	for _, seq := range []uint64{3, 2} {
		key, err := l.Store.KeyOfSeq("acme", seq)
		l.Must(nil, err)
		index.keys = append(index.keys, key)
	}
	page, err := j.Page(t.Context(), "acme", oplog.Query{}, 50, "")
	if err != nil || nodetest.Contents(page.Entries) != "a b" || page.Archive != oplog.ArchiveUnavailable || !page.ArchiveBefore.Equal(before) ||
		page.NextCursor != oplog.MakeCursor("acme", index.keys[1]) {
		t.Errorf("%+v, %v", page, err)
	}
	index.err = away
	if _, err := j.Page(t.Context(), "acme", oplog.Query{}, 50, ""); !errors.Is(err, away) {
		t.Errorf("another error: %v", err)
	}
}

// countIndex has an archive that cannot be read, but for what is counted without it.
type countIndex struct {
	oplog.Index
	err error
}

func (x *countIndex) Count(ctx context.Context, tenant string, m oplog.Match, starts []time.Time) (oplog.Counts, error) {
	c, err := x.Index.Count(ctx, tenant, m, starts)
	return oplog.Counts{Total: c.Total, Buckets: c.Buckets}, errors.Join(err, x.err)
}

// Facets that need an archive which cannot be read cost neither the total nor the histogram, unless these need it, too.
func TestSummaryWithoutArchive(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("old", 9), nodetest.Entry("b", 5), nodetest.Entry("a", 3))
	clock, err := journal.ReadClock(l.Store, l.Clock.Now)
	l.Must(nil, err)
	away := oplog.Errorf(oplog.CodeUnavailable, "the archive is away")
	index := &countIndex{Index: l.Archive.Index(), err: &oplog.Uncounted{Err: away}}
	j := journal.New(l.Store, index, l.Directory, l.Trail, clock, oplog.Place{}, l.Clock.Now)
	s, err := j.Summary(t.Context(), "acme", oplog.Query{}, "en")
	counted := 0
	for _, b := range s.Histogram.Buckets {
		counted += b.Count
	}
	if err != nil || s.Archive != oplog.ArchiveUnavailable || s.Total != 3 || counted != 3 || len(s.Facets.Module) > 0 || len(s.Facets.User) > 0 {
		t.Errorf("%+v, %v", s, err)
	}
	index.err = away
	if _, err := j.Summary(t.Context(), "acme", oplog.Query{}, "en"); !errors.Is(err, away) {
		t.Error(err)
	}
	index.err = nil
	if s, err := j.Summary(t.Context(), "acme", oplog.Query{}, "en"); err != nil || s.Archive != "" {
		t.Errorf("%+v, %v", s, err)
	}
}

// Lines of days that take no entries are rejected, and not looked up, whether or not they are in the log.
func TestImportOfArchivedDays(t *testing.T) {
	l := newLog(t)
	day := nodetest.Entry("there", 3*24*60)
	l.Record("acme", day, nodetest.Entry("recent", 5))
	date := oplog.DateOf(day.Time)
	l.Must(nil, l.Store.PutRecord(oplog.RecordArchive, "acme/"+date, oplog.Revision{}, []byte(`{"tenant":"acme","date":"`+date+`","state":"removed","rows":1,"min_seq":1,"max_seq":1}`)))
	rejected := 0
	file := nodetest.ImportLines(nodetest.Entry("there", 3*24*60), nodetest.Entry("other", 3*24*60), nodetest.Entry("new", 4))
	if err := l.Journal.FindDuplicateLines(t.Context(), "acme", file); err != nil {
		t.Error(err)
	}
	done, err := l.Journal.Import(t.Context(), "acme", file, false, func(int, error) { rejected++ })
	if err != nil || done.Recorded != 1 || done.Rejected != 2 || rejected != 2 {
		t.Errorf("%+v, %v", done, err)
	}
	err = l.Journal.FindDuplicateLines(t.Context(), "acme", nodetest.ImportLines(nodetest.Entry("recent", 5)))
	if !errors.As(err, new(*journal.DuplicateLineError)) {
		t.Errorf("a line of another day: %v", err)
	}
}
