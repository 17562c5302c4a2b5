// Package witness follows logs from another machine: it keeps the last checkpoint of each, and cosigns a newer one only if the log proves
// that it has only grown (C2SP tlog-witness). So a log that was rewritten, or put back to an older state, finds no cosignature.
package witness

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/durable"
)

// Witness has the last checkpoints of the logs that it follows, one file for each in its directory.
type Witness struct {
	dir    string
	signer *signer

	mu    sync.Mutex             // guards logs and locks
	logs  map[string]*followed   // by name
	locks map[string]*sync.Mutex // by origin: held from the comparison with the last checkpoint until the new one is on disk
}

const (
	keyFile    = "witness.key"
	logsFolder = "logs"
	maxName    = 100
)

// Open opens a witness in a directory, which it creates. A new witness makes its key, with a name if one is given. logs are the verifier
// keys of the logs to follow; a log may have several, one after another.
func Open(dir, name string, logs []string, now func() time.Time) (*Witness, error) {
	if strings.ContainsFunc(name, unicode.IsSpace) || strings.Contains(name, "+") || !utf8.ValidString(name) || len(name) > maxName {
		return nil, fmt.Errorf("the name %q of the witness is longer than %d bytes, or has blanks or plus signs", name, maxName)
	}
	w := &Witness{dir: dir, logs: make(map[string]*followed), locks: make(map[string]*sync.Mutex)}
	for _, key := range logs {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, fmt.Errorf("%q is not the verifier key of a log; oplog key verifier prints it", key)
		}
		l := w.logs[v.Name()]
		if l == nil {
			l = &followed{}
			w.logs[v.Name()] = l
		}
		l.given = append(l.given, strings.TrimSpace(key))
	}
	if err := durable.MkdirAll(filepath.Join(dir, logsFolder), 0o700); err != nil {
		return nil, fmt.Errorf("create the witness's directory: %w", err)
	}
	for name, l := range w.logs {
		if err := w.readKeys(name, l); err != nil {
			return nil, err
		}
	}
	path := filepath.Join(dir, keyFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := durable.WriteSecret(path, generateKey(name)+"\n"); err != nil {
			return nil, fmt.Errorf("write the witness's key: %w", err)
		}
	}
	text, err := durable.ReadSecret(path)
	if err != nil {
		return nil, fmt.Errorf("read the witness's key: %w", err)
	}
	if w.signer, err = newSigner(string(text), now); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

// Key returns the witness's verifier key.
func (w *Witness) Key() string { return w.signer.key() }

// refusal is the reason for not cosigning a checkpoint, with the status of C2SP tlog-witness.
type refusal struct {
	status int
	text   string
	size   uint64 // of the last cosigned checkpoint, for a conflict
}

func (r *refusal) Error() string { return r.text }

// request is a checkpoint to cosign, with the proof that it continues the one of an older size.
type request struct {
	old        uint64
	proof      tlog.TreeProof
	checkpoint string
}

// maxProof is the number of hashes that a proof can have at most.
const maxProof = 63

// parseRequest parses the body of add-checkpoint.
func parseRequest(body string) (request, error) {
	header, checkpoint, ok := strings.Cut(body, "\n\n")
	lines := strings.Split(header, "\n")
	oldText, isOld := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseUint(oldText, 10, 63)
	if !ok || !isOld || err != nil || strconv.FormatUint(old, 10) != oldText || len(lines)-1 > maxProof {
		return request{}, errors.New(`the body is not "old SIZE", at most 63 hashes, an empty line, and a checkpoint`)
	}
	r := request{old: old, checkpoint: checkpoint}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return request{}, fmt.Errorf("%q is not a hash in base64", line)
		}
		r.proof = append(r.proof, hash)
	}
	return r, nil
}

// checkpoint is a log's signed head.
type checkpoint struct {
	origin string
	size   uint64
	root   tlog.Hash
}

func parseCheckpoint(text string) (c checkpoint, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return c, errors.New("it is not a checkpoint")
	}
	c.origin = lines[0]
	root, rootErr := base64.StdEncoding.DecodeString(lines[2])
	if c.size, err = strconv.ParseUint(lines[1], 10, 63); err != nil || rootErr != nil || len(root) != tlog.HashSize || strconv.FormatUint(c.size, 10) != lines[1] {
		return c, errors.New("it is not a checkpoint: its second line is its size, the third its root")
	}
	c.root = tlog.Hash(root)
	return c, nil
}

// keysOf returns the keys of the log that an origin belongs to: origins are the log's name, or it followed by a slash and a tree's name.
func (w *Witness) keysOf(origin string) []note.Verifier {
	name, _, _ := strings.Cut(origin, "/")
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range []string{origin, name} {
		if l := w.logs[name]; l != nil {
			return l.trusted
		}
	}
	return nil
}

// open verifies that a checkpoint is signed by its log, and returns it without other signatures.
func (w *Witness) open(text string) (*note.Note, checkpoint, error) {
	origin, _, _ := strings.Cut(text, "\n")
	keys := w.keysOf(origin)
	if keys == nil {
		return nil, checkpoint{}, &refusal{status: 404, text: "this witness does not follow the log " + strconv.Quote(origin)}
	}
	n, err := note.Open([]byte(text), note.VerifierList(keys...))
	if err != nil {
		return nil, checkpoint{}, &refusal{status: 403, text: "the checkpoint is not signed by a key of the log that this witness trusts"}
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return nil, c, &refusal{status: 400, text: err.Error()}
	}
	return n, c, nil
}

// lock locks the checkpoint of an origin, and returns how to unlock it. Only origins of followed logs are locked.
func (w *Witness) lock(origin string) (unlock func()) {
	w.mu.Lock()
	one := w.locks[origin]
	if one == nil {
		one = new(sync.Mutex)
		w.locks[origin] = one
	}
	w.mu.Unlock()
	one.Lock()
	return one.Unlock
}

// path returns the file of an origin's last checkpoint.
func (w *Witness) path(originHash string) string {
	return filepath.Join(w.dir, logsFolder, originHash+".checkpoint")
}

func hashOf(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

// last returns the last cosigned checkpoint of an origin.
func (w *Witness) last(origin string) (checkpoint, error) {
	text, err := os.ReadFile(w.path(hashOf(origin)))
	if errors.Is(err, fs.ErrNotExist) {
		return checkpoint{origin: origin}, nil
	}
	if err != nil {
		return checkpoint{}, err
	}
	c, err := parseCheckpoint(string(text))
	if err == nil && c.origin != origin {
		err = errors.New("it belongs to another log")
	}
	if err != nil { // to begin again would cosign whatever comes
		return checkpoint{}, fmt.Errorf("the record of the last checkpoint of %s is damaged (%w); restore %s from a copy", origin, err, w.path(hashOf(origin)))
	}
	return c, nil
}

// Cosign returns the cosignature lines of a checkpoint that continues the last one of its log, once the checkpoint is on disk.
func (w *Witness) Cosign(r request) (string, error) {
	n, c, err := w.open(r.checkpoint)
	if err != nil {
		return "", err
	}
	if r.old > c.size {
		return "", &refusal{status: 400, text: "the old size is more than that of the checkpoint"}
	}
	defer w.lock(c.origin)()
	last, err := w.last(c.origin)
	if err != nil {
		return "", err
	}
	if r.old != last.size {
		return "", &refusal{status: 409, text: "the old size is not that of the last cosigned checkpoint", size: last.size}
	}
	if err := continues(r, c, last); err != nil {
		return "", &refusal{status: 422, text: err.Error()}
	}
	cosigned, err := note.Sign(&note.Note{Text: n.Text, Sigs: n.Sigs}, w.signer)
	if err != nil {
		return "", err
	}
	if err := durable.WriteSecret(w.path(hashOf(c.origin)), string(cosigned)); err != nil {
		return "", fmt.Errorf("write the checkpoint: %w", err)
	}
	lines := slices.Collect(strings.Lines(string(cosigned)))
	return lines[len(lines)-1], nil
}

// continues returns an error unless a checkpoint provably continues the last one.
func continues(r request, c, last checkpoint) error {
	empty, err := tlog.TreeHash(0, nil)
	if err != nil {
		return err
	}
	switch {
	case c.size == 0 && c.root != empty:
		return errors.New("the root of an empty log is wrong")
	case r.old == 0 && len(r.proof) > 0:
		return errors.New("the proof from an empty log must be empty")
	case r.old == 0:
		return nil
	}
	if err := tlog.CheckTree(r.proof, int64(c.size), c.root, int64(last.size), last.root); err != nil { //nolint:gosec // 63 bits
		return errors.New("the log does not continue the last cosigned checkpoint: it was rewritten")
	}
	return nil
}
