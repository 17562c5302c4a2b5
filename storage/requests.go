package storage

import (
	"context"
	"errors"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// A node sends a request again if it does not know what became of it: the one that led was lost before it answered. So what each request has
// led to is replicated with it, and kept for a while, by the index of its message:
//
//	requests/<index>    CRC-32C of the key and the rest, 4 bytes; newest time of receipt, 8 bytes of microseconds; number of requests up to here,
//	                    8 bytes; number of those in the message, 4 bytes; their ids, 16 bytes each; for each: log, first seq, seqs
//
// The bucket's sequence is the index of the last message whose requests have been dropped.

// Request tells a request of a node from all others.
type Request struct {
	ID    RequestID // random; zero for a request that is not sent again
	After uint64    // index of a message that enough copies had before the request was sent for the first time
}

// RequestID is the id of a request.
type RequestID [16]byte

// ErrForgotten is the error of a request that may have been stored so long ago that it is not known any more. Nothing was stored now.
var ErrForgotten = oplog.Errorf(oplog.CodeUnavailable, "Whether the request was stored before is not known any more; nothing was stored now.")

// ErrNotHere is the error of a request that enough other copies have, and that comes here by Apply.
var ErrNotHere = errors.New("it is stored on other nodes only")

type notHereError struct{ error }

func (notHereError) Is(target error) bool { return target == ErrNotHere }

func (e notHereError) Unwrap() error { return e.error }

// requestsLevel is the level of messages from which they may have ids of requests.
const requestsLevel = 2

// outcome is what a request has led to.
type outcome struct {
	log   string
	first uint64   // seq of the first entry that was recorded
	seqs  []uint64 // of each entry: 0 if it was recorded, the next one; or that of its duplicate; nil if all were recorded
	count int      // of entries, if seqs is nil
}

// AppendOnce is Append of a request that may have been stored before. Then it returns what that led to.
func (db *DB) AppendOnce(ctx context.Context, request Request, tenant string, entries []oplog.Entry, skipped int) ([]oplog.Receipt, error) {
	return db.submit(ctx, &appendRequest{request: request, tenant: tenant, entries: entries, skipped: skipped})
}

// findAnswered finds out which requests of a group were stored before, or come twice in it.
func (db *DB) findAnswered(tx *bolt.Tx, group []*appendRequest) error {
	if db.propose == nil {
		return nil
	}
	if db.Level() < requestsLevel { // other nodes would not understand it
		for _, r := range group {
			r.request = Request{}
		}
		return nil
	}
	wanted := make(map[RequestID]*appendRequest, len(group))
	from := ^uint64(0)
	for _, r := range group {
		r.earlier, r.same, r.forgotten, r.answered = nil, nil, false, false
		switch {
		case r.request.ID == RequestID{}:
		case wanted[r.request.ID] != nil:
			r.same = wanted[r.request.ID]
		default:
			wanted[r.request.ID], from = r, min(from, r.request.After)
		}
	}
	b := tx.Bucket(bucketRequests)
	if b == nil || len(wanted) == 0 {
		return nil
	}
	dropped := b.Sequence()
	for _, r := range wanted {
		r.forgotten = r.request.After < dropped
	}
	c := b.Cursor()
	for key, data := c.Seek(keyOfRequests(from + 1)); key != nil; key, data = c.Next() {
		kept, damage := readKept(key, data)
		for _, r := range wanted {
			r.forgotten = r.forgotten || damage != nil && r.request.After < kept.index
		}
		for i := range kept.count {
			if r := wanted[kept.id(i)]; r != nil {
				if r.earlier, damage = kept.outcome(i); damage != nil {
					return damage
				}
			}
		}
	}
	return nil
}

// answer gives a request that was stored before, or comes a second time in its group, the answer of the first time. It reports whether that is all
// that is to be done with it.
func (db *DB) answer(tx *bolt.Tx, writers map[string]*tenantWriter, r *appendRequest) (answered bool, err error) {
	switch {
	case r.earlier != nil:
	case r.same != nil && r.same.answered:
		r.earlier = r.same.earlier
	case r.same != nil && r.same.refused == nil:
		first := r.same.outcome()
		r.earlier = &first
	case r.forgotten:
		r.refused = ErrForgotten
		return true, nil
	default:
		return false, nil
	}
	r.answered, r.receipts = true, make([]oplog.Receipt, len(r.entries))
	if r.earlier.log != r.tenant || len(r.entries) != r.earlier.size() {
		r.refused = errors.New("another request had the same id")
		return true, nil
	}
	if len(r.entries) == 0 {
		return true, nil
	}
	w, err := db.writerOf(tx, writers, r.tenant)
	if err != nil {
		return true, err
	}
	next := r.earlier.first
	for i := range r.entries {
		e, receipt := &r.entries[i], &r.receipts[i]
		if receipt.Seq, receipt.Status = r.earlier.duplicate(i), oplog.StatusDuplicate; receipt.Seq == 0 {
			receipt.Seq, receipt.Status = next, oplog.StatusRecorded
			e.Seq = next
			next++
		}
		if e.ID == "" { // the entry may have another time now
			key, err := w.arrival(receipt.Seq)
			if isMoved(err) {
				r.refused = err // the other requests of the group are none the worse
				return true, nil
			}
			if err != nil {
				return true, err
			}
			e.ID = key.ID()
		}
		receipt.ID = e.ID
	}
	return true, nil
}

func (o *outcome) size() int { return max(o.count, len(o.seqs)) }

// duplicate returns the seq of which an entry is a duplicate; 0 for one that was recorded.
func (o *outcome) duplicate(i int) uint64 {
	if o.seqs == nil {
		return 0
	}
	return o.seqs[i]
}

// outcome returns what a request that was written has led to.
func (r *appendRequest) outcome() outcome {
	o := outcome{log: r.tenant, seqs: r.seqs, count: len(r.recorded)}
	if len(r.recorded) > 0 {
		o.first = r.recorded[0].Seq
	}
	return o
}

// seqsOf returns the seqs of an outcome of a request that was written here.
func seqsOf(r *appendRequest) []uint64 {
	if len(r.recorded) == len(r.entries) {
		return nil
	}
	seqs := make([]uint64, len(r.entries))
	for i, receipt := range r.receipts {
		if receipt.Status == oplog.StatusDuplicate {
			seqs[i] = receipt.Seq
		}
	}
	return seqs
}
