package cluster

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"oplog/durable"
	"oplog/faults"
	"oplog/oplog"
)

// joinPath is where a node asks to join, both at the node of its token and, from there, at the leader.
const joinPath = "/join"

// maxJoinBytes limits a request to join, and the answer.
const maxJoinBytes = 64 << 10

// joinTime limits how long the answer may take: the leader needs a quorum.
const joinTime = 30 * time.Second

// joinRequest is what a node sends that wants to join.
type joinRequest struct {
	Secret  string `json:"secret"`  // of the token
	ID      string `json:"id"`      // that the node has chosen
	Key     []byte `json:"key"`     // its public key, ed25519
	Address string `json:"address"` // at which the others reach it
	Level   int    `json:"level"`   // highest level of messages that its program understands; 0 for one that knows none
}

// joinAnswer is what it gets: everything that a node must have beside the log.
type joinAnswer struct {
	Cluster     string `json:"cluster"`
	Node        string `json:"node"`    // id of the leader, which has a copy of the log
	Address     string `json:"address"` // of the leader
	CA          string `json:"ca"`      // PEM, as all that follows
	CAKey       string `json:"ca_key"`
	Certificate string `json:"certificate"`
	SigningKey  string `json:"signing_key,omitempty"` // "" if a command signs
}

// desk is where other nodes join. Any node takes their requests and passes them on to the leader, which admits them.
type desk struct {
	id      *identity
	dir     string        // the data directory
	records oplog.Records // of the replicated log
	leads   func() bool
	members func() []member
	admit   func(ctx context.Context, id, address string) error // adds a node that does not vote yet
	relay   func(ctx context.Context, r joinRequest) (joinAnswer, error)

	understands func(what string, highest int) error // is a storage.LevelError if a program does not understand the level of messages

	mu sync.Mutex // one node is admitted at a time, and not while the level of messages is raised
}

// serve answers the connections of nodes that want to join, until the listener is closed. They have no certificate.
func (d *desk) serve(ln net.Listener) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+joinPath, func(w http.ResponseWriter, r *http.Request) { d.answer(w, r, true) })
	s := &http.Server{
		Handler: mux, ReadTimeout: handshakeTime, WriteTimeout: joinTime + handshakeTime, IdleTimeout: handshakeTime, MaxHeaderBytes: 4 << 10,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	if err := s.Serve(ln); !errors.Is(err, net.ErrClosed) && !errors.Is(err, http.ErrServerClosed) {
		faults.Report("letting nodes join", err)
	}
}

// handler answers what other nodes pass on.
func (d *desk) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.answer(w, r, false) })
}

func (d *desk) answer(w http.ResponseWriter, r *http.Request, mayRelay bool) {
	ctx, cancel := context.WithTimeout(r.Context(), joinTime)
	defer cancel()
	var request joinRequest
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJoinBytes)).Decode(&request)
	if err != nil {
		err = oplog.Errorf(oplog.CodeMalformed, "The request to join cannot be read: %v.", err)
	}
	var answer joinAnswer
	switch {
	case err != nil:
	case d.leads():
		answer, err = d.join(ctx, request)
	case mayRelay:
		answer, err = d.relay(ctx, request)
	default:
		err = oplog.Errorf(oplog.CodeUnavailable, "The cluster is choosing another leader; try again.")
	}
	w.Header().Set("Content-Type", "application/json")
	if err == nil {
		_ = json.NewEncoder(w).Encode(answer) // best effort: the node may be gone
		return
	}
	if oplog.CodeOf(err) == "" {
		faults.Report("letting a node join", err)
	}
	w.WriteHeader(http.StatusConflict)
	_ = json.NewEncoder(w).Encode(joinRefusal{Error: err.Error(), Code: oplog.CodeOf(err)})
}

// join admits a node, on the leader. Its token is used up first, so that it admits one node only.
func (d *desk) join(ctx context.Context, r joinRequest) (answer joinAnswer, err error) {
	if err := CheckAddress(r.Address); err != nil {
		return answer, oplog.Errorf(oplog.CodeInvalid, "%w", err)
	}
	if !ids.MatchString(r.ID) || len(r.Key) != ed25519.PublicKeySize {
		return answer, oplog.Errorf(oplog.CodeInvalid, "The request to join has no valid id or key; use the same version of oplog on all nodes.")
	}
	token, err := findToken(d.records, r.Secret, d.id.now()) // first: others are told nothing
	if err != nil {
		return answer, err
	}
	if answer, err = d.prepare(r); err != nil {
		return answer, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.checkLevel(r.Level); err != nil {
		return answer, err
	}
	if err := d.checkFree(r); err != nil {
		return answer, err
	}
	if err := useToken(d.records, r.Secret, token, d.entry(r)); err != nil {
		return answer, err
	}
	if err := d.admit(ctx, r.ID, r.Address); err != nil {
		return answer, oplog.Errorf(oplog.CodeUnavailable, "The node was not admitted; its token is used up, so make another with oplog cluster token and join again: %w", err)
	}
	return answer, nil
}

// checkFree returns an error if another node has the id or the address.
func (d *desk) checkFree(r joinRequest) error {
	for _, m := range d.members() {
		switch {
		case m.ID == r.ID && m.Voter:
			return oplog.Errorf(oplog.CodeInvalid, "Node %s is a member already.", r.ID)
		case m.ID != r.ID && m.Address == r.Address:
			return oplog.Errorf(oplog.CodeInvalid, "Node %s has the address %s; specify another with --address or, if that node is gone for good, remove it first with oplog cluster remove %s.", m.ID, m.Address, m.ID)
		}
	}
	return nil
}

// prepare makes the answer.
func (d *desk) prepare(r joinRequest) (answer joinAnswer, err error) {
	signing, err := readSigningKey(d.dir)
	if err != nil {
		return answer, err
	}
	caKey, err := encodeKey(d.id.caKey)
	if err != nil {
		return answer, err
	}
	der, err := issue(d.id.ca, d.id.caKey, r.ID, r.Key, d.id.now())
	if err != nil {
		return answer, err
	}
	return joinAnswer{
		Cluster: d.id.Cluster, Node: d.id.ID, Address: d.id.Address,
		CA: encodeCertificate(d.id.ca.Raw), CAKey: caKey, Certificate: encodeCertificate(der), SigningKey: signing,
	}, nil
}

// signingKeyFile is the key of the log's checkpoints in a data directory. All nodes have it, unless a command signs.
const signingKeyFile = "signing.key"

func readSigningKey(dir string) (string, error) {
	text, err := durable.ReadSecret(filepath.Join(dir, signingKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// serverUser is the user of what the server does by itself, as in package trail.
var serverUser = oplog.User{ID: "server", Name: "oplog"}

// entry is what the trail says of a node that joins.
func (d *desk) entry(r joinRequest) oplog.Entry {
	now := d.id.now().UTC().Truncate(time.Microsecond)
	details, _ := json.Marshal(map[string]string{"address": oplog.Clip(r.Address, 255)}) // never fails
	return oplog.Entry{
		Tenant: oplog.TrailName(""), Time: now, ReceivedAt: now, User: serverUser, Module: "server", Operation: "join", Content: oplog.Ref{ID: r.ID},
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, Details: details,
	}
}
