package archive

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"oplog/oplog"
)

// sums hold in memory what the archived days of tenants count: the totals of days, and the values of months and years, which are added up from the records
// when they are first asked for. So a year that began or ended within a period takes the records of at most some months, and of the days at its ends, whose
// records also tell of parts of a day.
type sums struct {
	store records
	most  int // see maxSummed

	mu      sync.Mutex // guards the map and uses
	tenants map[string]*tenantSums
	uses    uint64
}

// records are those of the store.
type records interface {
	Record(kind oplog.RecordKind, name string) (data []byte, revision oplog.Revision, err error)
}

// maxSummed is the most memory, in bytes, that the values of all tenants take, beside those of the one that is asked for.
const maxSummed = 32 << 20

// tenantSums are the sums of a tenant.
type tenantSums struct {
	store  records
	most   int
	tenant string
	used   uint64 // guarded by mu of sums

	turn    chan struct{} // full while a query adds up, and reads records
	days    map[string]*dayTotals
	texts   [facetCount]numbered
	names   numbered
	parts   map[string]*part // by date, with the quarters of an hour if it is a part of a day (2026-01-31 64 96), month (2026-01) or year
	bytes   int              // of texts and parts, about
	tooMany bool             // the values do not fit: the archive counts them
}

// dayTotals are what a day counts, without values.
type dayTotals struct {
	start       int64 // in microseconds
	rows        uint64
	first, last oplog.Key
	quarters    [quartersPerDay]uint32
	hasValues   bool
}

func (d *dayTotals) grid() *grid {
	return &grid{start: d.start, each: quarter.Microseconds(), counts: d.quarters[:], rows: d.rows}
}

// numbered numbers texts in order of first appearance.
type numbered struct {
	texts  []string
	number map[string]uint32
}

func (n *numbered) of(text string) (number uint32, isNew bool) {
	number, known := n.number[text]
	if !known {
		if n.number == nil {
			n.number = map[string]uint32{}
		}
		number = uint32(len(n.texts)) //nolint:gosec // of values in memory
		n.texts = append(n.texts, text)
		n.number[text] = number
	}
	return number, !known
}

// of returns the sums of a tenant, and lets go of those of others that were used longest ago.
func (s *sums) of(tenant string) *tenantSums {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenants[tenant]
	if t == nil {
		if s.tenants == nil {
			s.tenants = map[string]*tenantSums{}
		}
		t = &tenantSums{store: s.store, tenant: tenant, most: s.most, turn: make(chan struct{}, 1), days: map[string]*dayTotals{}, parts: map[string]*part{}}
		s.tenants[tenant] = t
	}
	s.uses++
	t.used = s.uses
	for {
		total := 0
		oldest := t
		for _, other := range s.tenants {
			if other == t || !other.tryLock() {
				continue
			}
			total += other.bytes
			other.unlock()
			if other.used < oldest.used {
				oldest = other
			}
		}
		if total <= s.most {
			return t
		}
		delete(s.tenants, oldest.tenant)
	}
}

// lock waits for the turn of a query, until its context ends.
func (t *tenantSums) lock(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *tenantSums) tryLock() bool {
	select {
	case t.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t *tenantSums) unlock() { <-t.turn }

// The following are called by the query whose turn it is.

// totals returns the totals of a day; nil if its record is missing or damaged.
func (t *tenantSums) totals(date string) *dayTotals {
	if d := t.days[date]; d != nil {
		return d
	}
	s, err := t.read(date)
	if err != nil {
		return nil
	}
	start, _ := oplog.Days{From: date, To: date}.Bounds()
	d := &dayTotals{start: start.UnixMicro(), rows: s.Rows, first: s.First, last: s.Last, quarters: s.Quarters, hasValues: len(s.Values) > 0}
	t.days[date] = d
	return d
}

const secondsPerDay = 24 * 60 * 60

// minutes returns the entries of each minute of a day; nil if its record does not tell.
func (t *tenantSums) minutes(date string) *grid {
	s, err := t.read(date)
	if err != nil {
		return nil
	}
	counts, err := s.minutes(t.tenant + "/" + date)
	if err != nil || counts == nil {
		return nil
	}
	start, _ := oplog.Days{From: date, To: date}.Bounds()
	return &grid{start: start.UnixMicro(), each: time.Minute.Microseconds(), counts: counts, rows: s.Rows}
}

func (t *tenantSums) read(date string) (s storedCounts, err error) {
	name := t.tenant + "/" + date
	data, _, err := t.store.Record(oplog.RecordArchiveCounts, name)
	if err != nil {
		return s, err
	}
	return readCounts(name, data)
}

// maxDayParts is the most days whose values are kept apart.
const maxDayParts = 64

// dayPart returns the values of some quarters of a day, or of all; nil if its record does not tell of these quarters.
func (t *tenantSums) dayPart(date string, from, to int, keep bool) (*part, error) {
	name := date
	if isCut := from > 0 || to < quartersPerDay; isCut {
		name = fmt.Sprint(date, " ", from, " ", to)
	}
	if p := t.parts[name]; p != nil {
		return p, nil
	}
	s, err := t.read(date)
	if err != nil {
		return nil, err
	}
	v, err := s.values(t.tenant + "/" + date)
	if err == nil && name != date {
		var tells bool
		if tells, err = s.cut(t.tenant+"/"+date, &v, from, to); !tells {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	p := t.partOf(date, &v)
	if keep {
		t.keepDay(name, p)
	}
	return p, nil
}

// partOf returns values of a date as a part.
func (t *tenantSums) partOf(date string, v *storedValues) *part {
	start, _ := oplog.Days{From: date, To: date}.Bounds()
	day := uint32(start.Unix() / secondsPerDay) //nolint:gosec // after 1970
	p := &part{days: date}
	for i := range v.Facets {
		stored, c := &v.Facets[i], &p.facets[i]
		c.numbers, c.counts = make([]uint32, len(stored.Values)), make([]uint64, len(stored.Values))
		for j, value := range stored.Values {
			c.numbers[j] = t.numberOf(&t.texts[i], value)
			c.counts[j] = uint64(stored.Counts[j])
		}
	}
	c := &p.facets[ofUsers]
	c.names, c.seen = make([]uint32, len(v.Names)), make([]uint32, len(v.Names))
	for j, name := range v.Names {
		c.names[j], c.seen[j] = t.numberOf(&t.names, name), day
	}
	return p
}

func (t *tenantSums) numberOf(n *numbered, text string) uint32 {
	number, isNew := n.of(text)
	if isNew {
		t.bytes += bytesOfText + len(text)
	}
	return number
}

// keepDay keeps the values of a day, or of a part of it, in place of another one's.
func (t *tenantSums) keepDay(name string, p *part) {
	kept, other := 0, ""
	for name := range t.parts {
		if len(name) >= len(time.DateOnly) {
			kept++
			other = name
		}
	}
	if kept >= maxDayParts {
		t.drop(other)
	}
	t.keep(name, p)
}

func (t *tenantSums) keep(name string, p *part) {
	t.drop(name)
	t.parts[name] = p
	t.bytes += p.bytes()
}

func (t *tenantSums) drop(name string) {
	if p := t.parts[name]; p != nil {
		t.bytes -= p.bytes()
		delete(t.parts, name)
	}
}

// addValues adds the values of whole days. all are the days with values that the archive has, dates those of them to add, both in order. False means that
// the values take too much memory, and what was added means nothing.
func (t *tenantSums) addValues(ctx context.Context, all, dates []string, a *adder) (bool, error) {
	for dates := range groups(dates, len("2006")) {
		if t.tooMany {
			return false, nil
		}
		if err := t.addYear(ctx, a, inGroup(all, dates[0], len("2006")), dates); err != nil {
			return false, err
		}
		t.shrink(dates[0][:len("2006")])
	}
	return !t.tooMany, nil
}

// shrink lets go of the months and days outside a year, and notes if that is not enough.
func (t *tenantSums) shrink(year string) {
	if t.bytes <= t.most {
		return
	}
	for name := range t.parts {
		if len(name) > len(year) && !strings.HasPrefix(name, year) {
			t.drop(name)
		}
	}
	if t.tooMany = t.bytes > t.most; t.tooMany {
		clear(t.parts)
		t.texts, t.names, t.bytes = [facetCount]numbered{}, numbered{}, 0
	}
}

// addYear adds days of a year: all is what the archive has of that year.
func (t *tenantSums) addYear(ctx context.Context, a *adder, all, dates []string) error {
	year := dates[0][:len("2006")]
	whole := len(all) == len(dates)
	days := strings.Join(dates, " ")
	if p := t.parts[year]; whole && p != nil && p.days == days {
		a.add(p)
		return nil
	}
	to := a
	if whole {
		to = &adder{}
	}
	for dates := range groups(dates, len("2006-01")) {
		if err := t.addMonth(ctx, to, inGroup(all, dates[0], len("2006-01")), dates); err != nil {
			return err
		}
	}
	if whole {
		p := to.part(days)
		t.keep(year, p)
		a.add(p)
	}
	return nil
}

// addMonth adds days of a month.
func (t *tenantSums) addMonth(ctx context.Context, a *adder, all, dates []string) error {
	month := dates[0][:len("2006-01")]
	days := strings.Join(dates, " ")
	known := t.parts[month]
	if known != nil && known.days == days {
		a.add(known)
		return nil
	}
	whole := len(all) == len(dates)
	to := a
	if whole {
		if to = (&adder{}); known != nil && strings.HasPrefix(days, known.days) { // days were added at its end
			to.add(known)
			dates = dates[strings.Count(known.days, " ")+1:]
		}
	}
	for _, date := range dates {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := t.dayPart(date, 0, quartersPerDay, !whole)
		if err != nil {
			return err
		}
		to.add(p)
	}
	if whole {
		p := to.part(days)
		t.keep(month, p)
		a.add(p)
	}
	return nil
}
