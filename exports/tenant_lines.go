package exports

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"oplog/background"
	"oplog/oplog"
)

// linesAtOnce limits the entries in memory.
const linesAtOnce = 256

// lineWriter writes a log's entries by arrival, up to its checkpoint. What the store omits was deleted.
type lineWriter struct {
	ctx    context.Context
	store  oplog.Store
	log    *TenantLog
	encode func(*oplog.Entry) ([]byte, error)
	out    *json.Encoder
	done   func(n uint64)

	next    uint64 // the seq of the next line
	waiting []oplog.Entry
	pace    background.Pacer
}

func (w *lineWriter) writeAll() error {
	err := w.store.Arrivals(w.ctx, w.log.Log, 1, w.log.Size+1, func(e oplog.Entry) error {
		if w.waiting = append(w.waiting, e); len(w.waiting) < linesAtOnce {
			return nil
		}
		return w.writeThrough(e.Seq)
	})
	if w.log.Size == 0 && oplog.CodeOf(err) == oplog.CodeNotFound {
		err = nil // nothing was ever recorded
	}
	if err != nil {
		return err
	}
	return w.writeThrough(w.log.Size)
}

// writeThrough writes the lines up to a seq.
func (w *lineWriter) writeThrough(seq uint64) error {
	for w.next <= seq {
		lines := make([]TenantLine, 0, linesAtOnce)
		keys := make([]oplog.Key, 0, linesAtOnce)
		for ; w.next <= seq && len(lines) < linesAtOnce; w.next++ {
			line, key, err := w.lineOf(w.next)
			if err != nil {
				return err
			}
			lines, keys = append(lines, line), append(keys, key)
		}
		hashes, err := w.store.LeafHashes(w.ctx, w.log.Log, keys)
		if err != nil {
			return err
		}
		for i := range lines {
			if err := w.write(&lines[i], keys[i], hashes[i]); err != nil {
				return err
			}
		}
		if w.done != nil {
			w.done(w.next - 1)
		}
	}
	return nil
}

// lineOf returns the line of the next entry, without its hash.
func (w *lineWriter) lineOf(seq uint64) (TenantLine, oplog.Key, error) {
	if len(w.waiting) > 0 && w.waiting[0].Seq == seq {
		e := w.waiting[0]
		w.waiting = w.waiting[1:]
		leaf, err := w.encode(&e)
		return TenantLine{Seq: seq, Leaf: leaf, Entry: &e}, e.Key(), err
	}
	key, err := w.store.KeyOfSeq(w.log.Log, seq)
	w.log.Deleted++
	return TenantLine{Seq: seq, Deleted: true, Time: key.Time()}, key, err
}

func (w *lineWriter) write(line *TenantLine, key oplog.Key, hash [sha256.Size]byte) error {
	if line.Entry != nil && (line.Entry.Damaged || leafHash(line.Leaf) != hash) {
		return oplog.DamagedEntry(w.log.Log, key)
	}
	line.LeafHash = hash[:]
	if err := w.out.Encode(line); err != nil {
		return fmt.Errorf("write line %d of %s: %w", line.Seq, w.log.File, err)
	}
	w.pace.Yield()
	return nil
}

// leafHash returns the hash of a leaf (RFC 6962).
func leafHash(leaf []byte) [sha256.Size]byte {
	return sha256.Sum256(append(make([]byte, 1, 1+len(leaf)), leaf...))
}
