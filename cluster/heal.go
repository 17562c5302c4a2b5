package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"oplog/oplog"
	"oplog/storage"
)

const pathLeaf = "/leaf" // the bytes of an entry

const (
	maxLeafBytes = 64 << 20
	leafWait     = 10 * time.Second
)

// heal has entries that are damaged in this node's store put back from what the other nodes have, until the node is closed.
func (n *Node) heal() {
	ctx, cancel := n.context()
	defer cancel()
	n.db.Heal(ctx, n.fetchLeaf)
}

// fetchLeaf gets the bytes of an entry from the first node that has those of its leaf.
func (n *Node) fetchLeaf(ctx context.Context, log string, seq uint64, leaf [32]byte) ([]byte, error) {
	var failed error
	for _, m := range n.members() {
		if m.ID == n.id.ID {
			continue
		}
		data, err := n.leafOf(ctx, m.ID, log, seq)
		if err == nil && storage.LeafHash(data) == leaf {
			return data, nil
		}
		if err == nil {
			err = errors.New("it has other bytes")
		}
		failed = errors.Join(failed, fmt.Errorf("node %s: %w", m.ID, err))
	}
	if failed == nil {
		failed = errors.New("there is no other node")
	}
	return nil, failed
}

func (n *Node) leafOf(ctx context.Context, node, log string, seq uint64) ([]byte, error) {
	return n.bytesOf(ctx, node, pathLeaf, url.Values{"log": {log}, "seq": {strconv.FormatUint(seq, 10)}}, maxLeafBytes)
}

// bytesOf asks a node for some bytes that it has, at most so many.
func (n *Node) bytesOf(ctx context.Context, node, path string, asked url.Values, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, leafWait)
	defer cancel()
	resp, err := n.callPeer(ctx, node, http.MethodGet, path+"?"+asked.Encode(), nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, most))
}

// serveLeaf answers a node in which an entry is damaged. What is damaged here as well is not sent.
func (n *Node) serveLeaf(w http.ResponseWriter, r *http.Request) {
	seq, err := strconv.ParseUint(r.FormValue("seq"), 10, 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	data, err := n.db.Leaf(r.FormValue("log"), seq)
	answerBytes(w, data, err)
}

// answerBytes answers a node that asks for bytes of this one's store.
func answerBytes(w http.ResponseWriter, data []byte, err error) {
	switch {
	case oplog.CodeOf(err) == oplog.CodeNotFound:
		http.Error(w, "it is not here", http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(data) //nolint:gosec // bytes for another node, which may be gone
	}
}
