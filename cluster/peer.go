package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"oplog/oplog"
)

// What nodes ask each other, by HTTP over protocolStore.
const (
	pathAppend    = "/append"  // several writes, in CBOR
	pathRecords   = "/records" // one
	pathReadIndex = "/read-index"
	pathStatus    = "/status"
	pathCopy      = "/copy"
	pathMembers   = "/members"
)

const (
	readIndexWait   = 2 * time.Second
	maxControlBytes = 1 << 20
)

// serveStore answers the other nodes.
func (n *Node) serveStore() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathAppend, n.serveAppends)
	mux.HandleFunc("POST "+pathRecords, n.serveWrite)
	mux.HandleFunc("GET "+pathReadIndex, n.serveReadIndex)
	mux.HandleFunc("GET "+pathStatus, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, n.ownStatus()) })
	mux.HandleFunc("GET "+pathCopy, n.sendCopy)
	mux.HandleFunc("POST "+pathBarrier, n.serveBarrier)
	mux.HandleFunc("POST "+pathRoom, n.serveRoom)
	mux.HandleFunc("GET "+pathLeaf, n.serveLeaf)
	mux.HandleFunc("GET "+pathTile, n.serveTile)
	mux.HandleFunc("GET "+pathSigningKey, n.serveSigningKey)
	mux.HandleFunc("POST "+pathMembers, n.serveMembers)
	n.desk = n.openDesk()
	mux.Handle("POST "+joinPath, n.desk.handler())
	n.running.Go(func() { n.desk.serve(n.port.listener(protocolJoin)) })
	n.server = &http.Server{Handler: mux, ReadHeaderTimeout: handshakeTime, ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug)}
	n.peers = peerClient(n.id, n.addressOf)
	n.running.Go(func() {
		if err := n.server.Serve(n.port.listener(protocolStore)); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			n.log.Error("the other nodes are not answered any more", "err", err)
		}
	})
}

// peerClient returns a client that reaches nodes by their ids.
func peerClient(id *identity, addressOf func(node string) (string, bool)) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, DisableCompression: true,
		DialContext: func(ctx context.Context, _, host string) (net.Conn, error) {
			node, _, err := net.SplitHostPort(host)
			if err != nil {
				return nil, err
			}
			address, ok := addressOf(node)
			if !ok {
				return nil, fmt.Errorf("node %s is not in the cluster", node)
			}
			conn, err := id.dial(ctx, address, node, protocolStore)
			if err != nil {
				return nil, unreachable{err}
			}
			return conn, nil
		},
	}}
}

// unreachable is the error of a node that could not be connected to: nothing was sent to it.
type unreachable struct{ error }

func (u unreachable) Unwrap() error { return u.error }

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the other may be gone
}

// callPeer asks a node.
func (n *Node) callPeer(ctx context.Context, node, method, path string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+node+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return n.peers.Do(request)
}

// askLeader asks the node that leads something in JSON.
func (n *Node) askLeader(ctx context.Context, method, path string, body, into any) error {
	leader, _, ok := n.Leader()
	if !ok {
		return errNoLeader
	}
	return n.askNode(ctx, leader, method, path, body, into)
}

func (n *Node) askNode(ctx context.Context, node, method, path string, body, into any) error {
	if node == n.id.ID {
		return errNotLeading // it leads, but cannot yet
	}
	var text []byte
	var err error
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	resp, err := n.callPeer(ctx, node, method, path, text)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answered, err := io.ReadAll(io.LimitReader(resp.Body, maxControlBytes))
	switch {
	case err != nil:
		return err
	case resp.StatusCode == http.StatusConflict:
		var refused joinRefusal
		if err := json.Unmarshal(answered, &refused); err != nil || refused.Error == "" {
			return fmt.Errorf("node %s answers %s", node, resp.Status)
		}
		if refused.Again {
			return errNotLeading
		}
		return oplog.Errorf(refused.Code, "%s", refused.Error)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("node %s answers %s: %s", node, resp.Status, bytes.TrimSpace(answered))
	case into == nil:
		return nil
	}
	return json.Unmarshal(answered, into)
}

// joinRefusal is an error in JSON, with status 409.
type joinRefusal struct {
	Error string     `json:"error"`
	Code  oplog.Code `json:"code,omitempty"`
	Again bool       `json:"again,omitempty"` // another node leads
}

// askLeadersIndex asks the node that leads for a position that has all that was acknowledged.
func (n *Node) askLeadersIndex() (uint64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readIndexWait)
	defer cancel()
	leader, _, ok := n.Leader()
	if !ok {
		return 0, errNoLeader
	}
	var c committed
	if err := n.askNode(ctx, leader, http.MethodGet, pathReadIndex, nil, &c); err != nil {
		return 0, err
	}
	n.learn(ctx, leader, c)
	return c.Index, nil
}

func (n *Node) serveReadIndex(w http.ResponseWriter, r *http.Request) {
	if !n.Leads() {
		http.Error(w, "another node leads", http.StatusServiceUnavailable)
		return
	}
	index, err := n.readIndex(r.Context())
	if err != nil || !n.Leads() {
		http.Error(w, fmt.Sprint("another node leads: ", err), http.StatusServiceUnavailable)
		return
	}
	writeJSON(w, n.committedNow(index))
}
