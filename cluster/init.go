package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"oplog/durable"
	"oplog/storage"
)

// storeFile is the store in a data directory.
const storeFile = "oplog.db"

// Member is who a node is.
type Member struct {
	ID      string `json:"id"`
	Cluster string `json:"cluster"`
	Address string `json:"address"`
}

// Who returns who the node of a data directory is, which may be stopped.
func Who(dir string) (Member, error) {
	var m Member
	path := filepath.Join(dir, folderName, identityFile)
	text, err := os.ReadFile(path) //nolint:gosec // a file of the data directory
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil || !ids.MatchString(m.ID) {
		return m, fmt.Errorf("%s is damaged: it does not say who this node is", path)
	}
	return m, nil
}

// Init makes a log the first node of a new cluster, which others can join at an address. The store is open; the node is complete once node.json is
// there, and what was interrupted before is begun again by another Init.
func Init(db *storage.DB, dir, address string, now time.Time) error {
	if isNode, err := IsNode(dir); err != nil || isNode {
		return errors.Join(err, errIf(isNode, fmt.Sprintf("data directory %s is a node of a cluster already; see oplog cluster status", dir)))
	}
	if isJoining, err := IsJoining(dir); err != nil || isJoining {
		return errors.Join(err, errIf(isJoining, fmt.Sprintf("data directory %s is joining another cluster; specify another directory with --data", dir)))
	}
	return found(db, dir, address, now)
}

// found writes the identity of the first node of a new cluster, in place of an earlier one.
func found(db *storage.DB, dir, address string, now time.Time) (err error) {
	if err := CheckAddress(address); err != nil {
		return err
	}
	id := newIdentity(dir, newID(), address, func() time.Time { return now })
	if id.ca, id.caKey, err = newAuthority(id.Cluster); err != nil {
		return err
	}
	if err := id.makeKey(); err != nil {
		return err
	}
	for _, name := range []string{logFile, tailFile} {
		if err := durable.Remove(filepath.Join(id.folder, name)); err != nil {
			return err
		}
	}
	if err := id.writeKeys(); err != nil {
		return err
	}
	if _, begun := db.Replicated(); begun { // interrupted before node.json, or a node's store without its directory
		if err := db.EndReplication(); err != nil {
			return err
		}
	}
	at := storage.Position{Index: 1, Chain: sha256.Sum256([]byte("oplog cluster\n" + id.Cluster))}
	if err := firstSnapshot(id, at.Chain).write(id.folder); err != nil {
		return err
	}
	if err := db.BeginReplication(at); err != nil {
		return err
	}
	return id.write()
}

// BeforeOpen is called before the store of a data directory is opened to be served. It reports whether the directory is that of a node, and puts in place
// what that has received of another node's store. A directory in which something is missing is refused.
func BeforeOpen(ctx context.Context, dir string) (isNode bool, err error) {
	if isJoining, err := IsJoining(dir); err != nil || isJoining {
		return false, errors.Join(err, errIf(isJoining, fmt.Sprintf(
			"joining a cluster was interrupted in data directory %s; run oplog cluster join again, with a new token and the same directory", dir)))
	}
	if isNode, err = IsNode(dir); err != nil || !isNode {
		return false, err
	}
	from, err := installReceived(ctx, dir)
	if err != nil {
		return true, err
	}
	if from != "" {
		slog.Info("a copy of another node's store was put in place", "node", from)
	}
	if _, err := os.Stat(filepath.Join(dir, storeFile)); errors.Is(err, fs.ErrNotExist) {
		m, err := Who(dir)
		return true, errors.Join(fmt.Errorf(
			"data directory %[1]s is a node of a cluster and has lost its %[2]s; put that file back or, if it is gone, remove the node on another one with oplog cluster remove %[3]s, and join again in an empty directory",
			dir, storeFile, m.ID), err)
	}
	return true, nil
}
