package server

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/journal"
	"oplog/oplog"
	"oplog/server/wire"
)

// pageParams are the parameters of a page.
var pageParams = append(filterParams[:len(filterParams):len(filterParams)],
	wire.TextParam("order", "time: newest first. seq: in order of arrival, oldest first, for programs that must not miss any; see after_seq.",
		&huma.Schema{Type: huma.TypeString, Enum: []any{orderTime, orderSeq}, Default: orderTime}),
	wire.TextParam("after_seq", "With order=seq: entries that arrived after this seq; 0 or omitted for all. Each response has next_after_seq for the next request.",
		&huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0)}),
	wire.TextParam("limit", "Entries per page: at most "+strconv.Itoa(oplog.MaxPageSize)+", with order=seq "+strconv.Itoa(journal.MaxFeedSize)+".", &huma.Schema{
		Type: huma.TypeInteger, Minimum: new(1.0), Maximum: new(float64(journal.MaxFeedSize)), Default: oplog.DefaultPageSize,
	}),
	cursorParam,
)

// The orders of a page.
const (
	orderTime = "time"
	orderSeq  = "seq"
)

// pagingParams are the paging parameters of lists.
var pagingParams = []*huma.Param{
	wire.TextParam("limit", "Entries per page.", &huma.Schema{
		Type: huma.TypeInteger, Minimum: new(1.0), Maximum: new(float64(oplog.MaxPageSize)), Default: oplog.DefaultPageSize,
	}),
	cursorParam,
}

var cursorParam = wire.TextParam("cursor", "next_cursor of the previous page.", &huma.Schema{Type: huma.TypeString})

// entryParams select one of several entries with the same id.
var entryParams = []*huma.Param{
	wire.TextParam("seq", "The entry's seq, which is unique: a sender's id may occur again on another day. Omitted: the entry with this generated id, else the newest with this id.",
		&huma.Schema{Type: huma.TypeInteger, Minimum: new(1.0)}),
}

type (
	pageOutput struct{ Body pageBody }
	entryInput struct {
		ID string `path:"id" doc:"The entry's id; ~ with seq for any entry, including those whose id cannot be in a URL (. and ..)."`
	}
	entryOutput struct{ Body provenEntry }
)

// entryBody is an entry of a list. Lists omit changes and details of long entries: pages would be megabytes that nobody reads.
type entryBody struct {
	*oplog.Entry
	Truncated bool `json:"truncated,omitempty" doc:"Set if the entry is longer than 8,192 bytes as JSON: lists omit its changes and details, getEntry includes them."`
}

// maxListed is the maximum size of an entry's JSON in lists.
const maxListed = 8 << 10

// pageBody is one page of a list. Entries are truncated when they are encoded.
type pageBody struct {
	Entries       []entryBody `json:"entries" doc:"Newest first; with order=seq in order of arrival."`
	NextCursor    string      `json:"next_cursor,omitempty" doc:"Cursor of the next page; omitted on the last."`
	Archive       string      `json:"archive,omitempty" enum:"unavailable" doc:"unavailable: the page ends early, because older entries are in the archive, which does not answer at present. They can be read with next_cursor once it does. Omitted otherwise."`
	ArchiveBefore time.Time   `json:"archive_before,omitzero" doc:"The time before which entries are missing then."`
	NextAfterSeq  *uint64     `json:"next_after_seq,omitempty" doc:"Always set with order=seq: the after_seq of the next request. Pages before the end may be short or empty, since a limited number of entries is examined per page."`
	LastSeq       *uint64     `json:"last_seq,omitempty" doc:"Always set with order=seq: the newest entry's seq. If next_after_seq equals it, there is nothing more to read."`
}

func newPageBody(page oplog.Page) pageBody {
	b := pageBody{Entries: make([]entryBody, len(page.Entries)), NextCursor: page.NextCursor, Archive: string(page.Archive), ArchiveBefore: page.ArchiveBefore.UTC()}
	for i := range page.Entries {
		b.Entries[i].Entry = &page.Entries[i]
	}
	return b
}

// provenEntry is an entry with its inclusion proof.
type provenEntry struct {
	oplog.Entry
	Proof oplog.Proof `json:"proof"`
}

// pageRequest are the parameters of a page.
type pageRequest struct {
	q      oplog.Query
	limit  int
	cursor string
	bySeq  bool   // in order of arrival
	after  uint64 // where to start by seq
}

func (in *call) page() (pageRequest, error) {
	r := wire.ReadQuery(in.query)
	p := pageRequest{
		q: in.readFilters(r), limit: r.Int("limit", oplog.DefaultPageSize),
		cursor: r.Text("cursor"), bySeq: r.Text("order") == orderSeq, after: r.Seq("after_seq", 0),
	}
	switch order := r.Text("order"); order {
	case "", orderTime:
		if after := r.Text("after_seq"); after != "" {
			r.Fail("after_seq", after, "requires_order", "requires order={order}", orderSeq)
		}
	case orderSeq:
		if p.cursor != "" {
			r.Fail("cursor", p.cursor, "requires_order", "requires order={order}; with order=seq, send after_seq", orderTime)
		}
	default:
		r.Fail("order", order, "not_one_of", "is not one of {allowed}", []string{orderTime, orderSeq})
	}
	return p, r.Err()
}

func (s *Server) listEntries(ctx context.Context, in *call, _ *struct{}) (*pageOutput, error) {
	asked, err := in.page()
	if err != nil {
		return nil, err
	}
	if asked.bySeq {
		feed, err := s.journal.Feed(ctx, in.tenant.ID, asked.q, asked.after, asked.limit)
		body := newPageBody(oplog.Page{Entries: feed.Entries})
		in.trailDetails.rows = len(feed.Entries)
		body.NextAfterSeq, body.LastSeq = &feed.NextAfterSeq, &feed.LastSeq
		return &pageOutput{body}, err
	}
	page, err := s.journal.Page(ctx, in.tenant.ID, asked.q, asked.limit, asked.cursor)
	in.trailDetails.rows = len(page.Entries)
	return &pageOutput{newPageBody(page)}, err
}

func (s *Server) getEntry(_ context.Context, in *call, input *entryInput) (*entryOutput, error) {
	r := wire.ReadQuery(in.query)
	seq := r.Seq("seq", 1)
	if input.ID == journal.NoID && len(r.List("seq")) == 0 {
		r.Fail("seq", nil, "required", "is required if the id is ~")
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	var entry oplog.Entry
	var err error
	if seq == 0 {
		entry, err = s.journal.Entry(in.tenant.ID, input.ID, in.scope())
	} else {
		entry, err = s.journal.EntryAt(in.tenant.ID, input.ID, seq, in.scope())
	}
	if err != nil {
		return nil, err
	}
	in.trailDetails = trailDetails{object: oplog.Ref{ID: entry.ID}, details: map[string]any{"seq": entry.Seq}, opened: entry}
	proof, err := s.prove(entry)
	return &entryOutput{provenEntry{entry, proof}}, err
}
