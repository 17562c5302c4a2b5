package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"

	"oplog/durable"
	"oplog/storage"
)

// Recovered is what Recover found.
type Recovered struct {
	Before, Now Member
	Applied     uint64 // position of the store, with what the replicated log had beyond it
	Replayed    int    // messages that the replicated log had beyond the store
}

// Recover makes a stopped node, whose store is open, the first and only one of a new cluster, after most of the nodes were lost for good. Everything that
// this node has is kept, also messages that not enough nodes may have had. The new cluster has other ids and another authority, so nodes of the
// old one cannot take part any more: they have to join again. What was interrupted is done by another Recover. tell records the recovery in the store.
func Recover(db *storage.DB, dir string, now time.Time, tell func(Recovered) error) (r Recovered, err error) {
	if r.Before, err = Who(dir); err != nil {
		return r, err
	}
	folder := filepath.Join(dir, folderName)
	if _, replicated := db.Replicated(); replicated {
		if r.Replayed, err = replay(db, folder); err != nil {
			return r, fmt.Errorf("take over what the replicated log has: %w", err)
		}
	}
	at, _ := db.Replicated()
	r.Applied = at.Index
	if err := removeReceived(folder); err != nil {
		return r, err
	}
	if err := durable.Remove(filepath.Join(folder, snapshotFile)); err != nil { // from now on it cannot be started as the node that it was
		return r, err
	}
	if err := tell(r); err != nil {
		return r, err
	}
	if err := found(db, dir, r.Before.Address, now); err != nil {
		return r, err
	}
	r.Now, err = Who(dir)
	return r, err
}

// replay applies what raft.db has beyond the store, up to the first record that is damaged, or does not continue the store.
func replay(db *storage.DB, folder string) (n int, err error) {
	if _, err := os.Stat(filepath.Join(folder, logFile)); errors.Is(err, fs.ErrNotExist) {
		return 0, nil // an interrupted Recover has removed it, or the node was never started
	}
	logs, err := openLogStore(folder)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, logs.close()) }()
	last, err := logs.LastIndex()
	if err != nil {
		return 0, err
	}
	at, _ := db.Replicated()
	for index := at.Index + 1; index <= last; index++ {
		var l raft.Log
		if logs.read(index, &l) != nil {
			return n, nil
		}
		if l.Type != raft.LogCommand || isVoid(&l) {
			continue
		}
		err := db.Apply([]storage.Message{{Index: index, Data: l.Data}})
		if errors.Is(err, storage.ErrDiverged) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// LastLogged returns the position of the last message in the replicated log of a stopped node, 0 if there is none. It cannot be read while the node runs.
func LastLogged(dir string) (last uint64, err error) {
	folder := filepath.Join(dir, folderName)
	if _, err := os.Stat(filepath.Join(folder, logFile)); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	logs, err := openLogStore(folder)
	if err != nil {
		return 0, err
	}
	last, err = logs.LastIndex()
	return last, errors.Join(err, logs.close())
}
