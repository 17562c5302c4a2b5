package storage

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"oplog/durable"
)

// The head file says beside the data file how far that has come. Without it, a data file whose newest meta page or whose last transaction is
// damaged would be read as it was one transaction earlier, and nothing would tell that acknowledged entries are missing.
//
// It is written after each transaction that is on disk, so it never is ahead of the data file. It is not synced then, which would double
// the cost of a transaction: after a power cut it may lag behind, by what the system has not written back within half a minute, and a lower
// mark refuses nothing. It has two slots, which are written alternately and are far enough apart for an interrupted write to spoil only one.
const headName = "oplog.head"

// The mark's last byte is the form of the slot. Later forms keep the size of a mark and its CRC, so that they are told from damage. Builds that know
// no sum of the trees read and write the mark alone: the CRC of the trees is over both, so a sum that they left behind is not taken for theirs.
const (
	headMark    = "oplog\x00hd"
	markSize    = len(headMark) + 5*8 + sumSize
	slotSize    = markSize + len(treeSum{}) + sumSize
	slotSpacing = 4096
)

// highWater is how far the data file has come.
type highWater struct {
	count   uint64 // of the writes of the head file; the slot with the larger one is valid
	txid    uint64 // of the last transaction
	entries uint64 // of all tenants and trails, deleted ones included
	lost    Loss   // that was accepted and is not in the trail yet

	trees *treeSum // after that transaction; nil if not known
}

// Loss counts acknowledged transactions and entries that are no longer in the data file.
type Loss struct {
	Transactions, Entries uint64
	Unknown               bool // there may be others: the head file was missing
	Changed               bool // a tree was not that of the head
}

// What is set in the number of transactions that the head file has.
const (
	unknownLoss  = 1 << 63
	changedTrees = 1 << 62
)

func (l *Loss) transactions() uint64 {
	n := l.Transactions
	if l.Unknown {
		n |= unknownLoss
	}
	if l.Changed {
		n |= changedTrees
	}
	return n
}

func (m *highWater) encode() []byte {
	b := append(make([]byte, 0, slotSize), headMark...)
	for _, n := range []uint64{m.count, m.txid, m.entries, m.lost.transactions(), m.lost.Entries} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if m.trees != nil {
		b = append(b, m.trees[:]...)
		b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	}
	return b
}

// endsWithSum reports whether the last bytes are the CRC of the others.
func endsWithSum(b []byte) bool {
	sum := len(b) - sumSize
	return binary.BigEndian.Uint32(b[sum:]) == crc32.Checksum(b[:sum], castagnoli)
}

// isSlot reports whether bytes begin with a whole mark, of any form.
func isSlot(b []byte) bool {
	form := len(headMark) - 1
	return len(b) >= markSize && string(b[:form]) == headMark[:form] && endsWithSum(b[:markSize])
}

// decodeHighWater decodes a slot, which may be followed by other bytes.
func decodeHighWater(b []byte) (m highWater, ok bool) {
	if !isSlot(b) || string(b[:len(headMark)]) != headMark {
		return highWater{}, false
	}
	if len(b) >= slotSize && endsWithSum(b[:slotSize]) {
		m.trees = new(treeSum(b[markSize : slotSize-sumSize]))
	}
	for i, n := range []*uint64{&m.count, &m.txid, &m.entries, &m.lost.Transactions, &m.lost.Entries} {
		*n = binary.BigEndian.Uint64(b[len(headMark)+8*i:])
	}
	m.lost.Unknown = m.lost.Transactions&unknownLoss != 0
	m.lost.Changed = m.lost.Transactions&changedTrees != 0
	m.lost.Transactions &^= unknownLoss | changedTrees
	return m, true
}

// headFile is the open head file.
type headFile struct {
	file    *os.File
	mark    highWater // guarded by writeMu of the DB
	failing bool      // the last write failed; guarded by writeMu of the DB
}

// readHeadFile reads the head file of a data directory; nil if there is none.
func readHeadFile(dir string) (*highWater, error) {
	f, err := os.Open(filepath.Join(dir, headName)) //nolint:gosec // the user names the directory
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // the store says whether there was one; see names.go
	}
	if err != nil {
		return nil, fmt.Errorf("read the head of the log: %w", err)
	}
	defer func() { _ = f.Close() }()
	var last *highWater
	for slot := range int64(2) {
		b := make([]byte, slotSize)
		if _, err := f.ReadAt(b, slot*slotSpacing); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read the head of the log: %w", err)
		}
		m, ok := decodeHighWater(b)
		if !ok && isSlot(b) {
			return nil, fmt.Errorf("%s is of a newer version of oplog; use that version", f.Name())
		}
		if ok && (last == nil || m.count > last.count) {
			last = &m
		}
	}
	if last == nil {
		return nil, errHeadDamaged
	}
	return last, nil
}

var errHeadDamaged = errors.New("oplog.head is damaged, so whether oplog.db is complete could not be checked; compare it with a checkpoint or a backup")

// openHead opens the head file, which it creates if missing, and writes where the data file is. A full disk is no reason not to open it.
func openHead(dir string, mark highWater) (*headFile, error) {
	path := filepath.Join(dir, headName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) { // its name is made durable, too; without space for that, it is still used
		_ = durable.WriteSecret(path, string(mark.encode()))
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the user names the directory
	if err != nil {
		return nil, fmt.Errorf("write the head of the log: %w", cause(err))
	}
	h := &headFile{file: f, mark: mark}
	h.tell(cmp.Or(h.sync(), durable.SyncDir(dir))) // in which this file and the data file may be new
	return h, nil
}

// write writes the mark to the slot that is not the last.
func (h *headFile) write() error {
	h.mark.count++
	_, err := durable.WriteAt(h.file, h.mark.encode(), int64(h.mark.count%2)*slotSpacing) //nolint:gosec // 0 or 1
	return err
}

func (h *headFile) sync() error { return cmp.Or(h.write(), durable.Sync(h.file)) }

// advance notes a transaction that is on disk, which added entries and changed the sum of the trees.
func (h *headFile) advance(txid, entries uint64, trees treeSum) {
	h.mark.txid = txid
	h.mark.entries += entries
	if h.mark.trees != nil {
		h.mark.trees.add(trees)
	}
	h.tell(h.write())
}

// tell logs that the head cannot be written. It then lags behind, which is no reason to fail a transaction that is on disk.
func (h *headFile) tell(err error) {
	if err != nil && !h.failing {
		slog.Warn("oplog.head cannot be written; recording goes on", "file", h.file.Name(), "err", err)
	}
	h.failing = err != nil
}

func (h *headFile) close() error { return errors.Join(durable.Sync(h.file), h.file.Close()) }

// startHead compares the number of entries with the head, and begins to write it.
func (db *DB) startHead(o *opening) error {
	mark := highWater{}
	var entries uint64
	var trees treeSum
	err := db.view(func(tx *bolt.Tx) (err error) {
		mark.txid = uint64(tx.ID()) //nolint:gosec // bbolt counts from 1
		entries, trees, err = readTrees(tx)
		return err
	})
	if err == nil {
		mark.trees = &trees
	}
	if err != nil { // one tenant does not keep the others from being read; verify tells which entries are affected
		db.report(fmt.Errorf("the entries of %s cannot be counted (%w), so whether all are there is not known; run oplog verify", o.path, err))
		if o.head != nil {
			entries = o.head.entries
		}
	}
	mark.entries = entries
	mark.lost.Unknown = o.unknown
	if o.head != nil {
		mark.count, mark.lost = o.head.count, o.head.lost
		older := o.head.checkEntries(o.path, entries)
		switch {
		case older == nil:
		case o.readOnly:
			db.missing = cmp.Or(db.missing, older)
		case !o.acceptLoss:
			return older
		default:
			mark.lost.Entries += o.head.entries - entries
		}
		mark.lost.Changed = mark.lost.Changed || o.changed
		mark.lost.Transactions += o.lost
	}
	if o.readOnly {
		return nil
	}
	db.head, err = openHead(db.dir, mark)
	return err
}

// advanceHead notes a transaction that is on disk.
func (db *DB) advanceHead(txid uint64) {
	if db.head != nil { // else the store is being opened
		db.head.advance(txid, db.adds, db.extends)
	}
}

// Loss returns the loss that this or an earlier Open accepted, until LossRecorded.
func (db *DB) Loss() Loss {
	db.writeMu.Lock()
	defer db.writeMu.Unlock()
	return db.head.mark.lost
}

// Missing returns an error that says which acknowledged transactions or entries are missing, or which pages are damaged; nil if none is. Only a
// store that was opened read-only can be in that state.
func (db *DB) Missing() error { return errors.Join(db.missing, db.noHead) }

// OnlyHeadMissing reports whether all that Missing says is that nothing tells whether the store is complete, as its head file is missing.
func (db *DB) OnlyHeadMissing() bool { return db.missing == nil && db.noHead != nil }

// LossRecorded notes that the loss is in the trail.
func (db *DB) LossRecorded() error {
	db.writeMu.Lock()
	defer db.writeMu.Unlock()
	db.head.mark.lost = Loss{}
	return db.head.sync()
}

// report logs damage that does not keep the store from being opened.
func (db *DB) report(damage error) {
	slog.Warn("the log was damaged when it was opened", "file", db.path(), "err", damage)
	db.found = errors.Join(db.found, damage)
}

// Damage returns the damage found when the store was opened; see [oplog.Store].
func (db *DB) Damage() error { return db.found }

const olderCause = ": its newest pages are damaged, or an older copy is in its place"

// olderError is the error of a data file that lacks acknowledged transactions or entries, or may lack them.
type olderError struct{ what, cure string }

func (e *olderError) Error() string { return e.what + ". " + e.cure }

// cures of an olderError
const (
	rightFile   = "Put the right file back, or restore a backup to a new directory; "
	acceptLoss  = ", start once with oplog serve --accept-loss, which is recorded in the access log"
	withoutThem = rightFile + "to continue without the missing entries" + acceptLoss
	withChanged = rightFile + "to continue with the changed trees" + acceptLoss
)

// withoutHead is the cure for a data file whose head file is missing.
func withoutHead(path string) string {
	return "Put oplog.head back, or make a verified copy: oplog restore " + path + " --data NEW; to go on with the file as it is" + acceptLoss
}

// checkPosition checks that the last transaction of a data file is not before that of the head.
func (m *highWater) checkPosition(path string, txid uint64) error {
	if m == nil || txid >= m.txid {
		return nil
	}
	return &olderError{fmt.Sprintf("%s ends with transaction %d, but transaction %d was acknowledged according to oplog.head beside it"+olderCause,
		path, txid, m.txid), withoutThem}
}

// checkEntries checks that a data file has no fewer entries than the head says.
func (m *highWater) checkEntries(path string, entries uint64) error {
	if m == nil || entries >= m.entries {
		return nil
	}
	return &olderError{fmt.Sprintf("%s has %d entries, but %d were acknowledged according to oplog.head beside it"+olderCause,
		path, entries, m.entries), withoutThem}
}
