package cluster

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"oplog/durable"
)

// copyFailedFile says why the last copy of another node's store was of no use, so that the node waits before it takes another, also if it was opened
// again meanwhile.
const copyFailedFile = "copy-failed.json"

// How long to wait after copies that were of no use.
const (
	minCopyWait = time.Second
	maxCopyWait = 5 * time.Minute
)

// failedCopies counts the copies of other nodes' stores that this program asked for or was sent, and could not use.
var failedCopies atomic.Uint64

// copyFailed is why a node has no copy of another node's store.
type copyFailed struct {
	Why     string    `json:"why"`            // "" for none
	From    string    `json:"from,omitempty"` // which node's it was
	Times   int       `json:"times"`          // in a row
	Next    time.Time `json:"next,omitzero"`  // when another is taken; zero for at any time
	Missing uint64    `json:"missing,omitempty"`
}

// readCopyFailed returns what the file of a directory cluster/ says. If it cannot be read, nothing has failed.
func readCopyFailed(folder string, now time.Time) (f copyFailed) {
	text, err := os.ReadFile(filepath.Join(folder, copyFailedFile))
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			slog.Warn("why the last copy of another node's store failed cannot be read", "err", err)
		}
		return copyFailed{}
	}
	if latest := now.Add(maxCopyWait); f.Next.After(latest) { // the clock was wrong
		f.Next = latest
	}
	return f
}

// again returns what follows another failure, of a copy of a node: the first is waited for a second, each further one twice as long, up to five minutes,
// and less by chance, so that nodes do not ask at the same time.
func (f copyFailed) again(from string, why error, now time.Time) copyFailed {
	next := copyFailed{Why: why.Error(), From: from, Times: f.Times + 1}
	wait := min(maxCopyWait, minCopyWait<<min(f.Times, 10))
	wait -= rand.N(wait / 4) //nolint:gosec // chance, no secret
	next.Next = now.Add(wait).UTC().Truncate(time.Millisecond)
	var full noRoom
	if errors.As(why, &full) {
		next.Missing = full.missing()
	}
	return next
}

// keep keeps it for the next start. That it cannot be kept, as on a full disk, only shortens the wait.
func (f copyFailed) keep(folder string) {
	failedCopies.Add(1)
	text, _ := json.Marshal(f) // of plain values
	err := durable.WriteFile(filepath.Join(folder, copyFailedFile), 0o600, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		slog.Warn("why a copy of another node's store failed cannot be kept", "err", err)
	}
}

// forgetCopyFailed removes the file, once a copy is in place or is not needed.
func forgetCopyFailed(folder string) error {
	return durable.Remove(filepath.Join(folder, copyFailedFile))
}

// sentence tells people of it, after another sentence.
func (f copyFailed) sentence() string {
	switch {
	case f.Why == "":
		return ""
	case f.Next.IsZero():
		return " There is none yet: " + f.Why + "."
	}
	return " The last one could not be taken: " + f.Why + ". The next try is at " + f.Next.Format(time.RFC3339) + "."
}

// noteCopyFailed notes it for the status, and logs it unless that was done just now.
func (n *Node) noteCopyFailed(f copyFailed) {
	n.mu.Lock()
	before := n.copyFailed
	n.copyFailed = f
	tell := f.Why != "" && (before.Why == "" || time.Since(n.copyTold) >= time.Minute || f.Times < 5)
	if tell {
		n.copyTold = time.Now()
	}
	n.mu.Unlock()
	if tell {
		n.log.Error("no copy of another node's store could be taken; it is tried again", "node", f.From, "err", f.Why, "bytes missing", f.Missing, "next", f.Next)
	}
}

// refused notes that a copy of a node was of no use, and returns when another is taken.
func (n *Node) refused(from string, why error) copyFailed {
	n.mu.Lock()
	f := n.copyFailed.again(from, why, time.Now())
	n.mu.Unlock()
	f.keep(n.id.folder)
	n.noteCopyFailed(f)
	return f
}

// needsNone notes that this node goes on without a copy. It is called with mu locked.
func (n *Node) needsNone() {
	if n.copyFailed.Why == "" {
		return
	}
	n.copyFailed = copyFailed{}
	n.running.Go(func() {
		if err := forgetCopyFailed(n.id.folder); err != nil {
			n.log.Warn("why a copy of another node's store failed cannot be removed", "err", err)
		}
	})
}
