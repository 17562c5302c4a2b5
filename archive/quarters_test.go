package archive

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"oplog/oplog"
)

// drawDay draws the entries of a day in order: of users with one or many organizations, roles and names, in bursts or spread over the day.
func drawDay(r *rand.Rand) []oplog.Entry {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	pick := func(kind string, n int) string {
		if i := r.IntN(n); i > 0 {
			return fmt.Sprint(kind, i)
		}
		return ""
	}
	organizations, names, burst := 1+r.IntN(5), 1+r.IntN(3), time.Duration(1+r.IntN(24))*time.Hour
	entries := make([]oplog.Entry, 1+r.IntN(400))
	for i := range entries {
		at := start.Add(time.Duration(r.Int64N(int64(burst))) / time.Duration(1+r.IntN(3))).Truncate([]time.Duration{time.Microsecond, quarter}[r.IntN(2)])
		user := r.IntN(12)
		entries[i] = oplog.Entry{
			Time: at, Module: pick("m", 4), Operation: pick("o", 5), Outcome: []string{"success", "failure"}[r.IntN(2)],
			User:         oplog.User{ID: []string{"", "王", "c"}[user%3] + fmt.Sprint(user), Name: fmt.Sprint("name", r.IntN(1+user%names)), Role: pick("r", 1+user%3)},
			Organization: oplog.Ref{ID: pick("g", 1+user%organizations)},
		}
	}
	slices.SortStableFunc(entries, func(a, b oplog.Entry) int { return a.Time.Compare(b.Time) })
	for i := range entries {
		entries[i].Seq = uint64(i + 1) //nolint:gosec // of a test
	}
	return entries
}

// record returns the record of a day.
func record(t testing.TB, entries []oplog.Entry) storedCounts {
	t.Helper()
	counts := newTally()
	for i := range entries {
		counts.add(&entries[i])
	}
	data, err := counts.encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := readCounts("day", data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valuesOf returns counts by value, and the names of users.
func valuesOf(v *storedValues) (counts [facetCount]map[string]uint32, names map[string]string) {
	names = map[string]string{}
	for i := range v.Facets {
		counts[i] = map[string]uint32{}
		for j, value := range v.Facets[i].Values {
			counts[i][value] = v.Facets[i].Counts[j]
		}
	}
	for i, id := range v.Facets[ofUsers].Values {
		names[id] = v.Names[i]
	}
	return counts, names
}

// Whatever quarters of a day are asked for, its record tells what a plain count of their entries does, and of each minute how many there are.
func TestPartsOfDaysAreCounted(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		entries := drawDay(r)
		s := record(t, entries)
		minutes, err := s.minutes("day")
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			from, to := r.IntN(quartersPerDay), r.IntN(quartersPerDay)+1
			from, to = min(from, to), max(from, to)
			v, err := s.values("day")
			if err != nil {
				t.Fatal(err)
			}
			if ok, err := s.cut("day", &v, from, to); !ok || err != nil {
				t.Fatalf("seed %d: %t, %v", seed, ok, err)
			}
			plain, inMinutes := newTally(), uint32(0)
			for i := range entries {
				if q := minuteOf(entries[i].Time.UnixMicro()) / minutesPerQuarter; q >= from && q < to {
					plain.add(&entries[i])
				}
			}
			for _, n := range minutes[from*minutesPerQuarter : to*minutesPerQuarter] {
				inMinutes += n
			}
			want := plain.storedValues()
			counts, names := valuesOf(&v)
			wantCounts, wantNames := valuesOf(&want)
			for i := range counts {
				if !maps.Equal(counts[i], wantCounts[i]) {
					t.Fatalf("seed %d, quarters %d to %d, facet %d: %v, want %v", seed, from, to, i, counts[i], wantCounts[i])
				}
			}
			if !maps.Equal(names, wantNames) || uint64(inMinutes) != plain.rows {
				t.Fatalf("seed %d, quarters %d to %d: %d entries of %v, want %d of %v", seed, from, to, inMinutes, names, plain.rows, wantNames)
			}
		}
	}
}

// Of a day that has too many values by quarter, or whose entries came in another order, the whole is told. A damaged record tells nothing.
func TestRecordsThatTellNoParts(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	entries := make([]oplog.Entry, maxTallied+10)
	for i := range entries {
		entries[i] = oplog.Entry{
			Time: start.Add(time.Duration(i) * 100 * time.Millisecond), Seq: uint64(i + 1), Outcome: "success", //nolint:gosec // of a test
			User: oplog.User{ID: fmt.Sprint(i % 400), Role: fmt.Sprint(i % 301)}, Organization: oplog.Ref{ID: fmt.Sprint(i % 7)},
		}
	}
	many := record(t, entries)
	backwards := drawDay(rand.New(rand.NewPCG(1, 6)))
	slices.Reverse(backwards)
	for name, s := range map[string]storedCounts{"many": many, "backwards": record(t, backwards)} {
		v, err := s.values("day")
		if err != nil || len(v.Names) == 0 || len(s.Parts) > 0 {
			t.Errorf("%s: %d users, %d bytes of parts, %v", name, len(v.Names), len(s.Parts), err)
		}
		if ok, err := s.cut("day", &v, 0, 1); ok || err != nil {
			t.Errorf("%s: its record tells, %v", name, err)
		}
		if minutes, err := s.minutes("day"); err != nil || minutes == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(many.Values) == 0 {
		t.Error("no values")
	}
}

func TestDamagedPartsAreNotUsed(t *testing.T) {
	s := record(t, drawDay(rand.New(rand.NewPCG(3, 7))))
	plain, err := decompressor().DecodeAll(s.Parts, nil)
	if err != nil {
		t.Fatal(err)
	}
	var p storedParts
	for _, damage := range []func(){
		func() { p.Gaps = p.Gaps[1:] }, func() { p.Gaps = append(p.Gaps, 1) }, func() { p.Gaps[0] = 200 }, func() { p.Gaps = nil },
		func() { p.Counts = p.Counts[1:] }, func() { p.Counts = nil }, func() { p.Actors = p.Actors[1:] }, func() { p.Actors[0] = 255 },
		func() { p.Actors = append(p.Actors, 0) }, func() { p.Names = append(p.Names, "x") }, func() { p.Renamed = []byte{1, 200} },
	} {
		p = storedParts{}
		if err := countsDecoding.Unmarshal(plain, &p); err != nil {
			t.Fatal(err)
		}
		damage()
		bad, err := cbor.Marshal(&p)
		if err != nil {
			t.Fatal(err)
		}
		damaged := s
		damaged.Parts = compressor().EncodeAll(bad, nil)
		v, err := s.values("day")
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := damaged.cut("day", &v, 0, 50); ok || oplog.CodeOf(err) != oplog.CodeDamaged {
			t.Errorf("%+v is used, %v", p, err)
		}
	}
	s.Minutes = compressor().EncodeAll(make([]byte, minutesPerDay), nil)
	if minutes, err := s.minutes("day"); minutes != nil || oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Error("minutes are used that are not those of the day:", err)
	}
}
