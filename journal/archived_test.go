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
