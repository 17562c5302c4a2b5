package witness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"oplog/durable"
	"oplog/oplog"
	"oplog/signing"
)

// followed is a log that the witness follows.
type followed struct {
	given   []string // the keys that the witness was started with
	changes []oplog.KeyChange
	trusted []note.Verifier // that sign its checkpoints now: the newest keys that follow from the given ones
}

// follow trusts the keys that key changes lead to from the given ones.
func (l *followed) follow(changes []oplog.KeyChange) error {
	var trusted []note.Verifier
	for _, text := range l.given {
		keys, err := signing.Follow(text, changes)
		if err != nil {
			return err
		}
		v, err := note.NewVerifier(keys.Current())
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(trusted, func(other note.Verifier) bool { return other.KeyHash() == v.KeyHash() }) {
			trusted = append(trusted, v)
		}
	}
	l.trusted, l.changes = trusted, changes
	return nil
}

// keysPath returns the file of a log's key changes.
func (w *Witness) keysPath(name string) string {
	return filepath.Join(w.dir, logsFolder, hashOf(name)+".keys")
}

// readKeys reads the key changes that were accepted before.
func (w *Witness) readKeys(name string, l *followed) error {
	data, err := os.ReadFile(w.keysPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return l.follow(nil)
	}
	var changes []oplog.KeyChange
	if err == nil {
		err = json.Unmarshal(data, &changes)
	}
	if err == nil {
		err = l.follow(changes)
	}
	if err != nil {
		return fmt.Errorf("the record of the keys of %s is damaged (%w); restore %s from a copy", name, err, w.keysPath(name))
	}
	return nil
}

// AddKeyChanges follows a log's key to a newer one, once that is on disk, and reports whether it is one. Checkpoints by the older keys are refused
// from then on.
func (w *Witness) AddKeyChanges(history oplog.KeyHistory) (replaced bool, err error) {
	v, err := note.NewVerifier(history.Key)
	if err != nil {
		return false, &refusal{status: 400, text: "the key is not a verifier key"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.logs[v.Name()]
	if l == nil {
		return false, &refusal{status: 404, text: "this witness does not follow the log " + v.Name()}
	}
	known := len(history.Changes) >= len(l.changes) && slices.EqualFunc(l.changes, history.Changes[:len(l.changes)],
		func(a, b oplog.KeyChange) bool { return a.Statement == b.Statement })
	if !known {
		return false, &refusal{status: 422, text: "the changes of the key do not continue those that this witness knows"}
	}
	next := &followed{given: l.given}
	if err := next.follow(history.Changes); err != nil {
		return false, &refusal{status: 403, text: err.Error()}
	}
	if !slices.ContainsFunc(next.trusted, func(one note.Verifier) bool { return one.KeyHash() == v.KeyHash() }) {
		return false, &refusal{status: 403, text: "the changes do not lead from a key that this witness trusts to the new one: start it with the new key, if that is the log's"}
	}
	if len(history.Changes) == len(l.changes) {
		return false, nil // anybody can repeat them
	}
	data, err := json.Marshal(history.Changes)
	if err != nil {
		return false, err
	}
	if err := durable.WriteSecret(w.keysPath(v.Name()), string(data)); err != nil {
		return false, fmt.Errorf("write the keys of a log: %w", err)
	}
	w.logs[v.Name()] = next
	return true, nil
}
