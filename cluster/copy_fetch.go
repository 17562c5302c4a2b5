package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Headers of a copy: its position, and before it is made the room that the node has which asks, and how much it needs if that is too little. In bytes.
const (
	headerSnapshot = "Oplog-Snapshot"
	headerRoom     = "Oplog-Room"
	headerNeeded   = "Oplog-Needed"
)

// defaultStall is for how long nothing of a copy may come or be taken.
const defaultStall = time.Minute

var errStalled = errors.New("nothing of it came for too long")

// notSent is the error of a node that has sent nothing: another one is asked at once, and it again soon.
type notSent struct{ error }

func (e notSent) Unwrap() error { return e.error }

// receiver receives copies of other nodes' stores.
type receiver struct {
	id    *identity
	space space
	stall time.Duration
}

// fetchCopy fetches a copy of the store from another node, until it has one.
func (n *Node) fetchCopy() {
	ctx, cancel := n.context()
	defer cancel()
	for quick := retryInterval; ; {
		n.mu.Lock()
		last := n.copyFailed
		n.mu.Unlock()
		if !n.sleepUntil(last.Next) {
			return
		}
		from, err := n.fetchFromAny(ctx, last.From)
		switch {
		case err == nil:
			n.restart("a copy of the log was fetched")
			return
		case ctx.Err() != nil:
			return
		case errors.As(err, new(notSent)):
			n.log.Debug("no copy of the log could be fetched", "err", err)
			n.mu.Lock()
			n.copyFailed.Why, n.copyFailed.Next = err.Error(), time.Time{}
			n.mu.Unlock()
			if !n.sleepUntil(time.Now().Add(quick)) {
				return
			}
			quick = min(2*quick, maxRetryInterval)
		default:
			n.refused(from, err)
		}
	}
}

// sleepUntil returns false if the node is closed first.
func (n *Node) sleepUntil(at time.Time) bool {
	select {
	case <-time.After(time.Until(at)):
		return true
	case <-n.closing:
		return false
	}
}

// fetchFromAny asks the other nodes one after the other, last the one whose copy was of no use before, until one sends a copy. It returns which
// one failed to.
func (n *Node) fetchFromAny(ctx context.Context, last string) (from string, err error) {
	others := slices.DeleteFunc(slices.Clone(n.members()), func(m member) bool { return m.ID == n.id.ID })
	slices.SortStableFunc(others, func(a, b member) int {
		switch {
		case a.ID == last && b.ID != last:
			return 1
		case b.ID == last && a.ID != last:
			return -1
		}
		return 0
	})
	failed := []string{}
	for _, m := range others {
		err := n.receiver().fetch(ctx, m.ID, m.Address)
		if !errors.As(err, new(notSent)) {
			return m.ID, err
		}
		failed = append(failed, fmt.Sprintf("node %s: %v", m.ID, err))
	}
	if len(failed) == 0 {
		failed = append(failed, "no other node is known")
	}
	return "", notSent{errors.New(strings.Join(failed, "; "))}
}

func (n *Node) receiver() receiver { return receiver{n.id, n.o.Space, n.o.timing.stall} }

// fetch receives a copy of the store of a node, for installReceived.
func (r receiver) fetch(ctx context.Context, node, address string) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alive := time.AfterFunc(r.stall, func() { cancel(errStalled) })
	defer alive.Stop()
	defer func() {
		if errors.Is(context.Cause(ctx), errStalled) {
			err = errStalled
		}
	}()
	client := peerClient(r.id, func(string) (string, bool) { return address, true })
	defer client.CloseIdleConnections()
	resp, err := client.Do(r.request(ctx, node, alive))
	if err != nil {
		return notSent{err}
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if err := r.check(resp); err != nil {
		return err
	}
	var at snapshot
	if err := json.Unmarshal([]byte(resp.Header.Get(headerSnapshot)), &at); err != nil {
		return err
	}
	file, err := beginReceiving(r.id.folder)
	if err != nil {
		return err
	}
	f := &copyFile{File: file, ctx: ctx, dir: r.id.folder, space: r.space}
	if size, err := io.Copy(f, aliveReader{resp.Body, alive, r.stall}); err != nil || size != resp.ContentLength {
		return errors.Join(fmt.Errorf("%d of %d bytes came: %w", size, resp.ContentLength, err), file.Close(), removeReceived(r.id.folder))
	}
	return keepReceived(file, received{Snapshot: at, Log: logDropped, From: node})
}

// request asks for a copy. While it is made, the other node says so again and again.
func (r receiver) request(ctx context.Context, node string, alive *time.Timer) *http.Request {
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(int, textproto.MIMEHeader) error {
		alive.Reset(r.stall)
		return nil
	}})
	request, err := http.NewRequestWithContext(traced, http.MethodGet, "http://"+node+pathCopy, nil)
	if err != nil {
		panic(err) // ids are hex digits
	}
	if room, known := r.space.room(r.id.folder); known {
		request.Header.Set(headerRoom, strconv.FormatUint(room, 10))
	}
	return request
}

// check returns an error if the answer is no copy, or one for which there is no room.
func (r receiver) check(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK:
		return r.space.check(r.id.folder, resp.ContentLength)
	case http.StatusInsufficientStorage:
		needed, err := strconv.ParseInt(resp.Header.Get(headerNeeded), 10, 64)
		if err != nil {
			return err
		}
		if err := r.space.check(r.id.folder, needed); err != nil {
			return err
		}
		return notSent{errors.New("room for it was made just now")}
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	err := fmt.Errorf("it answers %s: %s", resp.Status, strings.TrimSpace(string(text)))
	if resp.StatusCode == http.StatusInternalServerError {
		return err
	}
	return notSent{err}
}

// aliveReader tells a timer that something came. The timer stands still while that is written.
type aliveReader struct {
	io.Reader
	alive *time.Timer
	stall time.Duration
}

func (r aliveReader) Read(p []byte) (int, error) {
	r.alive.Reset(r.stall)
	defer r.alive.Stop()
	return r.Reader.Read(p)
}

// mayTake returns why a copy of so many bytes that another node wants to send is not taken now, or nil.
func (n *Node) mayTake(from string, bytes int64) error {
	n.mu.Lock()
	last := n.copyFailed
	n.mu.Unlock()
	if wait := time.Until(last.Next); wait > 0 && last.Missing == 0 {
		return fmt.Errorf("its last copy could not be taken (%s); it takes another at %s", last.Why, last.Next.Format(time.RFC3339))
	}
	err := n.o.Space.check(n.id.folder, bytes)
	if err == nil {
		return nil
	}
	if time.Now().After(last.Next) { // counted once for each wait, however often others ask
		n.refused(from, err)
	}
	return err
}

// serveRoom answers the node that leads whether this one takes a copy now.
func (n *Node) serveRoom(w http.ResponseWriter, r *http.Request) {
	bytes, err := strconv.ParseInt(r.FormValue("bytes"), 10, 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := n.mayTake(r.FormValue("from"), bytes); err != nil {
		http.Error(w, err.Error(), http.StatusInsufficientStorage)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
