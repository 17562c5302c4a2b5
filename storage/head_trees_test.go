package storage

import (
	"maps"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// leafIn returns where the leaf hash of a log's entry is in a data file, in its tile.
func leafIn(t *testing.T, of files, tenant string, seq uint64) int {
	t.Helper()
	db := openToRead(t, of.laid(t, -1)) // which moves nothing
	at := 0
	err := db.view(func(tx *bolt.Tx) error {
		tr, err := readTree(tx, tenant)
		if err == nil {
			at = placeOf(tx, tr.arrivals.Get(tileKey((seq-1)/tileSize))) + int((seq-1)%tileSize)*arrivalSize + timeSize //nolint:gosec // small
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestChangedTrees: a bit that turned in a tree while the store was closed is found at the start, before anything is recorded on top of it.
func TestChangedTrees(t *testing.T) {
	of := namedStore(t)
	for _, log := range []string{"acme", "acme/access", "beta"} {
		dir := of.laid(t, leafIn(t, of, log, 1)+5)
		wantRejected(t, dir, "the trees of", "are not those that were acknowledged according to oplog.head", "oplog verify tells which",
			"Put the right file back", "to continue with the changed trees", "--accept-loss")
		reading := openToRead(t, dir)
		v, err := reading.Verify(t.Context(), log, nil, func(_, _ uint64) {})
		if reading.Missing() == nil || err != nil || v.Bad == 0 {
			t.Errorf("%s: for reading it is told as %v, verify finds %+v, %v", log, reading.Missing(), v, err)
		}
		closeStore(t, reading)
		db, err := Open(dir, Options{AcceptLoss: true})
		if err != nil {
			t.Fatal(err)
		}
		if db.Loss() != (Loss{Changed: true}) {
			t.Errorf("%s: the loss is %+v", log, db.Loss())
		}
		if db = reopen(t, db); db.Loss() != (Loss{Changed: true}) {
			t.Errorf("%s: after a restart the loss is %+v", log, db.Loss())
		}
		closeStore(t, db)
	}
}

// TestChangedLargeTree: of a tree of several tiles, the start compares the part on which the next entries build; verify finds the rest.
func TestChangedLargeTree(t *testing.T) {
	db := openStore(t, t.TempDir())
	const size = 300
	entries := make([]oplog.Entry, size)
	for i := range entries {
		entries[i] = entry(i, "a")
	}
	mustAppend(t, db, entries...)
	closeStore(t, db)
	of := filesOf(t, db.dir)
	for seq, refused := range map[uint64]bool{1: false, tileSize: false, tileSize + 1: true, size: true} {
		dir := of.laid(t, leafIn(t, of, "acme", seq)+5)
		if refused {
			wantRejected(t, dir, "are not those that were acknowledged")
			continue
		}
		v, err := openStore(t, dir).Verify(t.Context(), "acme", nil, func(_, _ uint64) {})
		if err != nil || v.Bad == 0 {
			t.Errorf("entry %d: verify finds %+v, %v", seq, v, err)
		}
	}
}

// TestChangedTreesBeforeATransaction: a changed tree is found, too, if opening the store begins with a transaction of its own.
func TestChangedTreesBeforeATransaction(t *testing.T) {
	of := namedStore(t)
	dir := of.laid(t, -1)
	mark, err := readHeadFile(dir)
	if err != nil || mark.trees == nil {
		t.Fatal(mark, err)
	}
	changeFile(t, dir, func(tx *bolt.Tx) error { // as a build left it that knows no list of names
		mark.txid = uint64(tx.ID()) //nolint:gosec // positive
		return tx.Bucket(bucketNameList).Delete([]byte(nameOfLog("acme")))
	})
	with := filesOf(t, dir)
	with[headName] = mark.encode()
	closeStore(t, openStore(t, with.laid(t, -1)))
	dir = with.laid(t, leafIn(t, with, "acme", 1)+5)
	for range 2 {
		wantRejected(t, dir, "are not those that were acknowledged")
	}
}

// TestTreesOfTheHead: the sum in the head is that of the trees after every kind of transaction, also after a crash, a failure and a rollback; a
// head of an earlier version has none and gets one, and one that lags behind refuses nothing.
func TestTreesOfTheHead(t *testing.T) {
	db := openStore(t, t.TempDir())
	check := func(what string) {
		t.Helper()
		var now treeSum
		err := db.view(func(tx *bolt.Tx) (err error) {
			_, now, err = readTrees(tx)
			return err
		})
		m, headErr := readHeadFile(db.dir)
		if err != nil || headErr != nil || m == nil || m.trees == nil || *m.trees != now {
			t.Fatalf("%s: the head has %+v, the trees are %x; %v, %v", what, m, now, err, headErr)
		}
	}
	check("new")
	for step := range 11 { // with entries of several tiles
		transact(t, db, step)
		other := entry(step, "other")
		other.Tenant = "beta"
		if _, err := db.Append(t.Context(), "beta", []oplog.Entry{other}, 1); err != nil {
			t.Fatal(err)
		}
		check("a transaction")
	}
	early := filesOf(t, db.dir)[headName]
	mustAppend(t, db, entry(1, "later"))
	crashed := t.TempDir()
	copyStore(t, db.path(), crashed)
	of := filesOf(t, db.dir)
	closeStore(t, db)
	db = openStore(t, crashed)
	check("a crash")
	closeStore(t, db)

	for name, head := range map[string][]byte{"behind": early, "of an earlier version": (&highWater{count: 9, txid: 3, entries: 5}).encode()} {
		with := maps.Clone(of)
		with[headName] = head
		db = openStore(t, with.laid(t, -1))
		check(name)
		closeStore(t, db)
	}
	if m, err := readHeadFile(t.TempDir()); m != nil || err != nil {
		t.Errorf("without a head: %+v, %v", m, err)
	}
}
