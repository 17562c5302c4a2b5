package storage

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
	"oplog/oplog/enginetest"
)

var kindNames = map[FindingKind]string{
	FoundModified: "changed", FoundRemoved: "removed", FoundReplaced: "swapped", FoundInserted: "inserted",
	FoundBeyondEnd: "beyond", FoundMoved: "moved", FoundNoLeaf: "no leaf", FoundSubtree: "subtree", FoundID: "id",
	FoundUnconfirmed: "unconfirmed", FoundArchived: "another record",
}

// verified returns the findings of tenant acme as "kind seq, …".
func verified(t *testing.T, db *DB) (string, Verification) {
	t.Helper()
	var reported uint64
	v, err := db.Verify(context.Background(), "acme", nil, func(done, _ uint64) { reported = done })
	if err != nil {
		t.Fatal(err)
	}
	if reported != v.Size {
		t.Errorf("progress reported %d of %d", reported, v.Size)
	}
	var found []string
	for _, f := range v.Findings {
		found = append(found, fmt.Sprint(kindNames[f.Kind], " ", f.Seq))
	}
	return strings.Join(found, ", "), v
}

// manyEntries makes complete subtrees of two levels, in two chunks of verification; every third entry has a sender's id.
const manyEntries = verifyChunk + tileSize + 7

func verifiable(t *testing.T) (*DB, []oplog.Key) {
	t.Helper()
	db := openStore(t, t.TempDir())
	var keys []oplog.Key
	db.OnAppend(func(_ string, entries []oplog.Entry) {
		for i := range entries {
			keys = append(keys, entries[i].Key())
		}
	})
	var entries []oplog.Entry
	for i := range manyEntries {
		e := entry(i*31%5000, fmt.Sprint(i))
		if i%3 == 0 {
			e.ID = fmt.Sprintf("own-%d", i)
		}
		entries = append(entries, e)
	}
	mustAppend(t, db, entries...)
	return db, keys
}

func TestVerifyIntact(t *testing.T) {
	db, _ := verifiable(t)
	for _, more := range []string{"more", "yet more"} {
		found, v := verified(t, db)
		if found != "" || v.Bad != 0 || v.Size < manyEntries {
			t.Errorf("%q: %+v", found, v)
		}
		text, err := db.Checkpoint("acme")
		if err != nil {
			t.Fatal(err)
		}
		if c, err := db.OpenCheckpoint(text); err != nil || c != (Checkpoint{"acme", v.Size, v.Root, db.VerifierKey()}) {
			t.Errorf("%+v, %v", c, err)
		}
		mustAppend(t, db, entry(1, more), withID(more, entry(2, more)))
	}
	empty := openStore(t, t.TempDir())
	if v, err := empty.Verify(t.Context(), "acme", nil, nil); err != nil || v.Size != 0 || v.Root != enginetest.RootOf(nil) {
		t.Errorf("of nothing: %+v, %v", v, err)
	}
}

// TestVerifyWhileRecording: entries that are recorded meanwhile are no findings, although their subtrees and ids are beyond the entries that
// are verified.
func TestVerifyWhileRecording(t *testing.T) {
	db, _ := verifiable(t)
	n := 0
	v, err := db.Verify(t.Context(), "acme", nil, func(uint64, uint64) {
		var more []oplog.Entry
		for range 2 * tileSize {
			id := fmt.Sprintf("meanwhile-%d", n)
			more = append(more, withID(id, entry(n, id)))
			n++
		}
		mustAppend(t, db, more...)
	})
	if err != nil || v.Bad > 0 || v.Size != manyEntries || n == 0 {
		t.Errorf("%d entries beside %d, %v: %+v", v.Size, n, err, v.Findings)
	}
}

func TestVerifyAgainstASmallerCheckpoint(t *testing.T) {
	g := &grown{db: openStore(t, t.TempDir())}
	g.grow(t, 600)
	for _, kept := range []int{1, 255, 256, 257, 511, 512, 599, 600} {
		v, err := g.db.Verify(t.Context(), "acme", []uint64{uint64(kept)}, func(_, _ uint64) {})
		if err != nil || v.Kept[uint64(kept)] != enginetest.RootOf(g.Leaves[:kept]) || v.Root != enginetest.RootOf(g.Leaves) {
			t.Errorf("%d: %+v, %v", kept, v, err)
		}
	}
	if v, err := g.db.Verify(t.Context(), "acme", []uint64{601}, func(_, _ uint64) {}); err != nil || len(v.Kept) > 0 {
		t.Errorf("%+v, %v", v, err)
	}
}

// tampering holds what an attacker with the file can change.
type tampering struct {
	t                            *testing.T
	keys                         []oplog.Key // by seq - 1
	entries, ids, arrivals, tree *bolt.Bucket
}

func (f *tampering) date(seq int) *bolt.Bucket {
	return f.entries.Bucket([]byte(dateOf(f.keys[seq-1].Time())))
}

func (f *tampering) get(seq int) []byte {
	return append([]byte(nil), f.date(seq).Get(f.keys[seq-1][:])...)
}

func (f *tampering) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *tampering) put(seq int, data []byte) { f.must(f.date(seq).Put(f.keys[seq-1][:], data)) }

// setArrival rewrites the arrival of an entry.
func (f *tampering) setArrival(seq int, key oplog.Key, leaf tlog.Hash) {
	number := tileKey(uint64(seq-1) / tileSize)
	tile := append([]byte(nil), f.arrivals.Get(number)...)
	copy(tile[(seq-1)%tileSize*arrivalSize:], appendArrival(nil, key, leaf))
	f.must(f.arrivals.Put(number, tile))
}

// moveID makes a sender's id lead to another entry of its day.
func (f *tampering) moveID(id string, from, to uint64) {
	date := dateOf(f.keys[from-1].Time())
	for _, run := range runsOfDate(f.ids, date) {
		records := []idRecord{{hashID(id), to}}
		for i := range run.len() {
			if r := run.at(i); r != (idRecord{hashID(id), from}) {
				records = append(records, r)
			}
		}
		if len(records) == run.len() {
			f.must(f.ids.Bucket(run.name).Put(runValue, makeRun(records)))
		}
	}
}

func (f *tampering) forged(seq int) []byte {
	data := f.get(seq)
	e, err := decodeEntry(data)
	f.must(err)
	e.User.Name = "Nobody"
	data, err = encodeEntry(&e)
	f.must(err)
	return data
}

// tamperings are ways to change a store's file, with the findings expected for each.
var tamperings = []struct {
	name, want string
	tamper     func(*tampering)
}{
	{"changed", "changed 5", func(f *tampering) { f.put(5, f.forged(5)) }},
	{"a changed byte", "changed 4300", func(f *tampering) {
		data := f.get(4300)
		data[len(data)-1] ^= 1
		f.put(4300, data)
	}},
	{"cut off", "changed 6", func(f *tampering) { f.put(6, f.get(6)[:20]) }},
	{"changed with its leaf", "subtree 257", func(f *tampering) {
		data := f.forged(300)
		f.put(300, data)
		f.setArrival(300, f.keys[299], tlog.RecordHash(data))
	}},
	{"a subtree", "subtree 1", func(f *tampering) { f.must(f.tree.Put(subtreeKey(9, 0), make([]byte, 32))) }},
	{"no subtree", "subtree 513", func(f *tampering) { f.must(f.tree.Delete(subtreeKey(8, 2))) }},
	{"removed", "removed 9, removed 4200", func(f *tampering) {
		f.must(f.date(9).Delete(f.keys[8][:]))
		f.must(f.date(4200).Delete(f.keys[4199][:]))
	}},
	{"swapped", "swapped 20, swapped 4221", func(f *tampering) {
		a, b := f.get(20), f.get(4221)
		f.put(20, b)
		f.put(4221, a)
	}},
	{"swapped arrivals", "removed 20, removed 21, inserted 21, inserted 20", func(f *tampering) {
		a, b := f.keys[19], f.keys[20]
		f.setArrival(20, b, tlog.RecordHash(f.get(21)))
		f.setArrival(21, a, tlog.RecordHash(f.get(20)))
	}},
	{"inserted", "inserted 50", func(f *tampering) {
		key := oplog.MakeKey(f.keys[49].Time().Add(time.Microsecond), 50)
		f.must(f.date(50).Put(key[:], f.get(50)))
	}},
	{"after the last", fmt.Sprint("beyond ", manyEntries+1), func(f *tampering) {
		key := oplog.MakeKey(f.keys[49].Time(), manyEntries+1)
		f.must(f.date(50).Put(key[:], f.get(50)))
	}},
	{"the list of arrivals cut", fmt.Sprintf("beyond %d, beyond %d", manyEntries, manyEntries-1), func(f *tampering) {
		last := append([]byte(nil), f.arrivals.Get(tileKey(manyEntries/tileSize))...)
		f.must(f.arrivals.Put(tileKey(manyEntries/tileSize), last[:len(last)-2*arrivalSize]))
	}},
	{"an id to another entry", "id 4, id 7", func(f *tampering) { f.moveID("own-3", 4, 7) }},
	{"an id too many", "id 8", func(f *tampering) {
		f.must(putRun(f.ids, dateOf(f.keys[7].Time()), 99, makeRun([]idRecord{{hashID("none"), 8}})))
	}},
	{"an id of no entry", fmt.Sprint("beyond ", manyEntries+1), func(f *tampering) {
		f.must(putRun(f.ids, dateOf(f.keys[7].Time()), 99, makeRun([]idRecord{{hashID("none"), manyEntries + 1}})))
	}},
	{"ids removed", "id 7, id 4, id 1", func(f *tampering) {
		f.must(f.ids.ForEachBucket(func(name []byte) error {
			run := readRun(f.ids, name)
			var kept []idRecord
			for i := range run.len() {
				if r := run.at(i); r.seq > 9 {
					kept = append(kept, r)
				}
			}
			return f.ids.Bucket(name).Put(runValue, makeRun(kept))
		}))
	}},
	{"a tenant's entry in another", "changed 30", func(f *tampering) {
		e, err := decodeEntry(f.get(30))
		f.must(err)
		e.Tenant = "other"
		data, err := encodeEntry(&e)
		f.must(err)
		f.put(30, data)
	}},
}

func TestVerifyDistinguishesTampering(t *testing.T) {
	for _, c := range tamperings {
		t.Run(c.name, func(t *testing.T) {
			db, keys := verifiable(t)
			err := db.bolt.Load().Update(func(tx *bolt.Tx) error {
				b := tx.Bucket(bucketTenants).Bucket([]byte("acme"))
				c.tamper(&tampering{
					t, keys, b.Bucket([]byte(nameEntries)), b.Bucket([]byte(nameIDs)), b.Bucket([]byte(nameArrivals)), b.Bucket([]byte(nameTree)),
				})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			got, v := verified(t, db)
			if got != c.want {
				t.Errorf("found %s; want %s", got, c.want)
			}
			if first := v.Findings[0]; first.Seq <= v.Size && (!first.Time.Equal(keys[first.Seq-1].Time()) || first.ID == "") && first.Kind != FoundInserted && c.name != "swapped arrivals" {
				t.Errorf("the first is %+v, want the entry at %s", first, keys[first.Seq-1].Time())
			}
		})
	}
}

func TestForeignCheckpoints(t *testing.T) {
	db, other := openStore(t, t.TempDir()), openStore(t, t.TempDir())
	mustAppend(t, db, entry(0, "a"))
	ours, err := db.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := other.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	f := func(text, want string) {
		t.Helper()
		if c, err := db.OpenCheckpoint(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %s", text, c, err, want)
		}
	}
	f(theirs, "signed by another key")
	f(strings.Replace(ours, "\n1\n", "\n2\n", 1), "was modified")
	f("", "not a checkpoint")
	f("acme\n1\n", "not a checkpoint")
	f(strings.Split(ours, "\n\n")[0], "not a checkpoint")
}

// A sender may choose exactly the id that the log would generate, as re-imports of exports do.
func TestVerifyIDsEqualToGenerated(t *testing.T) {
	db := openStore(t, t.TempDir())
	first := entry(5, "a")
	first.ID = oplog.MakeKey(first.Time, 1).ID()
	other := entry(4, "b")
	other.ID = oplog.MakeKey(other.Time, 7).ID()
	if got, want := mustAppend(t, db, first, other), first.ID+" 1 recorded, "+other.ID+" 2 recorded"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := mustAppend(t, db, first, other), first.ID+" 1 duplicate, "+other.ID+" 2 duplicate"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if found, _ := verified(t, db); found != "" {
		t.Errorf("found %s", found)
	}
}
