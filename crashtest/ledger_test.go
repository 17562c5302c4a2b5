//go:build unix

package crashtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"oplog/exports/formats"
	"oplog/signing"
)

// ledger remembers what a log has acknowledged.
type ledger struct {
	t    testing.TB
	dir  string   // of the ledger's own files
	data string   // data directory of the log
	dirs []string // of all nodes that have it; exports are in one of them

	writeKey, readKey, backupKey string
	keys                         *signing.Keys // the log's
	senders                      []sender
	removes                      bool // exports are removed once they are done

	read, stale atomic.Int64 // acknowledged entries that were read back, and answers that said that they may be old
	refused     atomic.Int64 // batches without ids that were answered with an error

	mu      sync.Mutex
	seqs    map[string]uint64 // of acknowledged entries, by the id of their content, which is that of the entry if it was sent with one
	exports map[string]int    // rows of finished exports that are not checked yet, by id
	backups map[string]int    // entries that were acknowledged before a finished backup, by path
	kept    []byte            // the last checkpoint
}

// newLedger creates a log in a data directory.
func newLedger(t testing.TB, data string) *ledger {
	t.Helper()
	l := &ledger{t: t, dir: t.TempDir(), data: data, dirs: []string{data}, seqs: make(map[string]uint64), exports: make(map[string]int), backups: make(map[string]int)}
	key := func(scope string) string {
		return strings.TrimSpace(mustRun(t, "key", "add", "--tenant", "acme", "--scope", scope, "--name", scope, "--data", data))
	}
	mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", data)
	l.writeKey, l.readKey, l.backupKey = key("write"), key("read"), key("backup")
	var err error
	if l.keys, err = signing.Follow(strings.TrimSpace(mustRun(t, "key", "verifier", "--data", data)), nil); err != nil {
		t.Fatal(err)
	}
	for i := range writers {
		l.senders = append(l.senders, sender{name: fmt.Sprint("w", i)})
	}
	return l
}

func (l *ledger) acknowledge(id string, seq uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, known := l.seqs[id]; known && before != seq {
		l.t.Errorf("entry %s was acknowledged as %d, and now as %d", id, before, seq)
	}
	l.seqs[id] = seq
}

func (l *ledger) exported(id string, rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.exports[id] = rows
}

func (l *ledger) backedUp(path string, entries int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.backups[path] = entries
}

func (l *ledger) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.seqs)
}

// check checks a log that is not running: everything that was acknowledged is there, once, as it was acknowledged.
func (l *ledger) check() {
	l.t.Helper()
	if err := errors.Join(l.checkEntries(l.data), l.checkExports()); err != nil {
		l.t.Fatal(err)
	}
}

var intact = regexp.MustCompile(`(?m)^tenant acme: intact, (\d+) entries`)

// refusedError is the error of a log that a command refuses in words.
type refusedError struct{ text string }

func (e *refusedError) Error() string { return e.text }

// verified returns how many entries are intact.
func (l *ledger) verified(data string, with ...string) (int, error) {
	r := run(l.t, append([]string{"verify", "--data", data}, with...)...)
	found := intact.FindStringSubmatch(r.stdout)
	if r.status != 0 || found == nil {
		return 0, &refusedError{fmt.Sprintf("verify: status %d, %s%s", r.status, r.stdout, r.stderr)}
	}
	return strconv.Atoi(found[1])
}

// checkEntries checks the entries of a log in a data directory.
func (l *ledger) checkEntries(data string) error {
	l.mu.Lock()
	kept := l.kept
	l.mu.Unlock()
	checkpoint := []string{}
	if kept != nil {
		path := filepath.Join(l.dir, "checkpoint")
		if err := os.WriteFile(path, kept, 0o600); err != nil {
			return err
		}
		checkpoint = []string{"--tenant", "acme", "--checkpoint", path}
	}
	total, err := l.verified(data, checkpoint...)
	if err != nil {
		return err
	}
	file := filepath.Join(l.dir, "check.ndjson")
	r := run(l.t, "export", "--tenant", "acme", "--from", "2000-01-01", "--to", "2100-01-01", "--format", "ndjson", "-o", file, "--data", data)
	if r.status != 0 {
		return &refusedError{fmt.Sprintf("export: status %d, %s", r.status, r.stderr)}
	}
	stored, err := readExport(file)
	if err != nil {
		return err
	}
	if len(stored) != total {
		return fmt.Errorf("%d rows are exported of %d entries", len(stored), total)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, seq := range l.seqs {
		if stored[id] != seq {
			return fmt.Errorf("entry %s was acknowledged as %d, and is %d of %d", id, seq, stored[id], total)
		}
	}
	return nil
}

// readExport returns the seqs of exported entries by the ids of their contents. None is there twice, seq has no gaps, and no batch is there in part.
func readExport(file string) (map[string]uint64, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	stored, seqs, batches := make(map[string]uint64), make(map[uint64]bool), make(map[string]int)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var e struct {
			Seq     uint64
			Content struct{ ID string }
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%w: %s", err, lines.Bytes())
		}
		id := e.Content.ID
		if stored[id] != 0 || seqs[e.Seq] {
			return nil, fmt.Errorf("entry %s, seq %d, is there twice", id, e.Seq)
		}
		stored[id], seqs[e.Seq] = e.Seq, true
		parts := strings.Split(id, ".") // sender, batch, number, size
		batches[strings.Join([]string{parts[0], parts[1], parts[3]}, ".")]++
	}
	for seq := range uint64(len(seqs)) {
		if !seqs[seq+1] {
			return nil, fmt.Errorf("of %d entries, seq %d is missing", len(seqs), seq+1)
		}
	}
	for batch, n := range batches {
		if !strings.HasSuffix(batch, "."+strconv.Itoa(n)) {
			return nil, fmt.Errorf("of batch %s, %d entries are there", batch, n)
		}
	}
	return stored, lines.Err()
}

// checkExports checks the finished exports since the last check: file and manifest are complete.
func (l *ledger) checkExports() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, rows := range l.exports {
		path := filepath.Join(l.data, "exports", id+".ndjson")
		for _, dir := range l.dirs {
			if there := filepath.Join(dir, "exports", id+".ndjson"); exists(there) {
				path = there
			}
		}
		if err := l.checkExport(path, rows); err != nil {
			return fmt.Errorf("export %s, which was done: %w", id, err)
		}
	}
	clear(l.exports)
	return nil
}

func (l *ledger) checkExport(path string, rows int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	manifest, err := os.ReadFile(path + ".manifest")
	if err != nil {
		return err
	}
	x, err := formats.Verify(f, manifest, l.keys)
	if err == nil && x.Rows != rows {
		err = fmt.Errorf("it has %d rows of %d", x.Rows, rows)
	}
	return err
}

// checkBackups restores the finished backups: every entry that was acknowledged before one is in it.
func (l *ledger) checkBackups() {
	l.t.Helper()
	l.mu.Lock()
	backups := l.backups
	l.backups = make(map[string]int)
	l.mu.Unlock()
	for path, entries := range backups {
		restored := filepath.Join(l.dir, "restored")
		mustRun(l.t, "restore", path, "--data", restored)
		total, err := l.verified(restored)
		if err != nil || total < entries {
			l.t.Fatalf("%d entries were acknowledged before the backup, and %d are in it; %v", entries, total, err)
		}
		if err := errors.Join(os.RemoveAll(restored), os.Remove(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.t.Fatal(err)
		}
	}
}
