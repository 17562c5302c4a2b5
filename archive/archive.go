package archive

import (
	"sync"
	"time"

	"oplog/oplog"
)

// Archive joins the store and the index of a log with the engines that keep its archived days. It is safe for concurrent use.
type Archive struct {
	store   oplog.Store // what is here
	index   oplog.Index // of what is here
	options Options
	days    dayBook
	told    told
	summed  sync.Map // tenantKey of a tile's first entry -> time.Time; see bySum
	sums    sums

	turn chan struct{} // has a value while a day is shipped or removed, one at a time
	work work
	wake chan struct{} // a record has changed, so that a day may have to be removed here
}

// Options are the options of an Archive.
type Options struct {
	Shards  []Engine                                     // in the order of the configuration; without any, archived days cannot be read
	Compile func(oplog.Match) ([]oplog.WordGroup, error) // compiles the words of a search, as the index does
	Now     func() time.Time
	Place   oplog.Place

	Decode   func(leaf []byte) (oplog.Entry, error) // decodes recorded bytes; the entry does not alias them
	Analysis int                                    // version of the analysis of texts in rows
	Grace    time.Duration                          // how long a day stays in both places
	Every    time.Duration                          // how often Run looks for days; zero for DefaultEvery

	Report    func(operation string, d *oplog.ArchivedDay) (oplog.Entry, error) // returns what the trail tells of a day, to be stored with its record
	SurelyNow func() time.Time                                                  // a time that is not ahead, even if Now is; by it days are old enough
}

// New returns the archive of a log. It asks no engine anything.
func New(store oplog.Store, index oplog.Index, o Options) (*Archive, error) {
	a := &Archive{store: store, index: index, options: o, turn: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
	a.days.store, a.sums.store, a.sums.most = store, store, maxSummed
	if err := a.days.load(); err != nil {
		return nil, err
	}
	store.FetchArrivals(a.fetchArrivals)
	store.OnRecord(func(kind oplog.RecordKind, name string) {
		if kind == oplog.RecordArchive {
			a.days.changed(name)
			select {
			case a.wake <- struct{}{}:
			default: // it will be looked
			}
		}
	})
	return a, nil
}

// Store returns the log's store together with its archived days.
func (a *Archive) Store() oplog.Store { return &joinedStore{Store: a.store, archive: a} }

// Index returns the log's index together with its archived days.
func (a *Archive) Index() oplog.Index { return &joinedIndex{Index: a.index, archive: a} }
