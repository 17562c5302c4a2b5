package archive

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"oplog/oplog"
)

// Which side a day is read from is decided once for each read, by a view of the tenant's days. A day that is removed from the store changes sides first,
// in a new view; only when all reads with earlier views have ended is anything of it taken away here.

// dayBook knows the archived days of all tenants.
type dayBook struct {
	store oplog.Store

	tenants sync.Map // tenant id -> *atomic.Pointer[view]

	mu       sync.Mutex         // guards changes of views, and replaced
	replaced map[string][]*view // by tenant: views that reads may still go by
}

// view is what one read goes by: the days of a tenant that the archive has, and the store does not serve. It is immutable but for its readers.
type view struct {
	tenant  string
	days    []oplog.ArchivedDay // that are read from the archive, or cannot be read since their records are damaged, by date
	leaving []oplog.Days        // those of them of which the store and the index may still have something
	all     []oplog.ArchivedDay // in whatever state, by date

	readers atomic.Int64
}

// load reads all records. Days that were read from the archive when the program ended are so from the start.
func (b *dayBook) load() error {
	found, err := b.store.Records(oplog.RecordArchive, "")
	if err != nil && !oplog.IsDamagedRecord(err) { // of damaged ones the days are unknown
		return err
	}
	byTenant := map[string][]oplog.ArchivedDay{}
	for _, r := range found {
		if d, err := readDay(r); err == nil {
			byTenant[d.Tenant] = append(byTenant[d.Tenant], d)
		}
	}
	if err := b.withUnknown(byTenant); err != nil {
		return err
	}
	for tenant, all := range byTenant {
		left, err := b.store.Undeleted(tenant)
		if err != nil {
			return err
		}
		b.pointer(tenant).Store(newView(tenant, all, left))
	}
	return nil
}

func readDay(r oplog.Record) (d oplog.ArchivedDay, err error) {
	if json.Unmarshal(r.Data, &d) != nil || d.Name() != r.Name {
		return d, oplog.DamagedRecord(oplog.RecordArchive, r.Name)
	}
	return d, nil
}

func newView(tenant string, all []oplog.ArchivedDay, left []oplog.Days) *view {
	v := &view{tenant: tenant, all: all}
	for _, d := range all {
		if isUnknown(&d) {
			v.days = append(v.days, d)
		}
		if d.State == oplog.DayRemoved {
			v.days = append(v.days, d)
			if slices.ContainsFunc(left, func(days oplog.Days) bool { return days.Contains(d.Date) }) {
				v.leaving = append(v.leaving, oplog.Days{From: d.Date, To: d.Date})
			}
		}
	}
	return v
}

func (b *dayBook) pointer(tenant string) *atomic.Pointer[view] {
	if p, ok := b.tenants.Load(tenant); ok {
		return p.(*atomic.Pointer[view])
	}
	p := new(atomic.Pointer[view])
	p.Store(&view{tenant: tenant})
	known, _ := b.tenants.LoadOrStore(tenant, p)
	return known.(*atomic.Pointer[view])
}

// read returns the view for a read, which ends it by release.
func (b *dayBook) read(tenant string) *view {
	p := b.pointer(tenant)
	for {
		v := p.Load()
		v.readers.Add(1)
		if p.Load() == v { // so its replacement waits for this reader
			return v
		}
		v.release()
	}
}

func (v *view) release() { v.readers.Add(-1) }

// readersPoll is how often it is looked whether reads have ended.
const readersPoll = 5 * time.Millisecond

// replace replaces a tenant's view.
func (b *dayBook) replace(tenant string, change func(before *view) *view) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.pointer(tenant)
	before := p.Load()
	p.Store(change(before))
	if b.replaced == nil {
		b.replaced = map[string][]*view{}
	}
	b.replaced[tenant] = append(slices.DeleteFunc(b.replaced[tenant], (*view).isUnread), before)
}

func (v *view) isUnread() bool { return v.readers.Load() == 0 }

// settle replaces a tenant's view by an equal one, and returns once no read goes by an earlier one.
func (b *dayBook) settle(ctx context.Context, tenant string) error {
	b.replace(tenant, func(before *view) *view { return newView(tenant, before.all, before.leaving) })
	for {
		b.mu.Lock()
		b.replaced[tenant] = slices.DeleteFunc(b.replaced[tenant], (*view).isUnread)
		left := len(b.replaced[tenant])
		b.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-time.After(readersPoll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// changed takes over a record that was changed.
func (b *dayBook) changed(name string) {
	tenant, date, _ := strings.Cut(name, "/")
	data, _, err := b.store.Record(oplog.RecordArchive, name)
	var day oplog.ArchivedDay
	if err == nil {
		day, err = readDay(oplog.Record{Name: name, Data: data})
	}
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return // it is damaged: what is known stays
	}
	gone := err != nil
	b.replace(tenant, func(before *view) *view {
		all := slices.DeleteFunc(slices.Clone(before.all), func(d oplog.ArchivedDay) bool { return d.Date == date })
		left := slices.Clone(before.leaving)
		if !gone {
			at, _ := slices.BinarySearchFunc(all, date, func(d oplog.ArchivedDay, date string) int { return strings.Compare(d.Date, date) })
			all = slices.Insert(all, at, day)
			if day.State == oplog.DayRemoved && !before.isRemoved(date) {
				left = append(left, oplog.Days{From: date, To: date})
			}
		}
		return newView(tenant, all, left)
	})
}

// has reports whether a date is read from the archive.
func (v *view) has(date string) bool {
	_, found := slices.BinarySearchFunc(v.days, date, func(d oplog.ArchivedDay, date string) int { return strings.Compare(d.Date, date) })
	return found
}

// isRemoved reports whether a date is in the archive alone.
func (v *view) isRemoved(date string) bool {
	return slices.ContainsFunc(v.days, func(d oplog.ArchivedDay) bool { return d.Date == date && d.State == oplog.DayRemoved })
}

// within returns the days read from the archive that a range of keys touches: from inclusive, to exclusive.
func (v *view) within(from, to oplog.Key) []oplog.ArchivedDay {
	first, _ := slices.BinarySearchFunc(v.days, oplog.DateOf(from.Time()), func(d oplog.ArchivedDay, date string) int { return strings.Compare(d.Date, date) })
	days := v.days[first:]
	for i, d := range days {
		start, _ := oplog.Days{From: d.Date, To: d.Date}.Bounds()
		if oplog.MakeKey(start, 0).Compare(to) >= 0 {
			return days[:i]
		}
	}
	return days
}

// errNotConfigured is the error of reads of archived days without an archive.
var errNotConfigured = errors.New("this oplog runs without --archive")

// leaving returns the tenants of which days are to be removed here.
func (b *dayBook) leaving() (tenants []string) {
	b.tenants.Range(func(tenant, p any) bool {
		if len(p.(*atomic.Pointer[view]).Load().leaving) > 0 {
			tenants = append(tenants, tenant.(string))
		}
		return true
	})
	return tenants
}
