package storage

import (
	"context"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// A moved tile is verified as far as it is here: the hash of the subtree over its leaves is taken as it is stored, and is part of the tree. Whether the
// archive has these leaves is for those to check who ask it.

// movedTile returns what stays of the tile that begins with a seq, if it was moved.
func (r *arrivalReader) movedTile(seq uint64) (stub, bool) {
	if (seq-1)%tileSize != 0 {
		return nil, false
	}
	left := stub(r.tree.load((seq - 1) / tileSize))
	return left, isStub(left)
}

// checkMoved checks a moved tile that begins with a seq: its days are removed, or were deleted since.
func (r *arrivalReader) checkMoved(seq uint64, left stub, subtrees *bolt.Bucket) {
	number := (seq - 1) / tileSize
	r.part.moved[number] = true
	root, err := tree{subtrees: subtrees}.hash(tileLevel, int64(number)) //nolint:gosec // a number of tiles
	r.part.leaves = append(r.part.leaves, root)
	first, last := left.bounds()
	f := Finding{Kind: FoundMoved, Seq: seq, Last: seq + tileSize - 1, Time: time.UnixMicro(first).UTC()}
	if err != nil {
		f.Kind = FoundSubtree
		r.part.findings = append(r.part.findings, f)
		return
	}
	if r.archive.hasUnknown(first, last) {
		r.part.movedUnsure += tileSize
		return
	}
	for _, micros := range []int64{first, last} {
		at := oplog.MakeKey(time.UnixMicro(micros), seq)
		_, confirmed := r.archive.isRemoved(r.tx, oplog.DateOf(at.Time()))
		if !confirmed && !isDeleted(r.proven, at) {
			r.part.findings = append(r.part.findings, f)
			return
		}
	}
	if slices.ContainsFunc(r.proven, func(d *oplog.Deletion) bool { return seq <= d.Through && left.overlaps(closedDays(nil).with(d)) }) {
		r.part.movedUnsure += tileSize
		return
	}
	r.part.movedArrivals += tileSize
}

// countMoved counts the arrivals of moved tiles: as many are archived as the records of removed days have more than the tiles that are here; the
// others are of days that were deleted before their tiles were brought back.
func (v *verification) countMoved(missing uint64) {
	if missing < v.Moved || missing > v.Moved+v.movedUnsure {
		v.find(Finding{Kind: FoundMoved, Seq: 1, Last: v.Size})
		return
	}
	if others := v.Moved + v.movedUnsure - missing; v.archive.began.hasUnknown() {
		v.Unknown += others
	} else {
		v.Deleted += others
	}
	v.Moved = missing
	v.Archived += missing
}

// isPartOf reports whether a day may have more entries, those of another sum.
func (s daySum) isPartOf(all daySum) bool {
	return s.rows < all.rows && (s.rows == 0 || s.minSeq >= all.minSeq && s.maxSeq <= all.maxSeq)
}

// checkKeptInMoved computes the roots of the trees of kept checkpoints that end within moved tiles.
func (v *verification) checkKeptInMoved(ctx context.Context) error {
	var sizes []uint64
	for size := range v.kept {
		if _, known := v.Kept[size]; !known && size > 0 && size <= v.Size {
			sizes = append(sizes, size)
		}
	}
	slices.Sort(sizes)
	for chunk := range slices.Chunk(sizes, maxFetched) {
		err := v.db.viewTree(ctx, v.tenant, func(tx *bolt.Tx, m *movedTiles) error {
			t, err := m.readTree(tx)
			if err != nil {
				return err
			}
			var moved error
			for _, size := range chunk {
				switch root, err := tlog.TreeHash(int64(size), t); { //nolint:gosec // a number of entries
				case isMoved(err):
					moved = err
				case err != nil:
					return err
				default:
					v.Kept[size] = root
				}
			}
			return moved
		})
		if oplog.CodeOf(err) == oplog.CodeUnavailable {
			for _, size := range sizes {
				delete(v.Kept, size)
			}
			v.KeptInArchive = sizes
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
