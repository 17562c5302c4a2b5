package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"oplog/oplog"
	"oplog/storage"
)

type verifyCommand struct {
	dataFlag
	Tenant     string `placeholder:"ID" help:"Only this tenant."`
	Checkpoint string `placeholder:"FILE" help:"Checkpoint kept elsewhere, to compare with."`
}

// Run recomputes the proof over every entry. It reads the store alone: the
// search index is neither needed nor trusted.
func (c *verifyCommand) Run(ctx context.Context, m *Program) (err error) {
	dir, err := m.dataDir(c.Data)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no data directory %s; specify another with --data", dir)
	}
	db, err := storage.Open(dir, storage.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var kept storage.Checkpoint
	if c.Checkpoint != "" {
		if kept, err = m.readCheckpoint(db, c.Checkpoint); err != nil {
			return err
		}
		if c.Tenant != "" && c.Tenant != kept.Tenant {
			return fmt.Errorf("checkpoint %s is for tenant %s, not %s", c.Checkpoint, kept.Tenant, c.Tenant)
		}
	}
	tenants, err := tenantsOf(db)
	if err != nil {
		return err
	}
	if kept.Tenant != "" && !slices.Contains(tenants, kept.Tenant) {
		return fmt.Errorf("tenant %s is not in the store, but the checkpoint proves %d entries of it: the tenant was removed, or an old backup was restored", kept.Tenant, kept.Size)
	}
	if c.Tenant != "" {
		if !slices.Contains(tenants, c.Tenant) {
			return fmt.Errorf("there is no tenant %s; see oplog tenant list", c.Tenant)
		}
		tenants = slices.DeleteFunc(tenants, func(name string) bool { return name != c.Tenant && !strings.HasPrefix(name, c.Tenant+"/") }) // with its trail
	}
	var bad []error
	for _, tenant := range tenants {
		compare := storage.Checkpoint{}
		if tenant == kept.Tenant {
			compare = kept
		}
		if err := m.verify(ctx, db, tenant, compare); err != nil {
			if ctx.Err() != nil {
				return err
			}
			bad = append(bad, fmt.Errorf("tenant %s: %w", tenant, err))
		}
	}
	return errors.Join(bad...)
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

// tenantsOf lists tenants that are known, or have entries.
func tenantsOf(db *storage.DB) ([]string, error) {
	tenants, err := db.Tenants()
	if err != nil {
		return nil, err
	}
	records, err := db.Records(oplog.RecordTenant, "")
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		tenants = append(tenants, r.Name)
	}
	slices.Sort(tenants)
	return slices.Compact(tenants), nil
}

func (m *Program) verify(ctx context.Context, db *storage.DB, tenant string, kept storage.Checkpoint) error {
	entries, _, err := db.Counts(tenant)
	if err != nil {
		return err
	}
	shown := m.progress("Verifying tenant "+tenant+":", int(entries))
	checked := uint64(0)
	v, err := db.Verify(ctx, tenant, kept.Size, func(done, _ uint64) {
		shown.add(int(done - checked))
		checked = done
	})
	shown.end()
	if err != nil {
		return err
	}
	if v.Bad > 0 {
		for _, f := range v.Findings {
			fmt.Fprintf(m.Stdout, "tenant %s: %s\n", tenant, visible(describeFinding(f, v.Size)))
		}
		more := ""
		if v.Bad > 1 {
			more = fmt.Sprintf("; %d more findings", v.Bad-1)
		}
		return errors.Join(fmt.Errorf("NOT INTACT: %s%s", describeFinding(v.Findings[0], v.Size), more), compare(v, kept))
	}
	if err := compare(v, kept); err != nil {
		return fmt.Errorf("NOT INTACT: %w", err)
	}
	fmt.Fprintf(m.Stdout, "tenant %s: intact, %d entries, root %s\n", tenant, v.Size, v.Root)
	if v.Deleted > 0 {
		fmt.Fprintf(m.Stdout, "tenant %s: %d of these were deleted under the retention rule, as recorded in its trail; their leaves are in the tree\n", tenant, v.Deleted)
	}
	if kept.Tenant != "" {
		fmt.Fprintf(m.Stdout, "tenant %s: its first %d entries are those of the checkpoint, unchanged, in the same order\n", tenant, kept.Size)
	} else if v.Size > 0 {
		fmt.Fprintf(m.Stdout, "tenant %s: to detect a full rewrite or a restored old backup, pass a checkpoint kept elsewhere: --checkpoint FILE\n", tenant)
	}
	return nil
}

// compare says how the log differs from a checkpoint that was kept.
func compare(v storage.Verification, kept storage.Checkpoint) error {
	switch {
	case kept.Tenant == "", kept.Size == 0: // of an empty log any is a continuation
		return nil
	case v.Size < kept.Size && v.Bad > 0:
		return fmt.Errorf("the log ends at entry %d, but the checkpoint proves %d entries: its tail was removed", v.Size, kept.Size)
	case v.Size < kept.Size:
		return fmt.Errorf("the log ends at entry %d and is intact up to there, but the checkpoint proves %d entries: an old backup was restored, or the tail was removed without a trace; entries %d to %d are missing", v.Size, kept.Size, v.Size+1, kept.Size)
	case v.KeptRoot != kept.Root && v.Bad > 0:
		return fmt.Errorf("its first %d entries are not those of the checkpoint", kept.Size)
	case v.KeptRoot != kept.Root:
		return fmt.Errorf("its first %d entries are consistent, but are not those of the checkpoint: the log was rewritten with its proof, or an old backup was restored and has grown since", kept.Size)
	}
	return nil
}

// describeFinding words a finding, with the entry's time and id.
func describeFinding(f storage.Finding, size uint64) string {
	at := fmt.Sprintf("entry %d of %s, id %s,", f.Seq, f.Time.UTC().Format(time.RFC3339Nano), f.ID)
	switch f.Kind {
	case storage.FoundModified:
		return at + " was modified: it differs from what was recorded"
	case storage.FoundRemoved:
		return at + " was removed: it was recorded but is missing"
	case storage.FoundReplaced:
		return at + " was replaced: another entry is in its place"
	case storage.FoundInserted:
		return at + " was inserted: it was never recorded"
	case storage.FoundBeyondEnd:
		if f.ID == "" {
			return fmt.Sprintf("the tree continues after entry %d, the last: the log's tail was removed", size)
		}
		return fmt.Sprintf("%s is beyond the last of %d recorded entries: the log's tail was removed, or the entry was inserted", at, size)
	case storage.FoundNoLeaf:
		return fmt.Sprintf("entry %d was removed along with the record of its arrival", f.Seq)
	case storage.FoundSubtree:
		return fmt.Sprintf("entries %d to %d, the first of %s, id %s, do not match the tree: at least one was modified together with its leaf", f.Seq, f.Last, f.Time.UTC().Format(time.RFC3339Nano), f.ID)
	default:
		return at + " cannot be found by its id: the id was removed or points elsewhere"
	}
}
