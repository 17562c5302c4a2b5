package proof

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"oplog/durable"
	"oplog/oplog"
)

// Names of files with the key and how it replaced earlier ones.
const (
	keysSuffix    = "-keys"
	keysExtension = ".json"
)

// writeKeys writes how the log's key was replaced, if it was and the folder does not have it.
func (a *Anchors) writeKeys(now time.Time) error {
	history, err := a.trees.prover.KeyHistory("")
	if err != nil || len(history.Changes) == a.changes {
		return err
	}
	found, err := ReadAnchoredKeys(a.dir)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(found, func(k AnchoredKeys) bool { return sameStatements(k.Changes, history.Changes) }) {
		data, err := json.MarshalIndent(history, "", "  ")
		if err != nil {
			return err
		}
		if err := addFile(filepath.Join(a.dir, serverFolder, now.Format(time.DateOnly)), now.Format("150405Z")+keysSuffix, keysExtension, string(data)+"\n"); err != nil {
			return err
		}
	}
	a.changes = len(history.Changes)
	return nil
}

func sameStatements(a, b []oplog.KeyChange) bool {
	return slices.EqualFunc(a, b, func(x, y oplog.KeyChange) bool { return x.Statement == y.Statement })
}

// AnchoredKeys are the keys of a log as a folder of anchors has them.
type AnchoredKeys struct {
	oplog.KeyHistory
	Path string
}

// Continued returns an error unless key changes continue those in the folder.
func (k AnchoredKeys) Continued(changes []oplog.KeyChange) error {
	if n := len(k.Changes); n > len(changes) || !sameStatements(k.Changes, changes[:n]) {
		return fmt.Errorf("%s says that the log's key was replaced by %s, but the store does not: an old backup was restored, or the record of the keys was changed", k.Path, k.Key)
	}
	return nil
}

// ReadAnchoredKeys returns the keys in a folder of anchors, by path. An empty file, which a crash leaves, is ignored.
func ReadAnchoredKeys(dir string) ([]AnchoredKeys, error) {
	paths, err := filepath.Glob(filepath.Join(dir, serverFolder, "????-??-??", "??????Z"+keysSuffix+"*"+keysExtension))
	if err != nil {
		return nil, err
	}
	var found []AnchoredKeys
	for _, path := range paths {
		if !durable.IsRegular(path) {
			continue
		}
		data, err := os.ReadFile(path) //nolint:gosec // the user names the folder
		if err != nil {
			return nil, err
		}
		if len(data) == 0 {
			continue
		}
		k := AnchoredKeys{Path: path}
		if err := json.Unmarshal(data, &k.KeyHistory); err != nil {
			return nil, fmt.Errorf("%s is damaged: %w", path, err)
		}
		found = append(found, k)
	}
	return found, nil
}
