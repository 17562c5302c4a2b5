package demo

import (
	"encoding/json"
	"iter"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
	"unicode"

	"oplog/oplog"
)

// now is a Friday afternoon in the company's zone.
var now = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

var largeLog = slices.Collect(Generate(1, 100_000, now))

func TestTenantAndTree(t *testing.T) {
	if tn := Tenant(); tn.ID != "demo" || !tn.DataPermission || tn.Location().String() != "Asia/Shanghai" {
		t.Errorf("%+v", tn)
	}
	o := Organizations()
	o[0].Name = "changed"
	if Organizations()[0].Name == "changed" {
		t.Error("the tree is shared with its callers")
	}
	seen := make(map[string]bool)
	for _, o := range Organizations() {
		if seen[o.ID] || o.Name == "" || o.ParentID != "" && !seen[o.ParentID] {
			t.Errorf("%+v", o)
		}
		seen[o.ID] = true
	}
}

func TestStaff(t *testing.T) {
	ids, names := make(map[string]bool), make(map[string]bool)
	for _, e := range employees {
		if ids[e.user.ID] || names[e.user.Name] {
			t.Errorf("%+v is listed twice", e.user)
		}
		ids[e.user.ID], names[e.user.Name] = true, true
	}
	if len(employees) < 60 || len(employees) > 80 {
		t.Errorf("%d people", len(employees))
	}
	for _, name := range fromClosedRegion {
		if !names[name] {
			t.Errorf("%s is not an employee", name)
		}
	}
	for name := range newRoles {
		if !names[name] {
			t.Errorf("%s is not an employee", name)
		}
	}
}

func TestSameSeedSameEntries(t *testing.T) {
	take := func(seed uint64, n int, now time.Time) []oplog.Entry {
		return slices.Collect(Generate(seed, n, now))
	}
	first := take(7, 5000, now)
	if !reflect.DeepEqual(first, take(7, 5000, now)) {
		t.Error("two runs with the same seed differ")
	}
	if reflect.DeepEqual(first, take(8, 5000, now)) {
		t.Error("another seed generates the same entries")
	}
	for _, ahead := range []time.Duration{time.Minute, 6 * time.Hour, 9 * 24 * time.Hour} {
		later := take(7, 5000, now.Add(ahead))
		i := slices.IndexFunc(first, func(e oplog.Entry) bool { return reflect.DeepEqual(e, later[0]) })
		if i < 0 || !reflect.DeepEqual(first[i:], later[:len(first)-i]) {
			t.Errorf("%v later the same entries differ", ahead)
		}
	}
}

func TestNumberOfEntries(t *testing.T) {
	f := func(n, want int) {
		t.Helper()
		entries := slices.Collect(Generate(3, n, now))
		if len(entries) != want {
			t.Errorf("requested %d, got %d", n, len(entries))
		}
		if !slices.IsSortedFunc(entries, func(a, b oplog.Entry) int { return a.Time.Compare(b.Time) }) {
			t.Error("not in order of time")
		}
		if want > 0 && entries[want-1].Time.After(now) {
			t.Errorf("the last entry is from %v", entries[want-1].Time)
		}
	}
	f(-1, 0)
	f(0, 0)
	f(1, 1)
	f(2, 2)
	f(10, 10)
	f(999, 999)
	f(2000, 2000)
	f(100_000, 100_000)
}

func TestStops(t *testing.T) {
	next, stop := iter.Pull(Generate(1, 100, now))
	defer stop()
	if _, ok := next(); !ok {
		t.Error("no first entry")
	}
}

func TestEntriesAreValid(t *testing.T) {
	catalog := oplog.BuiltInCatalog()
	for _, e := range largeLog {
		before := e
		if errors := e.Validate(catalog, now); len(errors) > 0 {
			t.Fatalf("%+v: %+v", e, errors)
		}
		if !reflect.DeepEqual(before, e) {
			t.Fatalf("Validate changes %+v to %+v", before, e)
		}
		if e.ID != "" || e.Content.ID == "" || e.Content.Name == "" || e.IP == "" || e.UserAgent == "" || e.User.Role == "" {
			t.Fatalf("%+v lacks a field, or has an id", e)
		}
		for _, c := range e.Changes {
			if string(c.Before) == string(c.After) || len(c.Before) == 0 || len(c.After) == 0 {
				t.Fatalf("%s %s: no change from %s to %s", e.Content.ID, c.Field, c.Before, c.After)
			}
		}
		if e.Operation == "edit" && e.Outcome == "success" && (len(e.Changes) < 1 || len(e.Changes) > 4) {
			t.Fatalf("%s: an edit of %d fields", e.Content.ID, len(e.Changes))
		}
	}
}

func TestEveryPairOfTheCatalog(t *testing.T) {
	seen := make(map[[2]string]int)
	for _, e := range largeLog {
		seen[[2]string{e.Module, e.Operation}]++
	}
	pairs := 0
	for _, m := range oplog.BuiltInCatalog().Modules {
		for _, o := range m.Operations {
			pairs++
			if seen[[2]string{m.Key, o}] == 0 {
				t.Errorf("no %s of %s", o, m.Key)
			}
		}
	}
	if pairs != 82 || len(seen) != 82 {
		t.Errorf("%d pairs in the catalog, %d seen", pairs, len(seen))
	}
}

func TestEveryOrganizationIsUsed(t *testing.T) {
	seen := make(map[oplog.Ref]int)
	for _, e := range largeLog {
		seen[e.Organization]++
	}
	for _, o := range Organizations() {
		if seen[oplog.Ref{ID: o.ID, Name: o.Name}] == 0 && o.ID != rootID {
			t.Errorf("nothing from %s", o.ID)
		}
	}
	if seen[closedRegion] == 0 {
		t.Error("nothing from the closed region")
	}
	if last := largeLog[90_000:]; slices.ContainsFunc(last, func(e oplog.Entry) bool { return e.Organization == closedRegion }) {
		t.Error("the closed region still has entries")
	}
}

// percentage returns the percentage of entries for which is returns true.
func percentage(of []oplog.Entry, is func(oplog.Entry) bool) float64 {
	n := 0
	for _, e := range of {
		if is(e) {
			n++
		}
	}
	return float64(n) / float64(len(of)) * 100
}

func isChinese(s string) bool {
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			return true
		}
	}
	return false
}

func TestShares(t *testing.T) {
	f := func(what string, least, most float64, is func(oplog.Entry) bool) {
		t.Helper()
		if p := percentage(largeLog, is); p < least || p > most {
			t.Errorf("%s: %.2f %%, want %v to %v", what, p, least, most)
		} else {
			t.Logf("%s: %.2f %%", what, p)
		}
	}
	operation := func(key string) func(oplog.Entry) bool {
		return func(e oplog.Entry) bool { return e.Operation == key }
	}
	hour := func(e oplog.Entry) int { return e.Time.In(zone).Hour() }
	f("Chinese in names", 45, 70, func(e oplog.Entry) bool { return isChinese(e.Content.Name) })
	f("Chinese users", 45, 70, func(e oplog.Entry) bool { return isChinese(e.User.Name) })
	f("failures", 1.5, 2.6, func(e oplog.Entry) bool { return e.Outcome == oplog.OutcomeFailure })
	f("edits", 35, 55, operation("edit"))
	f("creates and copies", 25, 40, func(e oplog.Entry) bool { return e.Operation == "create" || e.Operation == "copy" })
	f("batch deletes", 0.01, 0.5, operation("batch_delete"))
	f("at work", 85, 99, func(e oplog.Entry) bool { return hour(e) >= 8 && hour(e) < 20 })
	f("over lunch", 2, 7, func(e oplog.Entry) bool { return hour(e) == 12 })
	f("mid-morning", 9, 16, func(e oplog.Entry) bool { return hour(e) == 10 })
	f("weekends", 4, 16, func(e oplog.Entry) bool { return e.Time.In(zone).Weekday()%6 == 0 })
	f("with details", 10, 40, func(e oplog.Entry) bool { return e.Details != nil })
}

func TestActivityIsUneven(t *testing.T) {
	counts := make(map[string]int)
	for _, e := range largeLog {
		counts[e.User.ID]++
	}
	var sorted []int
	for _, n := range counts {
		sorted = append(sorted, n)
	}
	slices.Sort(sorted)
	top, median, least := sorted[len(sorted)-1], sorted[len(sorted)/2], sorted[0]
	t.Logf("%d users; the most active has %d entries, the median %d, the least active %d", len(sorted), top, median, least)
	if len(sorted) != len(employees) || top < 4*median || least == 0 {
		t.Error("activity is not uneven enough")
	}
}

func TestSpanAndPeaks(t *testing.T) {
	days := make(map[int]int)
	for _, e := range largeLog {
		days[dayOf(e.Time)]++
	}
	length := now.Sub(largeLog[0].Time).Hours() / 24
	t.Logf("%.1f days", length)
	if math.Abs(length-spanDays) > 6 {
		t.Errorf("the entries span %.1f days", length)
	}
	on := func(month time.Month, date int) int {
		return days[dayOf(time.Date(2026, month, date, 0, 0, 0, 0, zone))]
	}
	if plain, double11 := on(10, 14), on(11, 11); double11 < 3*plain/2 {
		t.Errorf("%d on Double 11, %d on an ordinary Wednesday", double11, plain)
	}
	if weekday, sunday := on(10, 14), on(10, 18); sunday > weekday/2 {
		t.Errorf("%d on a Sunday, %d on a Wednesday", sunday, weekday)
	}
}

func TestHistoriesAreConsistent(t *testing.T) {
	type history struct {
		module  string
		entries int
		users   map[string]bool
		fields  map[string]string // last value
		deleted bool
	}
	histories := make(map[string]*history)
	renamed := 0
	for _, e := range largeLog {
		s := histories[e.Content.ID]
		if s == nil {
			s = &history{module: e.Module, users: make(map[string]bool), fields: make(map[string]string)}
			histories[e.Content.ID] = s
		}
		if s.module != e.Module {
			t.Fatalf("%s has module %s and %s", e.Content.ID, s.module, e.Module)
		}
		if s.deleted {
			t.Fatalf("%s %s after it was deleted", e.Operation, e.Content.ID)
		}
		s.entries++
		s.users[e.User.ID] = true
		s.deleted = e.Operation == "delete" && e.Outcome == oplog.OutcomeSuccess
		for _, c := range e.Changes {
			if before, known := s.fields[c.Field]; known && before != string(c.Before) {
				t.Fatalf("%s: %s was %s, and is changed from %s", e.Content.ID, c.Field, before, c.Before)
			}
			s.fields[c.Field] = string(c.After)
			if c.Field == "title" || c.Field == "name" || c.Field == "subject" {
				renamed++
				var name string
				if err := json.Unmarshal(c.After, &name); err != nil || name != e.Content.Name {
					t.Fatalf("%s is renamed to %q and shown as %q", e.Content.ID, name, e.Content.Name)
				}
			}
		}
	}
	long, shared, longest := 0, 0, 0
	for _, s := range histories {
		longest = max(longest, s.entries)
		if s.entries > 1 {
			long++
		}
		if len(s.users) > 1 {
			shared++
		}
	}
	t.Logf("%d objects, %d with a history, %d by several people, longest %d; %d renamed", len(histories), long, shared, longest, renamed)
	if long < len(histories)/2 || shared < len(histories)/5 || renamed == 0 {
		t.Error("too few objects have a history")
	}
}

func TestDates(t *testing.T) {
	f := func(d int, y int, m time.Month, date int, weekday time.Weekday) {
		t.Helper()
		gotY, gotM, gotD := dateOf(d)
		at := toTime(int64(d) * day).In(zone)
		if gotY != y || gotM != m || gotD != date || at.Weekday() != weekday || time.Weekday((d+4)%7) != weekday || at.Hour() != 0 {
			t.Errorf("day %d is %d-%d-%d, %v", d, gotY, gotM, gotD, at)
		}
	}
	f(0, 1970, 1, 1, time.Thursday)
	f(20777, 2026, 11, 20, time.Friday)
	f(20779, 2026, 11, 22, time.Sunday)
	if d := dayOf(time.Date(2026, 11, 19, 16, 0, 0, 0, time.UTC)); d != 20777 {
		t.Errorf("16:00 UTC belongs to day %d", d)
	}
}

func BenchmarkGenerate(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		for e := range Generate(1, n, now) {
			if e.Module == "" {
				b.Fatal("no module")
			}
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "entries/s")
}
