package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"oplog/oplog"
	"oplog/storage"
)

// A request whose leader was lost may be stored or not. Its node sends it again, with the id that it had: what was stored before is answered as the first
// time, see storage.Request.

// requestLevel is the level of messages from which requests have ids: all nodes understand them.
const requestLevel = 2

// maxRetryWait is how long an append is sent again whose leader was lost: several times as long as another one takes to be elected.
const maxRetryWait = 10 * time.Second

// newRequest returns the id of a new request, zero if other nodes may not understand it.
func (n *Node) newRequest() storage.Request {
	var r storage.Request
	if n.db.Level() < requestLevel {
		return r
	}
	_, _ = rand.Read(r.ID[:]) // never fails
	r.After = n.knownCommitted()
	return r
}

// knownCommitted returns the position of a record that is committed, as far as is known here.
func (n *Node) knownCommitted() uint64 {
	at := n.Applied()
	if c := n.learned.Load(); c != nil {
		at = max(at, c.Index)
	}
	if r := n.raft.Load(); r != nil {
		at = max(at, r.CommitIndex())
	}
	return at
}

// NewRequest returns the id of a request that is sent to the node that leads, and again after a failover; "" if other nodes may not understand it.
func (n *Node) NewRequest() string {
	r := n.newRequest()
	if r.ID == (storage.RequestID{}) {
		return ""
	}
	return fmt.Sprintf("%x-%d", r.ID, r.After)
}

// errRequest is the error of an id that NewRequest has not made.
var errRequest = oplog.Errorf(oplog.CodeMalformed, "The request's id is malformed.")

type requestKey struct{}

// WithRequest returns a context in which the first append is the request that another node has sent with an id.
func WithRequest(ctx context.Context, id string) (context.Context, error) {
	text, after, _ := strings.Cut(id, "-")
	random, err := hex.DecodeString(text)
	if err != nil || len(random) != len(storage.RequestID{}) {
		return nil, errRequest
	}
	r := storage.Request{ID: storage.RequestID(random)}
	if r.After, err = strconv.ParseUint(after, 10, 64); err != nil || r.ID == (storage.RequestID{}) {
		return nil, errRequest
	}
	return context.WithValue(ctx, requestKey{}, &givenRequest{Request: r}), nil
}

// givenRequest is a request of another node. No second append has its id.
type givenRequest struct {
	storage.Request

	taken atomic.Bool
}

// takeRequest gives a write the id of the request that its context is of, if it has one.
func (w *write) takeRequest(ctx context.Context) {
	if r, ok := ctx.Value(requestKey{}).(*givenRequest); ok && r.taken.CompareAndSwap(false, true) {
		w.given = true
		w.setRequest(r.Request)
	}
}

// attempts are the attempts to do a write.
type attempts struct {
	node  *Node
	w     *write
	began time.Time // when the first one began, or the first one whose result is not known
	lost  error     // of one whose result is not known
}

func newAttempts(n *Node, w *write) attempts { return attempts{node: n, w: w, began: time.Now()} }

// next returns whether a write is to be tried again after an error, and otherwise the write's error.
func (a *attempts) next(err error) (again bool, result error) {
	switch most := maxLeaderWait; {
	case isUncertain(err) && a.w.Request != nil:
		if a.lost == nil {
			a.began = time.Now()
		}
		a.lost = err
		fallthrough
	case errors.Is(err, errNotLeading):
		if a.lost != nil {
			most = maxRetryWait
		}
		if time.Since(a.began) > most || a.node.withoutLeader() > maxLeaderWait || a.node.frozen.Load() {
			return false, a.or(errNoLeader)
		}
		return true, nil
	case errors.Is(err, storage.ErrForgotten):
		if a.lost != nil || a.w.given || time.Since(a.began) > most {
			return false, a.or(errUncertain)
		}
		a.w.After = max(a.w.After, a.node.knownCommitted(), a.w.answeredAt) // nothing was stored, and nothing is on its way
		return true, nil
	case isDecided(err):
		return false, err
	}
	return false, a.or(err)
}

// or returns the error of a write that is given up: one that may be stored says so.
func (a *attempts) or(err error) error {
	if a.lost != nil {
		return a.lost
	}
	return err
}

// isUncertain reports whether a write may have been stored.
func isUncertain(err error) bool {
	return errors.Is(err, errUncertain) || errors.Is(err, storage.ErrNotHere)
}

// isDecided reports whether an error is that of the store's rules, or none: earlier attempts were not stored, or this is their result.
func isDecided(err error) bool {
	code := oplog.CodeOf(err)
	return err == nil || errors.Is(err, oplog.ErrRevision) || code == oplog.CodeConflict || code == oplog.CodeInvalid
}

// leaderCheck is how often who waits for an answer looks whether the node that was asked still leads.
const leaderCheck = 500 * time.Millisecond

// endOnceAnotherLeads ends a request to a node some time after another one leads: it may never answer. other tells that it was so at the last check.
// Stop the timer that it returns.
func (n *Node) endOnceAnotherLeads(ctx context.Context, end context.CancelFunc, node string, other bool) *time.Timer {
	return time.AfterFunc(leaderCheck, func() {
		leader, _, known := n.Leader()
		now := known && leader != node
		switch {
		case ctx.Err() != nil:
		case now && other:
			end()
		default:
			n.endOnceAnotherLeads(ctx, end, node, now)
		}
	})
}
