package server

import (
	"context"

	"oplog/journal"
	"oplog/oplog"
)

type (
	pageOutput struct{ Body pageBody }
	entryInput struct {
		ID string `path:"id" doc:"The entry's id; ~ with seq for any entry, also one whose id cannot stand in an address (. and ..)."`
	}
	entryOutput struct{ Body provenEntry }
)

// entryBody is an entry of a list. Of a long one a list tells all but changes and
// details: a page of them would be megabytes that nobody reads.
type entryBody struct {
	*oplog.Entry
	Truncated bool `json:"truncated,omitempty" doc:"Set where the entry is longer than 8,192 bytes as JSON: it comes without changes and details here, and with them alone."`
}

// maxListed is how long an entry's JSON is at most that a list tells whole.
const maxListed = 8 << 10

// pageBody is one page of a list. Which entries are truncated is known when they
// are written.
type pageBody struct {
	Entries      []entryBody `json:"entries"`
	NextCursor   string      `json:"next_cursor,omitempty"`
	NextAfterSeq *uint64     `json:"next_after_seq,omitempty" doc:"With order=seq, always: the after_seq to go on with. A page may be short, or empty, before the end: its filters were held against a bounded number of entries."`
	LastSeq      *uint64     `json:"last_seq,omitempty" doc:"With order=seq, always: the newest entry's seq. Where next_after_seq equals it, nothing was left to read."`
}

func newPageBody(page oplog.Page) pageBody {
	b := pageBody{Entries: make([]entryBody, len(page.Entries)), NextCursor: page.NextCursor}
	for i := range page.Entries {
		b.Entries[i].Entry = &page.Entries[i]
	}
	return b
}

// provenEntry is an entry with the proof that it is part of the log.
type provenEntry struct {
	oplog.Entry
	Proof oplog.Proof `json:"proof"`
}

func (s *Server) listEntries(ctx context.Context, in *call, _ *struct{}) (*pageOutput, error) {
	asked, err := in.page()
	if err != nil {
		return nil, err
	}
	if asked.bySeq {
		feed, err := s.journal.Feed(ctx, in.tenant.ID, asked.q, asked.after, asked.limit)
		body := newPageBody(oplog.Page{Entries: feed.Entries})
		body.NextAfterSeq, body.LastSeq = &feed.NextAfterSeq, &feed.LastSeq
		return &pageOutput{body}, err
	}
	page, err := s.journal.Page(ctx, in.tenant.ID, asked.q, asked.limit, asked.cursor)
	return &pageOutput{newPageBody(page)}, err
}

func (s *Server) getEntry(_ context.Context, in *call, input *entryInput) (*entryOutput, error) {
	r := &reader{query: in.query}
	seq := r.seq("seq", 1)
	if input.ID == journal.NoID && len(r.list("seq")) == 0 {
		r.fail("seq", nil, "is required where ~ stands for the id")
	}
	if err := r.err(); err != nil {
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
	in.about = about{object: oplog.Ref{ID: entry.ID}, details: map[string]any{"seq": entry.Seq}, opened: entry}
	proof, err := s.journal.Proof(entry)
	proof.Path = orEmpty(proof.Path)
	return &entryOutput{provenEntry{entry, proof}}, err
}
