// Package signing follows the keys of a log: statements that replace a signing key by another, and what verifiers conclude from them.
package signing

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// The first lines of statements.
const (
	rotationTitle    = "oplog key rotation v1"    // signed by the old and the new key
	replacementTitle = "oplog key replacement v1" // of a lost key; signed by the new key alone
)

// Head is the head of a tree.
type Head struct {
	Origin string
	Size   uint64
	Root   tlog.Hash
}

// ErrNoHead is the error of a text that is no checkpoint.
var ErrNoHead = errors.New("it is not a checkpoint")

// ParseHead reads the first lines of a checkpoint.
func ParseHead(text string) (Head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return Head{}, ErrNoHead
	}
	size, sizeErr := strconv.ParseUint(lines[1], 10, 63)
	root, rootErr := base64.StdEncoding.DecodeString(lines[2])
	if sizeErr != nil || rootErr != nil || len(root) != tlog.HashSize {
		return Head{}, ErrNoHead
	}
	return Head{lines[0], size, tlog.Hash(root)}, nil
}

// Record is a key change as the log keeps it: the statement, and the leaves that its root covers.
type Record struct {
	Statement string   `json:"statement"`
	Leaves    []string `json:"leaves"`
}

// Replace makes the statement that replaces a verifier key at a time. previous makes its signature, and is nil if the old key was lost.
func Replace(old string, previous note.Signer, next string, signer note.Signer, at time.Time, heads []Head) (Record, error) {
	title, signers := replacementTitle, []note.Signer{signer}
	if previous != nil {
		title, signers = rotationTitle, []note.Signer{previous, signer}
	}
	sort.Slice(heads, func(i, j int) bool { return heads[i].Origin < heads[j].Origin })
	var r Record
	for _, h := range heads {
		r.Leaves = append(r.Leaves, fmt.Sprintf("%s\n%d\n%s\n%s\n", h.Origin, h.Size, encode(h.Root), rand.Text()))
	}
	hashes, err := hashesOf(r.Leaves)
	if err != nil {
		return r, err
	}
	root, err := tlog.TreeHash(int64(len(r.Leaves)), hashes)
	if err != nil {
		return r, fmt.Errorf("root over the heads of all trees: %w", err)
	}
	name, _, _ := strings.Cut(old, "+")
	text := strings.Join([]string{title, name, old, next, at.UTC().Format(time.RFC3339), strconv.Itoa(len(r.Leaves)), encode(root), ""}, "\n")
	signed, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return r, fmt.Errorf("sign the statement that replaces the key: %w", err)
	}
	r.Statement = string(signed)
	return r, nil
}

func encode(hash tlog.Hash) string { return base64.StdEncoding.EncodeToString(hash[:]) }

// hashesOf returns the hashes of the tree over leaves.
func hashesOf(leaves []string) (tlog.HashReader, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for i, leaf := range leaves {
		added, err := tlog.StoredHashes(int64(i), []byte(leaf), reader)
		if err != nil {
			return nil, fmt.Errorf("hash the heads of all trees: %w", err)
		}
		stored = append(stored, added...)
	}
	return reader, nil
}

// Of returns the key change for verifiers of the tree with an origin, "" for none.
func (r Record) Of(origin string) (oplog.KeyChange, error) {
	change := oplog.KeyChange{Statement: r.Statement}
	index := slices.IndexFunc(r.Leaves, func(leaf string) bool { return strings.HasPrefix(leaf, origin+"\n") })
	if index < 0 {
		return change, nil
	}
	hashes, err := hashesOf(r.Leaves)
	if err != nil {
		return change, err
	}
	path, err := tlog.ProveRecord(int64(len(r.Leaves)), int64(index), hashes)
	if err != nil {
		return change, fmt.Errorf("prove the head of %s: %w", origin, err)
	}
	change.Head = &oplog.KeyTreeHead{Leaf: []byte(r.Leaves[index]), Index: uint64(index), Path: make([][]byte, len(path))} //nolint:gosec // not negative
	for i := range path {
		change.Head.Path[i] = path[i][:]
	}
	return change, nil
}

// statement is a parsed statement.
type statement struct {
	rotation bool // signed by the old key, too
	old, new key
	at       time.Time
	head     *Head // of the tree that it was given for
}

// key is a verifier key.
type key struct {
	text string
	note.Verifier
}

var errStatement = errors.New("a statement that replaces the log's key is invalid")

// parseStatement verifies a key change.
func parseStatement(c oplog.KeyChange) (s statement, err error) {
	lines := strings.Split(c.Statement, "\n")
	if len(lines) < 8 || lines[0] != rotationTitle && lines[0] != replacementTitle {
		return s, errStatement
	}
	s.rotation = lines[0] == rotationTitle
	if s.old, err = newKey(lines[2]); err != nil {
		return s, err
	}
	if s.new, err = newKey(lines[3]); err != nil {
		return s, err
	}
	if s.old.Name() != lines[1] || s.new.Name() != lines[1] || s.old.text == s.new.text {
		return s, errStatement
	}
	count, countErr := strconv.ParseInt(lines[5], 10, 32)
	root, rootErr := tlog.ParseHash(lines[6])
	if s.at, err = time.Parse(time.RFC3339, lines[4]); err != nil || countErr != nil || rootErr != nil {
		return s, errStatement
	}
	if !signedBy(c.Statement, s.new) || s.rotation && !signedBy(c.Statement, s.old) {
		return s, errors.New("a statement that replaces the log's key is not signed by the keys that it names")
	}
	if c.Head == nil {
		return s, nil
	}
	path := make(tlog.RecordProof, len(c.Head.Path))
	for i, hash := range c.Head.Path {
		if len(hash) != tlog.HashSize {
			return s, errStatement
		}
		path[i] = tlog.Hash(hash)
	}
	head, err := ParseHead(string(c.Head.Leaf))
	if err != nil || c.Head.Index >= uint64(max(0, count)) || //nolint:gosec // not negative
		tlog.CheckRecord(path, count, root, int64(c.Head.Index), tlog.RecordHash(c.Head.Leaf)) != nil { //nolint:gosec // below count
		return s, errors.New("the head of the tree does not belong to the statement that replaces the log's key")
	}
	s.head = &head
	return s, nil
}

func newKey(text string) (key, error) {
	v, err := note.NewVerifier(text)
	if err != nil {
		return key{}, errStatement
	}
	return key{text, v}, nil
}

func signedBy(text string, k key) bool {
	opened, err := note.Open([]byte(text), note.VerifierList(k))
	return err == nil && len(opened.Sigs) > 0
}
