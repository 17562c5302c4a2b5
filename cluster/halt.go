package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/hashicorp/raft"

	"oplog/storage"
)

// A node whose store or log cannot be trusted takes no part any more: Raft is stopped, so that it neither votes nor acknowledges. It fetches a copy of
// the store from the node that leads, and is opened again with it.

// freeze ends applying.
func (n *Node) freeze() {
	n.frozen.Store(true)
	n.leading.Store(0)
}

// halt stops taking part, and fetches a copy of the store.
func (n *Node) halt(why error) {
	n.freeze()
	n.mu.Lock()
	before := n.halted
	n.halted = why.Error()
	n.mu.Unlock()
	if before != "" {
		return
	}
	n.diverged.Store(errors.Is(why, storage.ErrDiverged))
	n.log.Error("this node has stopped taking part, and fetches a copy of the log from another one", "err", why)
	n.running.Go(func() {
		if r := n.raft.Load(); r != nil {
			_ = r.Shutdown().Error()
		}
		n.fetchCopy()
	})
}

func (n *Node) isHalted() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.halted != ""
}

// metDamage is called by a goroutine of Raft that wants to read a damaged record. A leader sends its store instead of one that it has applied;
// Raft can do nothing without one that is not applied yet.
func (n *Node) metDamage(index uint64) {
	n.counted.damaged.Add(1)
	n.mu.Lock()
	reached := n.index
	n.mu.Unlock()
	if index <= max(reached, n.Applied()) {
		n.log.Error("a record of the replicated log is damaged; a node that needs it is sent a copy of the store", "index", index)
		return
	}
	n.halt(fmt.Errorf("%w: %d", errRecord, index))
	runtime.Goexit() // Raft would end the program
}

// restart asks for this node to be opened again.
func (n *Node) restart(why string) {
	n.restartOnce.Do(func() {
		n.log.Info("the node is opened again", "why", why)
		if n.o.Restart != nil {
			n.o.Restart()
		}
	})
}

// fetchCopy fetches a copy of the store from the node that leads, until it has one.
func (n *Node) fetchCopy() {
	ctx, cancel := n.context()
	defer cancel()
	for wait := retryInterval; ; wait = min(2*wait, maxRetryInterval) {
		for _, m := range n.members() {
			if m.ID == n.id.ID {
				continue
			}
			err := fetchCopy(ctx, n.id, m.ID, m.Address)
			if err == nil {
				n.restart("a copy of the log was fetched")
				return
			}
			n.log.Debug("no copy of the log could be fetched", "node", m.ID, "err", err)
		}
		select {
		case <-time.After(wait):
		case <-n.closing:
			return
		}
	}
}

// context returns one that ends when the node is closed.
func (n *Node) context() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-n.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// headerSnapshot has the position of a copy.
const headerSnapshot = "Oplog-Snapshot"

// fetchCopy receives a copy of the store of a node, which must lead, for InstallReceived.
func fetchCopy(ctx context.Context, id *identity, node, address string) (err error) {
	client := peerClient(id, func(string) (string, bool) { return address, true })
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+node+pathCopy, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	var at snapshot
	if err := json.Unmarshal([]byte(resp.Header.Get(headerSnapshot)), &at); err != nil {
		return err
	}
	f, err := beginReceiving(id.folder)
	if err != nil {
		return err
	}
	if size, err := io.Copy(f, resp.Body); err != nil || size != resp.ContentLength {
		return errors.Join(fmt.Errorf("%d of %d bytes were received: %w", size, resp.ContentLength, err), f.Close())
	}
	return keepReceived(f, received{Snapshot: at, Log: logDropped})
}

// sendCopy answers a node that needs a copy of the store: one with all that this node's log had when it was asked, which may be what the other
// has acknowledged and lost.
func (n *Node) sendCopy(w http.ResponseWriter, _ *http.Request) {
	r := n.raft.Load()
	if r == nil || !n.Leads() {
		http.Error(w, "another node leads", http.StatusServiceUnavailable)
		return
	}
	at, err := n.barrierNow(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	f, size, err := n.copyStore(&at)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer func() { _ = f.Close() }()
	text, _ := json.Marshal(at) // of plain values
	w.Header().Set(headerSnapshot, string(text))
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	_, _ = io.Copy(w, f)
}

// barrierNow returns the position of a new record of the log, once the store has all before it.
func (n *Node) barrierNow(r *raft.Raft) (at snapshot, err error) {
	barrier := r.Barrier(0)
	if err := n.await(barrier); err != nil {
		return at, err
	}
	var l raft.Log
	if future, ok := barrier.(raft.IndexFuture); ok {
		err = n.logs.GetLog(future.Index(), &l)
	}
	if err != nil {
		return at, err
	}
	if at, err = n.snapshotNow(); err == nil && at.Index < l.Index {
		at.Index, at.Term = l.Index, l.Term
	}
	return at, err
}
