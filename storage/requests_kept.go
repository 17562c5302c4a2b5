package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// What is kept; tests keep less. A 64th more is kept before some are dropped, a few at once.
var (
	maxKeptRequests uint64 = 1 << 19
	maxKeptTime            = 24 * time.Hour
	maxDropped             = 4096 // messages
)

var bucketRequests = []byte("requests")

// keep keeps what the requests of a message have led to, and drops what is too old or too much.
func keep(tx *bolt.Tx, index uint64, group []*appendRequest) error {
	var ids, outcomes []byte
	var at int64
	count := uint32(0)
	for _, r := range group {
		if r.refused != nil || r.answered || r.request.ID == (RequestID{}) || len(r.recorded) == 0 && r.skipped == 0 && len(r.changes) == 0 {
			continue
		}
		count++
		ids, outcomes = append(ids, r.request.ID[:]...), r.outcome().append(outcomes)
		if n := len(r.recorded); n > 0 {
			at = max(at, r.recorded[n-1].ReceivedAt.UnixMicro())
		}
	}
	if count == 0 {
		return nil
	}
	b, err := tx.CreateBucketIfNotExists(bucketRequests)
	if err != nil {
		return err
	}
	b.FillPercent = appendFill
	key, data := b.Cursor().Last()
	last, _ := readKept(key, data) // a damaged one says nothing
	if at == 0 {
		at = last.at
	}
	total := last.total + uint64(count)
	value := make([]byte, sumSize, keptHead+len(ids)+len(outcomes))
	value = binary.BigEndian.AppendUint64(value, uint64(at)) //nolint:gosec // as it is read again
	value = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(value, total), count)
	value = append(append(value, ids...), outcomes...)
	key = keyOfRequests(index)
	binary.BigEndian.PutUint32(value, sumOfKept(key, value[sumSize:]))
	return errors.Join(b.Put(key, value), dropKept(b, at, total))
}

// dropKept drops what is too old or too much beside what was kept last.
func dropKept(b *bolt.Bucket, at int64, total uint64) error {
	tooMany := func(k kept, most uint64) bool { return total > k.total && total-k.total >= most }
	tooOld := func(k kept, most time.Duration) bool { return at-k.at > most.Microseconds() }
	c := b.Cursor()
	key, data := c.First()
	k, damage := readKept(key, data)
	if damage == nil && !tooMany(k, maxKeptRequests+maxKeptRequests/64) && !tooOld(k, maxKeptTime+maxKeptTime/64) {
		return nil
	}
	var keys [][]byte
	for ; key != nil && len(keys) < maxDropped; key, data = c.Next() {
		if k, damage = readKept(key, data); damage == nil && !tooMany(k, maxKeptRequests) && !tooOld(k, maxKeptTime) {
			break
		}
		keys = append(keys, key)
	}
	for _, key := range keys {
		if err := errors.Join(b.SetSequence(max(b.Sequence(), binary.BigEndian.Uint64(key))), b.Delete(key)); err != nil {
			return err
		}
	}
	return nil
}

// dropRequests drops all that is kept of requests.
func dropRequests(tx *bolt.Tx) error {
	if tx.Bucket(bucketRequests) == nil {
		return nil
	}
	return tx.DeleteBucket(bucketRequests)
}

const keptHead = sumSize + 8 + 8 + 4

// kept is what is kept of the requests of a message.
type kept struct {
	index    uint64 // of the message
	at       int64
	total    uint64
	count    int
	ids      []byte
	outcomes []byte
}

// readKept reads what is kept of a message; of a damaged one it has only the index.
func readKept(key, data []byte) (kept, error) {
	if len(key) != 8 {
		return kept{}, errors.New("what is kept of requests has a damaged key")
	}
	k := kept{index: binary.BigEndian.Uint64(key)}
	if len(data) < keptHead || sumOfKept(key, data[sumSize:]) != binary.BigEndian.Uint32(data) {
		return k, fmt.Errorf("what is kept of the requests of message %d is damaged: a node that sends one of them again is told that it is not known", k.index)
	}
	data = data[sumSize:]
	k.at, k.total = int64(binary.BigEndian.Uint64(data)), binary.BigEndian.Uint64(data[8:]) //nolint:gosec // as it was written
	k.count = int(binary.BigEndian.Uint32(data[16:]))
	k.ids, k.outcomes = data[20:20+len(RequestID{})*k.count], data[20+len(RequestID{})*k.count:]
	return k, nil
}

func (k *kept) id(i int) RequestID { return RequestID(k.ids[i*len(RequestID{}):]) }

// outcome returns what a request has led to.
func (k *kept) outcome(i int) (*outcome, error) {
	rest := k.outcomes
	for at := 0; ; at++ {
		o, after, ok := readOutcome(rest)
		if !ok {
			return nil, oplog.Errorf(oplog.CodeDamaged, "What is kept of the requests of message %d cannot be read.", k.index)
		}
		if at == i {
			return &o, nil
		}
		rest = after
	}
}

// append appends an outcome: the log's name with its length, the first seq, how many entries there are, and whether and which seqs they have.
func (o outcome) append(to []byte) []byte {
	to = append(binary.AppendUvarint(to, uint64(len(o.log))), o.log...)
	to = binary.AppendUvarint(binary.AppendUvarint(to, o.first), uint64(o.size())) //nolint:gosec // a number of entries
	to = append(to, byte(min(1, len(o.seqs))))                                     //nolint:gosec // 0 or 1
	for _, seq := range o.seqs {
		to = binary.AppendUvarint(to, seq)
	}
	return to
}

func readOutcome(from []byte) (o outcome, rest []byte, ok bool) {
	ok = true
	number := func() uint64 {
		value, n := binary.Uvarint(from)
		if ok = ok && n > 0; ok {
			from = from[n:]
		}
		return value
	}
	length := number()
	if !ok || length > uint64(len(from)) {
		return o, nil, false
	}
	o.log, from = string(from[:length]), from[length:]
	o.first = number()
	count := number()
	if !ok || len(from) == 0 {
		return o, nil, false
	}
	hasSeqs := from[0] == 1
	if from = from[1:]; !hasSeqs {
		o.count = int(count) //nolint:gosec // a number of entries
		return o, from, true
	}
	for i := uint64(0); i < count && ok; i++ {
		o.seqs = append(o.seqs, number())
	}
	return o, from, ok
}

func sumOfKept(key, rest []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, rest)
}

func keyOfRequests(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }

// damagedRequests returns an error for what is damaged in some of what is kept of requests, from a key on, and where to go on; nil at the end.
func (db *DB) damagedRequests(from []byte, most int) (damaged []error, next []byte, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketRequests)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for key, data := c.Seek(from); key != nil; key, data = c.Next() {
			if most--; most < 0 {
				next = bytes.Clone(key)
				return nil
			}
			if _, damage := readKept(key, data); damage != nil {
				damaged = append(damaged, damage)
			}
		}
		return nil
	})
	return damaged, next, err
}
