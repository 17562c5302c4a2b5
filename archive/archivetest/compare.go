package archivetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"oplog/oplog"
)

// Compare draws calls of the methods that read, and returns an error if the logs do not answer alike. It may run in any goroutine.
func (w *Twin) Compare(seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // a test's
	for _, c := range []struct {
		name    string
		answers func(r *rand.Rand) func(s oplog.Store) (any, error)
	}{
		{"Get", w.get}, {"Find", w.find}, {"Arrivals", w.arrivals}, {"Scan", w.scan}, {"Older", w.older}, {"Prove", w.prove}, {"DaysBefore", w.daysBefore}, {"a seq", w.seq},
	} {
		ask := c.answers(r)
		want, wantErr := ask(w.Plain)
		got, err := ask(w.Joined)
		if oplog.CodeOf(err) != oplog.CodeOf(wantErr) || (err == nil) != (wantErr == nil) || !reflect.DeepEqual(got, want) {
			return fmt.Errorf("seed %d: %s answers %v, %w\nwithout an archive %v, %w", seed, c.name, brief(got), err, brief(want), wantErr)
		}
	}
	return nil
}

// brief formats answers with the seqs of entries alone.
func brief(answer any) any {
	if entries, ok := answer.([]oplog.Entry); ok {
		seqs := make([]string, len(entries))
		for i := range entries {
			seqs[i] = fmt.Sprintf("%s %d", oplog.DateOf(entries[i].Time), entries[i].Seq)
			if entries[i].Damaged {
				seqs[i] += " damaged"
			}
		}
		return seqs
	}
	return answer
}

// key draws the key of an entry.
func (w *Twin) key(r *rand.Rand) oplog.Key {
	key, err := w.Plain.KeyOfSeq(w.Tenant, 1+r.Uint64N(w.Last))
	if err != nil {
		panic(err)
	}
	return key
}

// moment draws a key that need not be of an entry.
func (w *Twin) moment(r *rand.Rand) oplog.Key {
	key := w.key(r)
	switch r.IntN(4) {
	case 0:
		return oplog.MakeKey(key.Time().Truncate(24*time.Hour), 0)
	case 1:
		return oplog.MakeKey(key.Time().Add(time.Duration(r.IntN(72)-36)*time.Hour), key.Seq())
	}
	return key
}

func (w *Twin) get(r *rand.Rand) func(s oplog.Store) (any, error) {
	keys := make([]oplog.Key, r.IntN(60))
	for i := range keys {
		keys[i] = w.key(r)
	}
	if r.IntN(12) == 0 {
		keys = append(keys, oplog.MakeKey(w.key(r).Time(), w.Last+7))
	}
	var into *oplog.ReadBuffer
	if r.IntN(2) == 0 {
		into = &oplog.ReadBuffer{}
	}
	return func(s oplog.Store) (any, error) {
		found, err := s.Get(w.Tenant, keys, into)
		if err != nil {
			return nil, errors.New("not in the log") // the stores say it in different words
		}
		return texts(found), err
	}
}

func (w *Twin) find(r *rand.Rand) func(s oplog.Store) (any, error) {
	id := w.IDs[r.IntN(len(w.IDs))]
	switch r.IntN(4) {
	case 0:
		id = w.key(r).ID()
	case 1:
		id = []string{"no such id", oplog.MakeKey(w.key(r).Time(), w.Last+3).ID(), oplog.MakeKey(w.key(r).Time().Add(time.Microsecond), 1).ID()}[r.IntN(3)]
	}
	var keep func(*oplog.Entry) bool
	if r.IntN(2) == 0 {
		in := []string{"east", "west", "nowhere"}[r.IntN(3)]
		keep = func(e *oplog.Entry) bool { return e.Organization.ID == in }
	}
	return func(s oplog.Store) (any, error) { return s.Find(w.Tenant, id, keep) }
}

var errStop = errors.New("enough was visited")

// visited returns what a method visits; it stops it after some entries.
func visited(r *rand.Rand, run func(s oplog.Store, visit func(oplog.Entry) error) error) func(s oplog.Store) (any, error) {
	most := -1
	if r.IntN(3) == 0 {
		most = 1 + r.IntN(30)
	}
	return func(s oplog.Store) (any, error) {
		var found []oplog.Entry
		err := run(s, func(e oplog.Entry) error {
			if found = append(found, e); len(found) == most {
				return errStop
			}
			return nil
		})
		return found, err
	}
}

func (w *Twin) arrivals(r *rand.Rand) func(s oplog.Store) (any, error) {
	from, to := r.Uint64N(w.Last+3), r.Uint64N(w.Last+5)
	if r.IntN(3) == 0 {
		from, to = 0, 0
	}
	return visited(r, func(s oplog.Store, visit func(oplog.Entry) error) error {
		return s.Arrivals(context.Background(), w.Tenant, from, to, visit)
	})
}

func (w *Twin) scan(r *rand.Rand) func(s oplog.Store) (any, error) {
	from, to := w.moment(r), w.moment(r)
	if r.IntN(3) == 0 {
		from, to = oplog.Key{}, oplog.Key{}
	}
	return visited(r, func(s oplog.Store, visit func(oplog.Entry) error) error {
		return s.Scan(context.Background(), w.Tenant, from, to, visit)
	})
}

func (w *Twin) older(r *rand.Rand) func(s oplog.Store) (any, error) {
	before, from, n := w.moment(r), w.moment(r), 1+r.IntN(100)
	if r.IntN(2) == 0 {
		before, from = oplog.MakeKey(FirstDate.AddDate(10, 0, 0), 0), oplog.Key{}
	}
	return func(s oplog.Store) (any, error) {
		var all []string
		var into oplog.ReadBuffer
		for before, pages := before, 0; pages < 4; pages++ {
			found, err := s.Older(w.Tenant, before, from, n, &into)
			if err != nil {
				return nil, err
			}
			if all = append(all, texts(found)...); len(found) < n {
				break
			}
			before = found[n-1].Key()
		}
		return all, nil
	}
}

// texts formats entries, which need not stay valid.
func texts(entries []oplog.Entry) []string {
	all := make([]string, len(entries))
	for i := range entries {
		all[i] = fmt.Sprintf("%+v", entries[i])
	}
	return all
}

func (w *Twin) prove(r *rand.Rand) func(s oplog.Store) (any, error) {
	key := w.key(r)
	size := key.Seq() + r.Uint64N(w.Last-key.Seq()+1)
	if r.IntN(8) == 0 {
		key = oplog.MakeKey(key.Time(), w.Last+9)
	}
	return func(s oplog.Store) (any, error) {
		p, err := s.Prove(w.Tenant, key, size)
		p.Checkpoint = "" // the logs have different keys
		return p, err
	}
}

func (w *Twin) daysBefore(r *rand.Rand) func(s oplog.Store) (any, error) {
	date := oplog.DateOf(w.moment(r).Time())
	return func(s oplog.Store) (any, error) { return s.DaysBefore(context.Background(), w.Tenant, date) }
}

func (w *Twin) seq(r *rand.Rand) func(s oplog.Store) (any, error) {
	seq := r.Uint64N(w.Last + 2)
	return func(s oplog.Store) (any, error) {
		key, err := s.KeyOfSeq(w.Tenant, seq)
		if err != nil {
			return nil, err
		}
		arrived, err := s.Arrived(w.Tenant, key)
		return []any{key, arrived}, err
	}
}
