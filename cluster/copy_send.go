package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"oplog/storage"
)

// What nodes ask about copies.
const (
	pathRoom    = "/room"    // whether there is room for a copy of so many bytes
	pathBarrier = "/barrier" // of the node that leads: a position that has all of its log
)

// maxCopies is how many copies a node makes or sends at a time.
const maxCopies = 2

// copyPiece is how much of a copy is to be taken within the time for which it may stall.
const copyPiece = 64 << 10

var errBusy = fmt.Errorf("it sends %d other copies now", maxCopies)

// beginCopy takes one of the places for copies, which endCopy returns.
func (n *Node) beginCopy() bool {
	select {
	case n.copies <- struct{}{}:
		return true
	default:
		return false
	}
}

func (n *Node) endCopy() { <-n.copies }

// sendCopy answers a node that needs a copy of the store: one with all that the log of the node that leads had when it was asked, which may be what
// the other has acknowledged and lost.
func (n *Node) sendCopy(w http.ResponseWriter, r *http.Request) {
	bytes, err := n.db.Bytes()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if room, err := strconv.ParseInt(r.Header.Get(headerRoom), 10, 64); err == nil && room < bytes {
		w.Header().Set(headerNeeded, strconv.FormatInt(bytes, 10))
		http.Error(w, "there is no room for it", http.StatusInsufficientStorage)
		return
	}
	if !n.beginCopy() {
		http.Error(w, errBusy.Error(), http.StatusServiceUnavailable)
		return
	}
	defer n.endCopy()
	at, err := n.barrierNow(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	made := keepAlive(w, n.o.timing.stall)
	f, size, err := n.copyStore(r.Context(), &at)
	made()
	if err != nil {
		n.log.Warn("another node asked for a copy of the store, which could not be made", "node", r.RemoteAddr, "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = f.Close() }()
	text, _ := json.Marshal(at) // of plain values
	w.Header().Set(headerSnapshot, string(text))
	w.Header().Set("Connection", "close") // which has a deadline
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	if err := sendSteadily(w, f, n.o.timing.stall); err != nil {
		n.log.Warn("another node did not take the copy of the store that it asked for", "node", r.RemoteAddr, "err", err)
	}
}

// keepAlive tells a client again and again that its answer is being made, until the function is called that it returns.
func keepAlive(w http.ResponseWriter, stall time.Duration) (end func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(stall / 12)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(stall)) // connections have deadlines
				w.WriteHeader(http.StatusProcessing)
			case <-stop:
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-ended
	}
}

// sendSteadily sends a file, unless nothing of it is taken for too long.
func sendSteadily(w http.ResponseWriter, f io.Reader, stall time.Duration) error {
	c := http.NewResponseController(w)
	piece := make([]byte, copyPiece)
	for {
		n, err := f.Read(piece)
		if n > 0 {
			if err := c.SetWriteDeadline(time.Now().Add(stall)); err != nil {
				return err
			}
			if _, err := w.Write(piece[:n]); err != nil { //nolint:gosec // the store, for another node
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return c.SetWriteDeadline(time.Now().Add(stall)) // for the rest
		}
		if err != nil {
			return err
		}
	}
}

// barrier is a position of the node that leads.
type barrier struct {
	Index   uint64 `json:"index"` // of a new record of its log
	Term    uint64 `json:"term"`
	Reached uint64 `json:"reached"` // of the last record before it that concerns the store
}

// barrierNow returns a position of this node's store that has all that the log of the node that leads had.
func (n *Node) barrierNow(ctx context.Context) (at snapshot, err error) {
	ctx, cancel := context.WithTimeout(ctx, maxAnswerWait)
	defer cancel()
	var b barrier
	if n.Leads() {
		b, err = n.barrierHere()
	} else {
		err = n.askLeader(ctx, http.MethodPost, pathBarrier, nil, &b)
	}
	if err != nil {
		return at, err
	}
	for {
		at, err := n.snapshotNow()
		if err != nil {
			return at, err
		}
		if at.Index >= b.Reached {
			if at.Index < b.Index {
				at.Index, at.Term = b.Index, b.Term
			}
			return at, nil
		}
		select {
		case <-time.After(leaderPoll):
		case <-ctx.Done():
			return at, ctx.Err()
		case <-n.closing:
			return at, errClosing
		}
	}
}

// barrierHere returns the position of a new record of the log of this node, which leads, once the store has all before it.
func (n *Node) barrierHere() (b barrier, err error) {
	r := n.raft.Load()
	future := r.Barrier(0)
	if err := n.await(future); err != nil {
		return b, err
	}
	var l raft.Log
	if indexed, ok := future.(raft.IndexFuture); ok {
		err = n.logs.GetLog(indexed.Index(), &l)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return barrier{l.Index, l.Term, n.index}, err
}

func (n *Node) serveBarrier(w http.ResponseWriter, _ *http.Request) {
	if !n.Leads() {
		http.Error(w, "another node leads", http.StatusServiceUnavailable)
		return
	}
	b, err := n.barrierHere()
	if err != nil || !n.Leads() {
		http.Error(w, fmt.Sprint("another node leads: ", err), http.StatusServiceUnavailable)
		return
	}
	writeJSON(w, b)
}

// sendingPrefix begins the names of temporary copies.
const sendingPrefix = "sending-"

// sending is a temporary copy of the store, which Close removes.
type sending struct{ *os.File }

func (f sending) Close() error { return errors.Join(f.File.Close(), os.Remove(f.Name())) }

// removeSendings removes copies that were being sent when the program ended.
func (n *Node) removeSendings() {
	left, _ := filepath.Glob(filepath.Join(n.id.folder, sendingPrefix+"*")) // the pattern is valid
	for _, path := range left {
		_ = os.Remove(path) // tried again at the next start
	}
}

// copyStore copies the store to a temporary file, and moves a position up to where the copy is: what was written meanwhile is in it.
func (n *Node) copyStore(ctx context.Context, at *snapshot) (f sending, size int64, err error) {
	bytes, err := n.db.Bytes()
	if err == nil {
		err = n.o.Space.check(n.id.folder, bytes)
	}
	if err != nil {
		return f, 0, fmt.Errorf("copy the store: %w", err)
	}
	file, err := os.CreateTemp(n.id.folder, sendingPrefix+"*")
	if err != nil {
		return f, 0, err
	}
	f = sending{file}
	if size, err = n.db.CopyTo(&copyFile{File: file, ctx: ctx, dir: n.id.folder, space: n.o.Space}); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = n.moveUp(at, file.Name())
	}
	if err != nil {
		return f, 0, errors.Join(fmt.Errorf("copy the store: %w", err), f.Close())
	}
	n.sent.Add(1)
	return f, size, nil
}

func (n *Node) moveUp(at *snapshot, file string) error {
	p, err := storage.PositionOfCopy(file)
	if err != nil || p.Index <= at.Index {
		return err
	}
	var l raft.Log
	if err := n.logs.GetLog(p.Index, &l); err != nil {
		return err
	}
	at.Index, at.Term = p.Index, l.Term
	return nil
}

// promised is the content of a snapshot that is made once it is known for which node.
type promised struct {
	node *Node
	meta *raft.SnapshotMeta
	at   snapshot
}

// Read fails: see send.
func (*promised) Read([]byte) (int, error) { return 0, errors.New("the copy is not made yet") }

// Close does nothing.
func (*promised) Close() error { return nil }

// send makes the copy, unless the other node has no room for it, and has it sent with a request that says what it is.
func (p *promised) send(node string, request *raft.InstallSnapshotRequest, send func(io.Reader) error) (err error) {
	n := p.node
	defer func() {
		if last := n.sendTold.Load(); err != nil && time.Now().Unix()-last >= 60 && n.sendTold.CompareAndSwap(last, time.Now().Unix()) {
			n.log.Warn("another node needs a copy of the store, which could not be sent; it is tried again", "node", node, "err", err)
		}
	}()
	ctx, cancel := n.context()
	defer cancel()
	bytes, err := n.db.Bytes()
	if err == nil {
		err = n.askRoom(ctx, node, bytes)
	}
	if err != nil {
		return err
	}
	if !n.beginCopy() {
		return errBusy
	}
	defer n.endCopy()
	f, size, err := n.copyStore(ctx, &p.at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	*p.meta = *p.at.meta(p.meta.ID, size)
	request.LastLogIndex, request.LastLogTerm, request.Size = p.at.Index, p.at.Term, size
	return send(f)
}

// askRoom returns an error if a node does not take a copy of so many bytes now.
func (n *Node) askRoom(ctx context.Context, node string, bytes int64) error {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	about := url.Values{"bytes": {strconv.FormatInt(bytes, 10)}, "from": {n.id.ID}}
	resp, err := n.callPeer(ctx, node, http.MethodPost, pathRoom+"?"+about.Encode(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotFound { // an earlier version does not know the question
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	return fmt.Errorf("it answers %s: %s", resp.Status, strings.TrimSpace(string(text)))
}
