package cluster

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"oplog/storage"
)

// A node whose store or log cannot be trusted takes no part any more: Raft is stopped, so that it neither votes nor acknowledges. It fetches a copy of
// the store from another node, and is opened again with it.

// freeze ends applying.
func (n *Node) freeze() {
	if n.frozen.CompareAndSwap(false, true) {
		close(n.apart)
	}
	n.leading.Store(0)
	n.moved() // nobody waits for what does not come any more
}

// halt stops taking part, and fetches a copy of the store, unless another program is needed.
func (n *Node) halt(why error) {
	n.freeze()
	n.mu.Lock()
	before := n.halted
	n.halted, n.outdated = why.Error(), isOutdated(why)
	n.mu.Unlock()
	if before != "" {
		return
	}
	n.diverged.Store(errors.Is(why, storage.ErrDiverged))
	if isOutdated(why) {
		n.log.Error("this node has stopped taking part, and keeps what it has until its program is replaced", "err", why)
	} else {
		n.log.Error("this node has stopped taking part, and fetches a copy of the log from another one", "err", why)
	}
	n.running.Go(func() {
		if r := n.raft.Load(); r != nil {
			_ = r.Shutdown().Error()
		}
		if !isOutdated(why) {
			n.fetchCopy()
		}
	})
}

// IsApart reports whether nothing is applied here any more, until the node is opened again.
func (n *Node) IsApart() bool { return n.frozen.Load() }

// apartGrace is how long a node that is to be opened again waits for the one that leads, which may need this one for its quorum.
const apartGrace = time.Second

// endOnceApart ends a request to the node that leads if this one is to be opened again.
func (n *Node) endOnceApart(ctx context.Context, end context.CancelFunc) {
	select {
	case <-ctx.Done():
		return
	case <-n.apart:
	}
	select {
	case <-ctx.Done():
	case <-time.After(apartGrace):
		end()
	}
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
