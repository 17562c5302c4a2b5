package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"oplog/oplog"
	"oplog/proof"
	"oplog/storage"
)

// keptCheckpoint is a checkpoint that was kept elsewhere, in a file.
type keptCheckpoint struct {
	storage.Checkpoint
	file string
}

// kept are checkpoints kept elsewhere, by tree, in order of their sizes.
type kept map[string][]keptCheckpoint

// readKept reads the checkpoints to compare with. Invalid ones in a folder are returned as an error beside the others.
func (c *verifyCommand) readKept(m *Program, db *storage.DB) (found kept, invalid, err error) {
	found = make(kept)
	if c.Checkpoint != "" {
		one, err := m.readCheckpoint(db, c.Checkpoint)
		if err != nil {
			return nil, nil, err
		}
		if c.Tenant != "" && !isOfTenant(one.Tenant, c.Tenant) {
			return nil, nil, fmt.Errorf("checkpoint %s is for %s, not tenant %s", c.Checkpoint, treeTitle(one.Tenant), c.Tenant)
		}
		found[one.Tenant] = []keptCheckpoint{{one, c.Checkpoint}}
	}
	if c.Anchors == "" {
		return found, nil, nil
	}
	folder, err := m.files().ReadCheckpoints(c.Anchors)
	if err != nil {
		return nil, nil, err
	}
	if invalid, err = keptKeys(db, folder.Keys); err != nil {
		return nil, nil, err
	}
	if len(folder.Anchors) == 0 {
		return nil, nil, fmt.Errorf("there are no checkpoints in %s; specify the folder that oplog serve --anchor writes to", c.Anchors)
	}
	for _, a := range folder.Anchors {
		if a.Text == "" {
			fmt.Fprintf(m.Stderr, "%s is empty, as after a crash while it was written; it is ignored.\n", visible(a.Path))
			continue
		}
		one, err := db.OpenCheckpoint(a.Text)
		if err != nil {
			invalid = errors.Join(invalid, fmt.Errorf("checkpoint %s is not valid: %w", a.Path, err))
		} else if c.Tenant == "" || isOfTenant(one.Tenant, c.Tenant) {
			found[one.Tenant] = append(found[one.Tenant], keptCheckpoint{one, a.Path})
		}
	}
	for _, of := range found {
		sort.SliceStable(of, func(i, j int) bool { return of[i].Size < of[j].Size })
	}
	return found, invalid, nil
}

// keptKeys returns an error for each file of a folder that says of the log's keys what the store does not, beside that of reading these.
func keptKeys(db *storage.DB, found []proof.AnchoredKeys) (invalid, err error) {
	history, err := db.KeyHistory("")
	for _, k := range found {
		invalid = errors.Join(invalid, k.Continued(history.Changes))
	}
	return invalid, err
}

// isOfTenant reports whether a tree is a tenant's log or its trail.
func isOfTenant(tree, tenant string) bool { return tree == tenant || tree == oplog.TrailName(tenant) }

// treeTitle names a tree.
func treeTitle(tree string) string {
	if tree == oplog.TrailName("") {
		return "the installation's access log (" + tree + ")"
	}
	return "tenant " + visible(tree)
}

// missing returns an error for each tree that checkpoints prove entries of, but that is not in the store.
func (k kept) missing(trees []string) error {
	var gone []error
	names := make([]string, 0, len(k))
	for tree := range k {
		names = append(names, tree)
	}
	slices.Sort(names)
	for _, tree := range names {
		if last := k[tree][len(k[tree])-1]; !slices.Contains(trees, tree) && (last.Size > 0 || !oplog.IsTrail(tree)) {
			gone = append(gone, fmt.Errorf("%s is not in the store, but checkpoint %s proves %d entries of it: it was removed, or an old backup was restored", treeTitle(tree), last.file, last.Size))
		}
	}
	return errors.Join(gone...)
}

// sizes are the sizes of checkpoints.
func sizes(of []keptCheckpoint) []uint64 {
	var all []uint64
	for _, one := range of {
		all = append(all, one.Size)
	}
	return all
}

// compare returns an error that says how a tree differs from the first of its checkpoints that it does not satisfy.
func compare(v storage.Verification, of []keptCheckpoint) error {
	for _, one := range of {
		if err := compareOne(v, one); err != nil {
			return err
		}
	}
	return nil
}

func compareOne(v storage.Verification, kept keptCheckpoint) error {
	switch root := v.Kept[kept.Size]; {
	case kept.Size == 0: // every log continues an empty one
		return nil
	case v.Size < kept.Size && v.Bad > 0:
		return fmt.Errorf("the log ends at entry %d, but checkpoint %s proves %d entries: its tail was removed", v.Size, kept.file, kept.Size)
	case v.Size < kept.Size:
		return fmt.Errorf("the log ends at entry %d and is intact up to there, but checkpoint %s proves %d entries: an old backup was restored, or the tail was removed without a trace; entries %d to %d are missing", v.Size, kept.file, kept.Size, v.Size+1, kept.Size)
	case slices.Contains(v.KeptInArchive, kept.Size): // printKept tells
		return nil
	case root != kept.Root && v.Bad > 0:
		return fmt.Errorf("its first %d entries are not those of the checkpoint %s", kept.Size, kept.file)
	case root != kept.Root:
		return fmt.Errorf("its first %d entries are consistent, but are not those of the checkpoint %s: the log was rewritten with its proof, or an old backup was restored and has grown since", kept.Size, kept.file)
	}
	return nil
}

// printKept says with which checkpoints a tree was compared.
func printKept(w io.Writer, tree string, v storage.Verification, of []keptCheckpoint, many bool) {
	if n := len(of); len(v.KeptInArchive) > 0 {
		of = slices.DeleteFunc(slices.Clone(of), func(c keptCheckpoint) bool { return slices.Contains(v.KeptInArchive, c.Size) })
		fmt.Fprintf(w, "%s: %d of %d checkpoints end between entries whose leaf hashes are in the archive, and could not be compared without it\n", tree, n-len(of), n)
		if len(of) == 0 {
			return
		}
	}
	switch {
	case len(of) > 0 && many:
		fmt.Fprintf(w, "%s: its first %d entries are those of %d checkpoints, unchanged, in the same order\n", tree, of[len(of)-1].Size, len(of))
	case len(of) > 0:
		fmt.Fprintf(w, "%s: its first %d entries are those of the checkpoint, unchanged, in the same order\n", tree, of[0].Size)
	case v.Size > 0 && many:
		fmt.Fprintf(w, "%s: no checkpoint was kept of it, so a full rewrite would not show\n", tree)
	case v.Size > 0:
		fmt.Fprintf(w, "%s: to detect a full rewrite or a restored old backup, pass what was kept elsewhere: --checkpoint FILE or --anchors DIR\n", tree)
	}
}

func (m *Program) readCheckpoint(db *storage.DB, path string) (storage.Checkpoint, error) {
	text, err := m.readText(path)
	if err != nil {
		return storage.Checkpoint{}, fmt.Errorf("cannot read the checkpoint: %w", err)
	}
	c, err := db.OpenCheckpoint(string(text))
	if err != nil {
		return c, fmt.Errorf("checkpoint %s is not valid: %w", path, err)
	}
	return c, nil
}

// ofTenant keeps the trees of a tenant, "" for all.
func ofTenant(trees []string, tenant string) ([]string, error) {
	if tenant == "" {
		return trees, nil
	}
	if !slices.Contains(trees, tenant) {
		return nil, fmt.Errorf("there is no tenant %s; see oplog tenant list", strings.TrimSpace(tenant))
	}
	return slices.DeleteFunc(trees, func(tree string) bool { return !isOfTenant(tree, tenant) }), nil
}
