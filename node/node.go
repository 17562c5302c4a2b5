// Package node is the log on one machine: it opens the services over a store and an index, reports their status, backs them up, and closes
// them in order.
package node

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"oplog/archive"
	"oplog/directory"
	"oplog/durable"
	"oplog/exports"
	"oplog/identity"
	"oplog/journal"
	"oplog/oplog"
	"oplog/scrub"
	"oplog/trail"
	"oplog/views"
)

// Node is the operation log of all tenants: a store, an index, and the services on top.
type Node struct {
	Directory *directory.Directory
	Journal   *journal.Journal
	Identity  *identity.Identity
	Trail     *trail.Trail
	Exports   *exports.Exports
	Views     *views.Views
	Scrub     *scrub.Scrub
	Archive   *archive.Archive
	Prover    oplog.Prover // of all trees, trails included
	Place     oplog.Place

	store oplog.Store // with archived days, as the index
	index oplog.Index
	now   func() time.Time
	dir   string // of temporary files for callers

	removalMu sync.Mutex // one removal of tenants at a time

	encode func(*oplog.Entry) ([]byte, error) // see Options.Encode

	space func(dir string) (free, total uint64, err error)
}

// Options are the options of a Node.
type Options struct {
	Now       func() time.Time     // the clock; nil for time.Now
	ExportDir string               // directory of export files
	Formats   []oplog.ExportFormat // formats of exports

	// Where archived days are kept, and how their searches are compiled.
	Shards  []archive.Engine
	Compile func(oplog.Match) ([]oplog.WordGroup, error)

	// Encode returns the bytes of an entry that its leaf hashes, for the export of a whole tenant.
	Encode func(*oplog.Entry) ([]byte, error)

	// How days get there; see [archive.Options].
	Decode   func(leaf []byte) (oplog.Entry, error)
	Analysis int
	Grace    time.Duration

	// Of a log on several nodes: see [oplog.Place].
	Node    string
	Leading func() uint64
	Members func() []string

	// Space returns the free bytes and the size of a directory's volume; nil for [durable.Space].
	Space func(dir string) (free, total uint64, err error)
}

// New returns the services over a store and an index. Exports that were interrupted are marked as failed. Of several nodes, it does not need
// that one leads.
func New(store oplog.Store, index oplog.Index, o Options) (*Node, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Space == nil {
		o.Space = durable.Space
	}
	place := oplog.Place{Node: o.Node, Leading: o.Leading, Members: o.Members}
	l := &Node{space: o.Space, Place: place, now: o.Now, dir: o.ExportDir, encode: o.Encode}
	var err error
	l.Archive, err = archive.New(store, index, archive.Options{
		Shards: o.Shards, Compile: o.Compile, Now: o.Now, Place: place, Decode: o.Decode, Analysis: o.Analysis, Grace: o.Grace,
		Report: l.reportArchived, SurelyNow: l.surelyNow,
	})
	if err != nil {
		return nil, err
	}
	store, index = l.Archive.Store(), l.Archive.Index()
	l.Prover, l.store, l.index = store, store, index
	l.Directory = directory.New(store, index, o.Now)
	clock, err := journal.ReadClock(store, o.Now) // before the trail writes what a crash left unfinished
	if err != nil {
		return nil, err
	}
	if l.Trail, err = trail.New(store, index, l.Directory, place, o.Now); err != nil {
		return nil, err
	}
	l.Journal = journal.New(store, index, l.Directory, l.Trail, clock, place, o.Now)
	l.Identity = identity.New(store, l.Directory, place, o.Now)
	l.Views = views.New(store, l.Directory, o.Now)
	l.Scrub = scrub.New(store, o.Now)
	if l.Exports, err = exports.New(store, index, l.Directory, place, o.Now, o.ExportDir, o.Formats, l.CheckSpace); err != nil {
		err = fmt.Errorf("recover exports: %w", err)
	} else if err = l.removeBackups(); store.Failure() != nil {
		err = nil
	}
	if err != nil {
		l.closeServices()
		return nil, err
	}
	return l, nil
}

// Failure returns why nothing can be written, or nil; see [oplog.Store].
func (l *Node) Failure() error { return l.store.Failure() }

// Records returns the records of the store, for what belongs to no service.
func (l *Node) Records() oplog.Records { return l.store }

// Close cancels running exports and closes services, index and store.
func (l *Node) Close() error {
	l.closeServices()
	return errors.Join(l.index.Close(), l.store.Close())
}

func (l *Node) closeServices() {
	l.Exports.Close()
	l.Identity.Close()
	l.Trail.Close()
}
