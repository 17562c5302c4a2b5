package cluster

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"oplog/durable"
	"oplog/oplog"
	"oplog/storage"
)

// joiningFile says who a node is while it joins, so that what a crash interrupts is continued by the same node. It is removed at the end.
const joiningFile = "joining.json"

// Joined is a node that has joined.
type Joined struct{ ID, Cluster, Address string }

// Join makes the node of a new data directory, with a copy of the log: the text of a token says where the cluster is, and address is where the other
// nodes will reach this one. What was interrupted is continued by another Join of the same directory, with a new token.
func Join(ctx context.Context, text, dir, address string, now func() time.Time) (Joined, error) {
	return join(ctx, text, dir, address, now, receiveStore)
}

// join is Join; receive puts a copy of the store of a node in place.
func join(ctx context.Context, text, dir, address string, now func() time.Time, receive func(ctx context.Context, id *identity, node, address string) error) (j Joined, err error) {
	t, err := parseToken(text)
	if err != nil {
		return j, err
	}
	if err := CheckAddress(address); err != nil {
		return j, err
	}
	id, err := beginJoining(dir, address, now)
	if err != nil {
		return j, err
	}
	answer, err := askToJoin(ctx, t, id)
	if err == nil {
		err = id.accept(t, answer)
	}
	if err != nil {
		return j, fmt.Errorf("join the cluster of %s: %w", t.Address, err)
	}
	if err := id.writeKeys(); err != nil {
		return j, err
	}
	if answer.SigningKey != "" {
		if err := durable.WriteSecret(filepath.Join(dir, signingKeyFile), answer.SigningKey); err != nil {
			return j, err
		}
	}
	if err := receive(ctx, id, answer.Node, answer.Address); err != nil {
		return j, fmt.Errorf("copy the log from %s: %w; make another token, and join again in the same directory", answer.Address, err)
	}
	if err := id.write(); err != nil {
		return j, err
	}
	return Joined{id.ID, id.Cluster, id.Address}, durable.Remove(filepath.Join(id.folder, joiningFile))
}

// receiveStore receives a copy of the store of a node, and puts it in place.
func receiveStore(ctx context.Context, id *identity, node, address string) error {
	dir := filepath.Dir(id.folder)
	if err := durable.Remove(filepath.Join(id.folder, snapshotFile)); err != nil { // of an interrupted join
		return err
	}
	if err := (receiver{id, durable.Space, defaultStall}).fetch(ctx, node, address); err != nil {
		return err
	}
	if _, err := installReceived(ctx, dir); err != nil {
		return err
	}
	if _, found, err := readSnapshot(id.folder); err != nil || !found {
		return errors.Join(err, errIf(!found, "the copy was damaged on its way"))
	}
	return nil
}

// IsJoining reports whether a join was interrupted in a data directory.
func IsJoining(dir string) (bool, error) {
	isNode, err := IsNode(dir)
	if err != nil || isNode {
		return false, err
	}
	_, err = os.Stat(filepath.Join(dir, folderName, joiningFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// besideJoining are the names that an empty data directory may contain.
var besideJoining = []string{folderName, "oplog.toml", "oplog.lock", "oplog.pid", "lost+found"}

// beginJoining chooses who the node of a directory will be, or reads what an interrupted Join chose.
func beginJoining(dir, address string, now func() time.Time) (*identity, error) {
	if isNode, err := IsNode(dir); err != nil || isNode {
		return nil, errors.Join(err, errIf(isNode, fmt.Sprintf("data directory %s is a node of a cluster already; start it with oplog serve", dir)))
	}
	id := newIdentity(dir, "", address, now)
	text, err := os.ReadFile(filepath.Join(id.folder, joiningFile))
	if err == nil {
		return id, id.continueJoining(text)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	found, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, f := range found {
		if !slices.Contains(besideJoining, f.Name()) {
			return nil, fmt.Errorf("data directory %s is not empty: it contains %s; specify an empty or new directory with --data", dir, f.Name())
		}
	}
	if _, id.key, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, err
	}
	key, err := encodeKey(id.key)
	if err != nil {
		return nil, err
	}
	if err := durable.MkdirAll(id.folder, 0o700); err != nil {
		return nil, err
	}
	if err := durable.WriteSecret(filepath.Join(id.folder, keyFile), key); err != nil {
		return nil, err
	}
	return id, id.writeAs(joiningFile)
}

// continueJoining takes the id and the key of an interrupted Join.
func (id *identity) continueJoining(text []byte) error {
	var begun identity
	if err := json.Unmarshal(text, &begun); err != nil || !ids.MatchString(begun.ID) {
		return fmt.Errorf("%s is damaged; empty the data directory and join again", filepath.Join(id.folder, joiningFile))
	}
	key, err := durable.ReadSecret(filepath.Join(id.folder, keyFile))
	if err == nil {
		id.key, err = parseKey(key)
	}
	if err != nil {
		return fmt.Errorf("an interrupted join cannot be continued (%w); empty the data directory and join again", err)
	}
	id.ID = begun.ID
	return id.writeAs(joiningFile) // with the address
}

// pinned returns the configuration for a connection to the cluster of a token: the node that answers must have a certificate of its authority.
func (t token) pinned(now func() time.Time) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{protocolJoin}, Time: now,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection verifies it: the node's name is not known yet
		VerifyConnection: func(state tls.ConnectionState) error {
			for _, c := range state.PeerCertificates[1:] {
				if hashOf(c.Raw) != t.CA {
					continue
				}
				_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
					Roots: poolOf(c), CurrentTime: now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
				})
				return err
			}
			return errors.New("it is not of the cluster that the token is for")
		},
	}
}

// askToJoin sends the request to the node of a token.
func askToJoin(ctx context.Context, t token, id *identity) (answer joinAnswer, err error) {
	client := &http.Client{Timeout: joinTime + handshakeTime, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialTLS(ctx, t.Address, t.pinned(id.now))
		},
	}}
	body, err := json.Marshal(joinRequest{t.Secret, id.ID, id.key.Public().(ed25519.PublicKey), id.Address, storage.HighestLevel}) //nolint:gosec // it is sent to the cluster alone
	if err != nil {
		return answer, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://node"+joinPath, bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	response, err := client.Do(request)
	if err != nil {
		return answer, errors.Unwrap(err) // a url.Error, whose URL means nothing
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxJoinBytes))
	if err != nil {
		return answer, err
	}
	if response.StatusCode != http.StatusOK {
		return answer, refusal(text, response.Status)
	}
	err = json.Unmarshal(text, &answer)
	return answer, err
}

// refusal returns the error that the cluster has answered with.
func refusal(text []byte, status string) error {
	var refused joinRefusal
	if json.Unmarshal(text, &refused) != nil || refused.Error == "" {
		return fmt.Errorf("it answers %s", status)
	}
	return oplog.Errorf(refused.Code, "%s", refused.Error)
}

// accept checks what the cluster has answered, and takes it.
func (id *identity) accept(t token, a joinAnswer) (err error) {
	if id.ca, err = parseCertificate([]byte(a.CA)); err != nil {
		return err
	}
	if id.caHash() != t.CA || !ids.MatchString(a.Cluster) || id.ca.Subject.CommonName != authorityName(a.Cluster) {
		return errors.New("it answers for another cluster than the token is for")
	}
	if id.caKey, err = parseKey([]byte(a.CAKey)); err != nil {
		return err
	}
	c, err := parseCertificate([]byte(a.Certificate))
	if err != nil {
		return err
	}
	joined, err := tlsCertificate(c.Raw, id.ca, id.key)
	if err != nil {
		return err
	}
	if c.Subject.CommonName != id.ID || c.CheckSignatureFrom(id.ca) != nil || !id.caKey.Public().(ed25519.PublicKey).Equal(id.ca.PublicKey) {
		return errors.New("the certificate in the answer is not for this node")
	}
	id.Cluster = a.Cluster
	id.cert.Store(joined)
	return nil
}

// errIf returns an error with a text if a condition holds.
func errIf(holds bool, text string) error {
	if holds {
		return errors.New(text)
	}
	return nil
}
