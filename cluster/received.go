package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"

	"oplog/durable"
	"oplog/storage"
)

// A copy of another node's store is received in DATA/cluster/received/, while the store is open. Once it is complete, received.json says so and
// what it is for; the process then opens the node again, and installReceived puts the copy in place first.

const (
	receivedFolder = "received"
	receivedCopy   = "copy"
	receivedPart   = "copy.part"
	receivedFile   = "received.json"
)

// received says what to do with a copy.
type received struct {
	Snapshot snapshot `json:"snapshot"` // which the copy has reached, or passed
	Log      string   `json:"log"`      // what becomes of Raft's log
	From     string   `json:"from"`     // the node whose store it is
}

const (
	logFollows = "follows" // it is behind the copy: what does not lead to that is dropped
	logDropped = "dropped" // it is another one, or the copy has all that this node has acknowledged
)

// beginReceiving returns the file for a copy, empty.
func beginReceiving(folder string) (*os.File, error) {
	if err := removeReceived(folder); err != nil {
		return nil, err
	}
	dir := filepath.Join(folder, receivedFolder)
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, receivedPart), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// removeReceived removes what was received; first what says that it is complete.
func removeReceived(folder string) error {
	dir := filepath.Join(folder, receivedFolder)
	if err := durable.Remove(filepath.Join(dir, receivedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(dir)
}

// keepReceived makes a complete copy durable, to be installed at the next start.
func keepReceived(file *os.File, what received) error {
	receivedCopies.Add(1)
	dir := filepath.Dir(file.Name())
	text, err := json.Marshal(what)
	if err = errors.Join(err, durable.Sync(file), file.Close()); err != nil {
		return err
	}
	if err := durable.Rename(file.Name(), filepath.Join(dir, receivedCopy)); err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(dir, receivedFile), 0o600, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// installReceived puts a copy of another node's store in place that a node has received, and returns which node's; "" if there is none. It is called
// before the store of the data directory is opened. A copy that is damaged is dropped, and the store stays as it is; the node waits for a while, and
// takes another.
func installReceived(ctx context.Context, dir string) (from string, err error) {
	folder := filepath.Join(dir, folderName)
	text, err := os.ReadFile(filepath.Join(folder, receivedFolder, receivedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", removeReceived(folder)
	}
	if err != nil {
		return "", err
	}
	var what received
	if err := json.Unmarshal(text, &what); err != nil {
		return "", dropReceived(folder, "", fmt.Errorf("what was received is damaged: %w", err))
	}
	if err := storage.InstallCopy(ctx, dir, filepath.Join(folder, receivedFolder, receivedCopy)); err != nil {
		if ctx.Err() != nil || isOutdated(err) {
			return "", err
		}
		return "", dropReceived(folder, what.From, err)
	}
	logs, err := openLogStore(folder)
	if err != nil {
		return "", err
	}
	err = what.settle(logs)
	if err = errors.Join(err, logs.close()); err != nil {
		return "", fmt.Errorf("settle the replicated log after a copy was received: %w", err)
	}
	if err := what.Snapshot.write(folder); err != nil {
		return "", err
	}
	return what.From, errors.Join(removeReceived(folder), forgetCopyFailed(folder))
}

// dropReceived removes a copy of a node that cannot be used, and keeps why, so that the next one is waited for.
func dropReceived(folder, from string, why error) error {
	now := time.Now()
	f := readCopyFailed(folder, now).again(from, why, now)
	f.keep(folder)
	slog.Error("the copy of another node's store cannot be used; another one will be taken", "node", from, "err", why, "next", f.Next)
	return removeReceived(folder)
}

// settle drops what Raft's log has that does not belong to the copy.
func (r *received) settle(logs *logStore) error {
	last, err := logs.LastIndex()
	if err != nil {
		return err
	}
	switch r.Log {
	case logDropped:
		return logs.DeleteRange(0, last)
	case logFollows:
		var l raft.Log
		if err := logs.read(r.Snapshot.Index, &l); err == nil && l.Term == r.Snapshot.Term {
			return nil // so all before it are right, too
		}
		return logs.DeleteRange(0, r.Snapshot.Index)
	}
	return nil
}
