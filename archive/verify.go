package archive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"oplog/oplog"
)

// Report is what a verification of a tenant's archived days found.
type Report struct {
	Tenant      string
	Days        int // that were compared
	Entries     uint64
	First, Last string // their dates; "" for none
	Servers     []string

	Findings []Finding // by date and seq, at most maxFindings
	Bad      int       // all findings
}

// Finding is what does not match in an archived day, or could not be compared.
type Finding struct {
	Tenant, Date string
	Server       string // URLs, joined by a comma if it is unknown which of them; "" for none
	Seq          uint64 // 0 for the whole day
	Text         string
	Unknown      bool // it could not be compared
}

// String returns the finding with its place.
func (f *Finding) String() string {
	text := fmt.Sprintf("archived day %s of tenant %s", f.Date, f.Tenant)
	if f.Seq > 0 {
		text += fmt.Sprintf(", entry %d", f.Seq)
	}
	if f.Server != "" {
		text += " on " + f.Server
	}
	return text + ": " + f.Text
}

const (
	maxFindings   = 100 // that a report has
	dayFindings   = 20  // that are described of a day
	daysAtOnce    = 2   // that are compared at the same time
	notedAtOnce   = 100
	modifiedLeaf  = "it was modified: it differs from what was recorded"
	unknownLeaf   = "it was inserted: it was never recorded"
	outsideOfDay  = "it is of another day"
	unknownRecord = "its record is damaged, so that nothing is known of it; restore the log from a backup"
	maxComparison = 3   // times that a day is compared whose record changes meanwhile
	tileEntries   = 256 // whose hashes are moved to the archive together
)

// leavesAtOnce is how many hashes the store is asked for at once. It fetches those that were moved to the archive, so many tiles at a time.
var leavesAtOnce = 64 * tileEntries

// Verify compares all of a tenant's archived days with their records: the sums of what each server holds and, unless sums are enough, every entry that the
// archive returns with the hash that is kept here. Sums are made by the servers, so only the other way needs no trust in them. progress is called for each
// day that was compared; it may be nil. Days that match are noted as verified.
func (a *Archive) Verify(ctx context.Context, tenant string, sums bool, progress func(date string, rows uint64)) (Report, error) {
	days := slices.DeleteFunc(slices.Clone(a.Days(tenant)), func(d oplog.ArchivedDay) bool { return !isThere(&d) })
	report := Report{Tenant: tenant}
	for _, date := range a.Unknown(tenant) {
		report.Bad++
		report.Findings = append(report.Findings, Finding{Tenant: tenant, Date: date, Text: unknownRecord, Unknown: true})
	}
	if len(days) == 0 {
		return report, nil
	}
	if !a.IsConfigured() {
		return report, errNotConfigured
	}
	for _, engine := range a.options.Shards {
		report.Servers = append(report.Servers, engine.Servers()...)
	}
	report.First, report.Last = days[0].Date, days[len(days)-1].Date
	var good []oplog.ArchivedDay
	for r := range a.checkAll(ctx, days, sums) {
		if r.gone {
			continue
		}
		report.Days++
		report.Entries += r.day.Rows
		report.Bad += r.bad
		report.Findings = append(report.Findings, r.found...)
		if r.bad == 0 {
			good = append(good, r.day)
		}
		if progress != nil {
			progress(r.day.Date, r.day.Rows)
		}
	}
	slices.SortFunc(report.Findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Date, b.Date), cmp.Compare(a.Seq, b.Seq), strings.Compare(b.Server, a.Server))
	})
	report.Findings = report.Findings[:min(len(report.Findings), maxFindings)]
	a.noteVerified(good)
	return report, ctx.Err()
}

// compared is the comparison of a day.
type compared struct {
	day   oplog.ArchivedDay
	gone  bool // the archive has it no more
	found []Finding
	bad   int
}

// add adds a finding, unless there are enough.
func (c *compared) add(f Finding) {
	c.bad++
	if len(c.found) < dayFindings {
		f.Tenant, f.Date = c.day.Tenant, c.day.Date
		c.found = append(c.found, f)
	}
}

// checkAll compares days, some at the same time, until the context ends.
func (a *Archive) checkAll(ctx context.Context, days []oplog.ArchivedDay, sums bool) <-chan compared {
	results := make(chan compared)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range daysAtOnce {
		workers.Go(func() {
			for at := next.Add(1) - 1; at < int64(len(days)) && ctx.Err() == nil; at = next.Add(1) - 1 {
				if c := a.checkUnchanged(ctx, days[at], sums); ctx.Err() == nil {
					results <- c
				}
			}
		})
	}
	go func() { workers.Wait(); close(results) }()
	return results
}

// checkUnchanged compares a day as its record is; one that was shipped again or deleted meanwhile would look damaged.
func (a *Archive) checkUnchanged(ctx context.Context, d oplog.ArchivedDay, sums bool) compared {
	for range maxComparison {
		c := a.checkDay(ctx, d, sums)
		if c.bad == 0 {
			return c
		}
		now, ok := a.dayOf(d.Tenant, d.Date)
		if ok && isThere(&now) && now.Attempt == d.Attempt && now.Shard == d.Shard {
			return c
		}
		if !ok || !isThere(&now) {
			return compared{day: d, gone: true}
		}
		d = now
	}
	c := compared{day: d}
	c.add(Finding{Text: "its record changed during each comparison; verify it again later", Unknown: true})
	return c
}

// dayOf returns the record of a day.
func (a *Archive) dayOf(tenant, date string) (oplog.ArchivedDay, bool) {
	all := a.Days(tenant)
	at, found := slices.BinarySearchFunc(all, date, func(d oplog.ArchivedDay, date string) int { return strings.Compare(d.Date, date) })
	if !found {
		return oplog.ArchivedDay{}, false
	}
	return all[at], true
}

// checkDay compares a day with its record.
func (a *Archive) checkDay(ctx context.Context, d oplog.ArchivedDay, sums bool) compared {
	c := compared{day: d}
	engine, err := a.shardOf(&d)
	if err != nil {
		c.add(Finding{Text: inOneLine(err), Unknown: true})
		return c
	}
	servers := engine.Servers()
	suspects := servers
	held, err := engine.Verify(ctx, shipmentOf(&d))
	if err == nil && len(held) != len(servers) {
		err = fmt.Errorf("%d of %d servers have answered", len(held), len(servers))
	}
	if err != nil {
		c.add(Finding{Text: "its sums are unknown: " + inOneLine(err), Unknown: true})
		held = nil
	}
	var differ []string
	for i := range held {
		if held[i] != sumOf(&d) {
			c.add(Finding{Server: servers[i], Text: difference(held[i], &d)})
			differ = append(differ, servers[i])
		}
	}
	if len(differ) > 0 {
		suspects = differ
	}
	if !sums {
		a.compareLeaves(ctx, engine, &c, strings.Join(suspects, ", "))
	}
	return c
}

// difference describes what is there instead of what a record says.
func difference(held Sum, d *oplog.ArchivedDay) string {
	switch {
	case held.Rows == 0:
		return fmt.Sprintf("all of its %d entries are missing", d.Rows)
	case held.Rows < d.Rows:
		return fmt.Sprintf("it has %d entries instead of %d: some are missing", held.Rows, d.Rows)
	case held.Rows > d.Rows:
		return fmt.Sprintf("it has %d entries instead of %d: some were added", held.Rows, d.Rows)
	default:
		return fmt.Sprintf("it has %d entries, as it should, but their sum differs: at least one was modified or replaced", held.Rows)
	}
}

// compareLeaves compares every entry of a day with its hash here.
func (a *Archive) compareLeaves(ctx context.Context, engine Engine, c *compared, servers string) {
	d := &c.day
	var sum Sum
	keys, hashes := make([]oplog.Key, 0, leavesAtOnce), make([][32]byte, 0, leavesAtOnce)
	flush := func() error {
		err := a.compareHashes(ctx, c, servers, keys, hashes)
		keys, hashes = keys[:0], hashes[:0]
		return err
	}
	days := []Day{{DayAttempt: shipmentOf(d).DayAttempt, Rows: d.Rows}}
	before := c.bad
	err := engine.Leaves(ctx, &Range{Tenant: d.Tenant, Days: days}, func(key oplog.Key, leaf []byte) error {
		hash := LeafHash(leaf)
		sum.Add(key.Seq(), hash)
		keys, hashes = append(keys, key), append(hashes, hash)
		if len(keys) < leavesAtOnce {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	switch {
	case err != nil:
		c.add(Finding{Text: "its entries cannot be read: " + inOneLine(err), Unknown: true})
	case sum != sumOf(d) && c.bad == before: // otherwise it was told which
		c.add(Finding{Server: servers, Text: "what was read is not what was archived: " + difference(sum, d)})
	}
}

// tileOf returns the number of an entry's tile.
func tileOf(key oplog.Key) uint64 { return (key.Seq() - 1) / tileEntries }

// addTile adds that the entries of a tile, some of which have these keys, are not those that were recorded, unless that was found before.
func (c *compared) addTile(servers string, keys []oplog.Key) {
	first := tileOf(keys[0])*tileEntries + 1
	text := fmt.Sprintf("entries %d to %d do not match the hash that is kept of them together: at least one was modified, removed or inserted", first, first+tileEntries-1)
	if !slices.ContainsFunc(c.found, func(f Finding) bool { return f.Text == text }) {
		c.add(Finding{Server: servers, Seq: first, Text: text})
	}
}

// inOneLine returns the text of an error, or of several that were joined.
func inOneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// compareHashes compares hashes of leaves with those that are kept here.
func (a *Archive) compareHashes(ctx context.Context, c *compared, servers string, keys []oplog.Key, hashes [][32]byte) error {
	kept, err := a.store.LeafHashes(ctx, c.day.Tenant, keys)
	switch code := oplog.CodeOf(err); {
	case err == nil:
	case code != oplog.CodeNotFound && code != oplog.CodeDamaged:
		return err
	case len(keys) > 1 && (code == oplog.CodeNotFound || tileOf(keys[0]) != tileOf(keys[len(keys)-1])): // to find which
		half := len(keys) / 2
		err := a.compareHashes(ctx, c, servers, keys[:half], hashes[:half])
		if err == nil {
			err = a.compareHashes(ctx, c, servers, keys[half:], hashes[half:])
		}
		return err
	case code == oplog.CodeNotFound:
		c.add(Finding{Server: servers, Seq: keys[0].Seq(), Text: unknownLeaf})
		return nil
	default:
		c.addTile(servers, keys)
		return nil
	}
	for i, key := range keys {
		switch {
		case kept[i] != hashes[i]:
			c.add(Finding{Server: servers, Seq: key.Seq(), Text: modifiedLeaf})
		case oplog.DateOf(key.Time()) != c.day.Date:
			c.add(Finding{Server: servers, Seq: key.Seq(), Text: outsideOfDay})
		}
	}
	return nil
}

// noteVerified notes in the records of days when they were compared. What cannot be noted, such as in a copy that can only be read, is noted next time.
func (a *Archive) noteVerified(days []oplog.ArchivedDay) {
	for some := range slices.Chunk(days, notedAtOnce) {
		var changes []oplog.RecordChange
		for _, d := range some {
			data, revision, err := a.store.Record(oplog.RecordArchive, d.Name())
			now, damaged := readDay(oplog.Record{Name: d.Name(), Data: data})
			if err != nil || damaged != nil || !isThere(&now) || now.Attempt != d.Attempt {
				continue
			}
			now.VerifiedAt = a.now()
			if data, err = json.Marshal(&now); err == nil {
				changes = append(changes, oplog.RecordChange{Kind: oplog.RecordArchive, Name: d.Name(), Replaces: revision, Data: data})
			}
		}
		if len(changes) == 0 {
			continue
		}
		if err := a.store.PutRecords(changes); err != nil && !errors.Is(err, oplog.ErrRevision) {
			return
		}
	}
}
