package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// outbox gathers appends for the node that leads: while some are on their way, others wait, and go together.
type outbox struct {
	mu      sync.Mutex
	waiting []*outgoing
	sending int // requests under way
}

// outgoing is an append on its way.
type outgoing struct {
	leader string
	w      *write
	a      *answer
	err    error
	done   chan struct{}
}

const (
	maxSending    = 2
	maxGathered   = 2000 // entries
	maxSmall      = 100  // entries of an append that waits for others; larger ones go at once
	maxWriteBytes = 256 << 20
)

// forward has the node that leads do a write; errNotLeading means that it did nothing. A change that another came before is an answer, with its
// position.
func (n *Node) forward(leader, path string, w *write) (a *answer, err error) {
	switch {
	case path != pathAppend:
		a = new(answer)
		err = n.post(leader, path, w, a, w.Request != nil)
	default:
		o := &outgoing{leader: leader, w: w, done: make(chan struct{})}
		if len(w.Entries) > maxSmall {
			n.postAppends([]*outgoing{o})
		} else {
			n.outbox.add(o, n.postAppends)
		}
		<-o.done
		a, err = o.a, o.err
	}
	if err == nil && a.Failed != nil && a.Failed.Kind != failureRevision {
		w.answeredAt, err = a.Position.Index, a.Failed.err()
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// add has an append sent.
func (b *outbox) add(o *outgoing, post func([]*outgoing)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, o)
	if b.sending < maxSending {
		b.sending++
		go b.send(post)
	}
}

// send sends what waits, until nothing does.
func (b *outbox) send(post func([]*outgoing)) {
	for {
		group := b.take()
		if len(group) == 0 {
			return
		}
		post(group)
	}
}

// take returns appends that go to the same node together, none if nothing waits.
func (b *outbox) take() []*outgoing {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := 0
	for entries := 0; i < len(b.waiting) && entries < maxGathered && b.waiting[i].leader == b.waiting[0].leader; i++ {
		entries += len(b.waiting[i].w.Entries)
	}
	if i == 0 {
		b.sending--
		return nil
	}
	group := b.waiting[:i:i]
	b.waiting = b.waiting[i:]
	return group
}

// postAppends sends appends in one request, and answers each.
func (n *Node) postAppends(group []*outgoing) {
	writes, again := make([]*write, len(group)), true
	for i, o := range group {
		writes[i], again = o.w, again && o.w.Request != nil
	}
	var answers []*answer
	err := n.post(group[0].leader, pathAppend, writes, &answers, again)
	if err == nil && len(answers) != len(group) {
		err = errUncertain
	}
	for i, o := range group {
		if o.err = err; err == nil {
			o.a = answers[i]
		}
		close(o.done)
	}
}

// post sends writes to the node that leads, and reads the answer; errNotLeading means that it did nothing. Those that can be sent again do not wait for a
// node once another one leads.
func (n *Node) post(leader, path string, writes, into any, again bool) error {
	body, err := encoding.Marshal(writes)
	if err != nil {
		return fmt.Errorf("forward to the node that leads: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxAnswerWait)
	defer cancel()
	go n.endOnceApart(ctx, cancel)
	if again {
		defer n.endOnceAnotherLeads(ctx, cancel, leader, false).Stop()
	}
	resp, err := n.callPeer(ctx, leader, http.MethodPost, path, body)
	if err != nil {
		if errors.As(err, new(unreachable)) {
			return errNotLeading
		}
		n.log.Warn("the node that leads was lost while it was asked to store something", "node", leader, "err", err)
		return errUncertain
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		n.log.Warn("the node that leads did not answer", "node", leader, "status", resp.Status, "err", err)
		return errUncertain
	}
	if err := decoding.Unmarshal(text, into); err != nil {
		return errUncertain
	}
	return nil
}

// serveWrite does a write for another node.
func (n *Node) serveWrite(w http.ResponseWriter, r *http.Request) {
	asked := new(write)
	if readWrites(w, r, asked) {
		writeAnswer(w, n.doWrite(r, asked))
	}
}

// serveAppends does appends for another node, at the same time.
func (n *Node) serveAppends(w http.ResponseWriter, r *http.Request) {
	var asked []write
	if !readWrites(w, r, &asked) {
		return
	}
	answers := make([]*answer, len(asked))
	var doing sync.WaitGroup
	for i := 1; i < len(asked); i++ {
		doing.Go(func() { answers[i] = n.doWrite(r, &asked[i]) })
	}
	if len(asked) > 0 {
		answers[0] = n.doWrite(r, &asked[0])
	}
	doing.Wait()
	writeAnswer(w, answers)
}

// readWrites reads what another node sends; if it cannot, it answers so.
func readWrites(w http.ResponseWriter, r *http.Request, into any) bool {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWriteBytes))
	if err == nil {
		err = decoding.Unmarshal(text, into)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

func writeAnswer(w http.ResponseWriter, a any) {
	answered, err := encoding.Marshal(a)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(answered) //nolint:gosec // CBOR for another node, which may be gone
}

// doWrite does a write that another node asks for, if this node leads.
func (n *Node) doWrite(r *http.Request, asked *write) *answer {
	for i := range asked.Entries {
		asked.Entries[i].Tenant = asked.Tenant
	}
	if !n.Leads() || !n.store.begin() {
		return &answer{Failed: failureOf(errNotLeading)}
	}
	err := n.store.here(context.WithoutCancel(r.Context()), r.URL.Path, asked)
	n.store.gate.RUnlock()
	if err != nil {
		return &answer{Failed: failureOf(err), Position: n.committedNow(n.Applied())}
	}
	return asked.answer(n.committedNow(n.Applied()))
}
