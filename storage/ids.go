package storage

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sort"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// Senders' ids are stored as a hash of the id with the seq of its entry, sorted, in runs: each transaction writes its ids as a new run,
// merged with earlier runs that are not much larger. Ids come in random order; in a B+tree each would dirty a page of its own.

// idRecord is a sender's id and the seq of its entry. Several ids may share a hash; the entry decides.
type idRecord struct{ hash, seq uint64 }

const (
	idHashSize   = 7
	idRecordSize = idHashSize + 5 // and the low 5 bytes of the seq, enough for 10^12 entries
	dateSize     = len("2006-01-02")

	// A run is merged with the next if it is at most idGrowth times its size, up to maxRun ids: 3 MiB, which one transaction writes in a
	// few milliseconds.
	idGrowth = 4
	maxRun   = 1 << 18
)

// runValue is the only key of a run's bucket. Each run has its own bucket, because the values of one bucket share pages and are written
// together.
var runValue = []byte("ids")

// hashID returns the first 7 bytes of an id's SHA-256.
func hashID(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(sum[:]) >> (64 - 8*idHashSize)
}

// idRun is a stored run: records of 12 bytes, hash and seq, big-endian, in ascending order.
type idRun []byte

func (r idRun) len() int { return len(r) / idRecordSize }

func (r idRun) at(i int) idRecord {
	b := r[i*idRecordSize:]
	return idRecord{
		hash: binary.BigEndian.Uint64(b) >> (64 - 8*idHashSize),
		seq:  binary.BigEndian.Uint64(b[idRecordSize-8:]) & (1<<(8*(idRecordSize-idHashSize)) - 1),
	}
}

func (r idRun) append(record idRecord) idRun {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], record.hash)
	r = append(r, b[8-idHashSize:]...)
	binary.BigEndian.PutUint64(b[:], record.seq)
	return append(r, b[8-(idRecordSize-idHashSize):]...)
}

// find calls visit with the seqs of a hash until visit returns true.
func (r idRun) find(hash uint64, visit func(seq uint64) bool) bool {
	n := r.len()
	for i := sort.Search(n, func(i int) bool { return r.at(i).hash >= hash }); i < n && r.at(i).hash == hash; i++ {
		if visit(r.at(i).seq) {
			return true
		}
	}
	return false
}

func makeRun(records []idRecord) idRun {
	slices.SortFunc(records, func(a, b idRecord) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.seq, b.seq))
	})
	r := make(idRun, 0, len(records)*idRecordSize)
	for _, record := range records {
		r = r.append(record)
	}
	return r
}

// mergeRuns merges two runs into a new one.
func mergeRuns(a, b idRun) idRun {
	merged := make(idRun, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		least := &a
		if bytes.Compare(b[:idRecordSize], a[:idRecordSize]) < 0 {
			least = &b
		}
		merged = append(merged, (*least)[:idRecordSize]...)
		*least = (*least)[idRecordSize:]
	}
	return append(append(merged, a...), b...)
}

// namedRun is a run with its name: the date and a number, 4 bytes big-endian.
type namedRun struct {
	name []byte
	idRun
}

func readRun(ids *bolt.Bucket, name []byte) namedRun {
	return namedRun{name, bucketIn(ids, name).Get(runValue)}
}

// runsOfDate returns a date's runs, oldest first.
func runsOfDate(ids *bolt.Bucket, date string) []namedRun {
	var runs []namedRun
	c := ids.Cursor()
	for name, _ := c.Seek([]byte(date)); bytes.HasPrefix(name, []byte(date)); name, _ = c.Next() {
		runs = append(runs, readRun(ids, name))
	}
	return runs
}

// idsOfDate are a day's ids in a transaction: the stored ones and those to be added.
type idsOfDate struct {
	runs  []namedRun
	added map[string]oplog.Key
}

func (w *tenantWriter) idsOf(date string) *idsOfDate {
	d := w.idDates[date]
	if d == nil {
		d = &idsOfDate{runs: runsOfDate(w.ids, date), added: make(map[string]oplog.Key)}
		w.idDates[date] = d
	}
	return d
}

// addID queues an entry's id for saveIDs.
func (w *tenantWriter) addID(e *oplog.Entry) { w.idsOf(w.dateOf(e.Time)).added[e.ID] = e.Key() }

// saveIDs writes the queued ids and merges runs.
func (w *tenantWriter) saveIDs() error {
	for date, d := range w.idDates {
		if len(d.added) == 0 {
			continue
		}
		records := make([]idRecord, 0, len(d.added))
		for id, key := range d.added {
			records = append(records, idRecord{hashID(id), key.Seq()})
		}
		number := uint32(0)
		if n := len(d.runs); n > 0 {
			number = binary.BigEndian.Uint32(d.runs[n-1].name[dateSize:]) + 1
		}
		run := makeRun(records)
		for i := len(d.runs) - 1; i >= 0; i-- {
			before := d.runs[i]
			if before.len() > idGrowth*run.len() || before.len()+run.len() > maxRun {
				break
			}
			run = mergeRuns(before.idRun, run)
			number = binary.BigEndian.Uint32(before.name[dateSize:])
			if err := w.ids.DeleteBucket(before.name); err != nil {
				return err
			}
		}
		if err := putRun(w.ids, date, number, run); err != nil {
			return err
		}
	}
	return nil
}

func putRun(ids *bolt.Bucket, date string, number uint32, run idRun) error {
	b, err := ids.CreateBucket(binary.BigEndian.AppendUint32([]byte(date), number))
	if err != nil {
		return err
	}
	return b.Put(runValue, run)
}
