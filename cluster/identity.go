package cluster

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"oplog/durable"
)

// The files of the directory cluster/ of a data directory.
const (
	folderName      = "cluster"
	identityFile    = "node.json"
	caFile          = "ca.crt"
	caKeyFile       = "ca.key"
	certificateFile = "node.crt"
	keyFile         = "node.key"
)

// identity is who a node is.
type identity struct {
	ID      string    `json:"id"`      // 32 hex digits, random
	Cluster string    `json:"cluster"` // likewise
	Address string    `json:"address"` // HOST:PORT at which the other nodes reach this one
	Created time.Time `json:"created"`
	Started bool      `json:"started"` // raft.db and raft.tail were created, and must be there from then on

	folder string // DATA/cluster
	now    func() time.Time
	ca     *x509.Certificate
	caKey  ed25519.PrivateKey
	key    ed25519.PrivateKey
	cert   atomic.Pointer[tls.Certificate]
}

// ids matches the ids of nodes and clusters.
var ids = regexp.MustCompile(`^[0-9a-f]{32}$`)

// newID returns the id of a new node or cluster.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

// IsNode reports whether a data directory is that of a node of a cluster.
func IsNode(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, folderName, identityFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		err = fmt.Errorf("cannot read data directory %s: %w", dir, failed.Err)
	}
	return err == nil, err
}

// CheckAddress returns an error if an address is not one at which other nodes can reach a node: HOST:PORT.
func CheckAddress(address string) error {
	if _, rest, isURL := strings.Cut(address, "://"); isURL {
		return fmt.Errorf("%s is a URL; specify only HOST:PORT: %s", address, strings.TrimRight(rest, "/"))
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s is not HOST:PORT, such as log1.example.com:8485: %s", address, strings.TrimPrefix(err.Error(), "address "+address+": "))
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return fmt.Errorf("%s names no host; specify the name or IP address at which the other nodes reach this one", address)
	}
	if strings.ContainsAny(host, "/@ ") {
		return fmt.Errorf("%s is not HOST:PORT, such as log1.example.com:8485: the host is not a name", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("%s has no port between 1 and 65535, such as 8485", address)
	}
	return nil
}

// newIdentity returns the identity of a new node, without certificates.
func newIdentity(dir, cluster, address string, now func() time.Time) *identity {
	return &identity{ID: newID(), Cluster: cluster, Address: address, Created: now().UTC().Truncate(time.Second), folder: filepath.Join(dir, folderName), now: now}
}

// makeKey makes the node's key and certificate.
func (id *identity) makeKey() error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := issue(id.ca, id.caKey, id.ID, public, id.now())
	if err != nil {
		return err
	}
	c, err := tlsCertificate(der, id.ca, private)
	if err != nil {
		return err
	}
	id.key = private
	id.cert.Store(c)
	return nil
}

// writeKeys creates the directory, and in it everything but node.json, which makes it that of a node.
func (id *identity) writeKeys() error {
	if err := durable.MkdirAll(id.folder, 0o700); err != nil {
		return err
	}
	caKey, err := encodeKey(id.caKey)
	if err != nil {
		return err
	}
	key, err := encodeKey(id.key)
	if err != nil {
		return err
	}
	for _, f := range []struct{ name, text string }{
		{caFile, encodeCertificate(id.ca.Raw)}, {caKeyFile, caKey}, {keyFile, key}, {certificateFile, encodeCertificate(id.cert.Load().Leaf.Raw)},
	} {
		if err := durable.WriteSecret(filepath.Join(id.folder, f.name), f.text); err != nil {
			return err
		}
	}
	return nil
}

// write writes node.json.
func (id *identity) write() error { return id.writeAs(identityFile) }

func (id *identity) writeAs(name string) error {
	text, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteSecret(filepath.Join(id.folder, name), string(text)+"\n")
}

// readIdentity reads who the node of a data directory is, and renews its certificate if that is due.
func readIdentity(dir string, now func() time.Time) (*identity, error) {
	id := &identity{folder: filepath.Join(dir, folderName), now: now}
	path := filepath.Join(id.folder, identityFile)
	text, err := durable.ReadSecret(path)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, id); err != nil || !ids.MatchString(id.ID) || !ids.MatchString(id.Cluster) || CheckAddress(id.Address) != nil {
		return nil, id.damaged(identityFile, errors.New("it does not say who this node is"))
	}
	if id.ca, err = readFile(id, caFile, parseCertificate); err != nil {
		return nil, err
	}
	if id.caKey, err = readFile(id, caKeyFile, parseKey); err != nil {
		return nil, err
	}
	if id.key, err = readFile(id, keyFile, parseKey); err != nil {
		return nil, err
	}
	if id.ca.Subject.CommonName != authorityName(id.Cluster) || !id.caKey.Public().(ed25519.PublicKey).Equal(id.ca.PublicKey) {
		return nil, id.damaged(caFile, fmt.Errorf("it is the authority of another cluster than %s says, or of another %s", identityFile, caKeyFile))
	}
	return id, id.readCertificate()
}

// readCertificate reads node.crt. One that is missing, damaged or soon to expire is made again: the node has all that is required for it.
func (id *identity) readCertificate() error {
	text, err := os.ReadFile(filepath.Join(id.folder, certificateFile))
	if err == nil {
		var c *x509.Certificate
		if c, err = parseCertificate(text); err == nil {
			err = c.CheckSignatureFrom(id.ca)
		}
		if err == nil && c.Subject.CommonName != id.ID {
			return id.damaged(identityFile, fmt.Errorf("it says that this node is %s, and its certificate is that of %s", id.ID, c.Subject.CommonName))
		}
		if err == nil {
			var joined *tls.Certificate
			if joined, err = tlsCertificate(c.Raw, id.ca, id.key); err == nil {
				id.cert.Store(joined)
			}
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		slog.Warn("the certificate between nodes is made again", "file", filepath.Join(id.folder, certificateFile), "err", err)
	}
	return id.renew()
}

// renew makes the node's certificate again if that is due, or if there is none.
func (id *identity) renew() error {
	if c := id.cert.Load(); c != nil && !isDue(c.Leaf, id.now()) {
		return nil
	}
	der, err := issue(id.ca, id.caKey, id.ID, id.key.Public().(ed25519.PublicKey), id.now())
	if err != nil {
		return fmt.Errorf("renew the certificate between nodes: %w", err)
	}
	c, err := tlsCertificate(der, id.ca, id.key)
	if err != nil {
		return fmt.Errorf("renew the certificate between nodes: %w", err)
	}
	id.cert.Store(c) // even if it cannot be written: the next start makes another
	if err := durable.WriteSecret(filepath.Join(id.folder, certificateFile), encodeCertificate(der)); err != nil {
		return fmt.Errorf("renew the certificate between nodes: %w", err)
	}
	return nil
}

// caHash returns the SHA-256 of the authority's certificate in hex, by which tokens name the cluster.
func (id *identity) caHash() string { return hashOf(id.ca.Raw) }

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// damaged is the error of a file in the node's directory.
func (id *identity) damaged(name string, err error) error {
	return fmt.Errorf("%s is damaged: %w; restore it from a copy, or remove this node from the cluster (oplog cluster remove, on another node) and let it join again in an empty directory",
		filepath.Join(id.folder, name), err)
}

// readFile reads a file in the node's directory that only its owner can read.
func readFile[T any](id *identity, name string, parse func([]byte) (T, error)) (value T, err error) {
	text, err := durable.ReadSecret(filepath.Join(id.folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return value, id.damaged(name, errors.New("there is no such file"))
	}
	if err != nil {
		return value, err
	}
	if value, err = parse(text); err != nil {
		err = id.damaged(name, err)
	}
	return value, err
}
