package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"oplog/control"
	"oplog/node"
	"oplog/oplog"
	"oplog/storage"
	"oplog/trail"
)

type verifyCommand struct {
	logFlags
	Tenant     string `placeholder:"ID" help:"Only this tenant."`
	Checkpoint string `placeholder:"FILE" help:"Checkpoint kept elsewhere, to compare with."`
	Anchors    string `placeholder:"DIR" help:"Folder of checkpoints that oplog serve --anchor wrote, all of which are compared."`

	Archive archiveMode `here:"" help:"Compare also every entry in the archive with what was recorded; --archive=sums compares only the sums that its servers make. On a stopped log, the servers are those of the configuration file."`
}

func (c *verifyCommand) lend(d *control.Desk) {
	if c.Checkpoint != "" {
		d.Reads = []string{c.Checkpoint}
	}
	d.Anchors = c.Anchors
}

// Run recomputes the proof over every entry. It reads the store alone: the
// search index is neither needed nor trusted.
func (c *verifyCommand) Run(ctx context.Context, m *Program) (err error) {
	if m.running != nil {
		return c.beside(ctx, m)
	}
	dir, err := m.dataDir(c.Data)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no data directory %s; specify another with --data", dir)
	}
	db, err := openToVerify(dir, m.noCopy)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return c.verify(ctx, m, db)
}

// beside verifies the log of the server that the command runs in. Meanwhile nothing is deleted, which would look like a finding.
func (c *verifyCommand) beside(ctx context.Context, m *Program) error {
	m.running.session.LimitWrites(time.Minute) // a terminal that stands still must not stop deletions
	return m.withRunningLog(func(l *node.Node) error {
		return l.Journal.WithoutDeletions(func() error {
			err := c.verify(ctx, m, m.running.store)
			if checkTenant(l, c.Tenant) == nil { // no other has an access log
				l.Trail.Add(m.withSource(trail.Event{
					Tenant: c.Tenant, User: trail.CommandUser, Module: "server", Operation: "verify", Failed: err != nil,
				}))
			}
			return err
		})
	})
}

// verify verifies the log of a store.
func (c *verifyCommand) verify(ctx context.Context, m *Program, db *storage.DB) error {
	if damage := db.Damage(); damage != nil {
		fmt.Fprintln(m.Stdout, visible(damage.Error()))
	}
	found, invalid, err := c.readKept(m, db)
	if err != nil {
		return err
	}
	archived, err := c.archive(m, db)
	if err != nil {
		return err
	}
	trees, err := treesOf(db)
	if err != nil {
		return err
	}
	bad := []error{found.missing(trees), invalid}
	if missing := db.Missing(); missing != nil {
		verdict := "NOT INTACT"
		if db.OnlyHeadMissing() {
			verdict = "NOT KNOWN TO BE COMPLETE" // whether what is there is intact is told of each tree
		}
		bad = append(bad, fmt.Errorf("%s: %w", verdict, missing))
	}
	if trees, err = ofTenant(trees, c.Tenant); err != nil {
		return errors.Join(append(bad, err)...)
	}
	bad = append(bad, checkRecords(ctx, m.Stdout, db, c.Tenant))
	found.addRemoved(db)
	for _, tree := range trees {
		if err := m.verify(ctx, db, tree, found[tree], c.Anchors != ""); err != nil {
			if ctx.Err() != nil {
				return err
			}
			bad = append(bad, fmt.Errorf("%s: %w", treeTitle(tree), err))
		}
	}
	if archived != nil {
		bad = append(bad, c.verifyArchived(ctx, m, db, archived))
	}
	return errors.Join(bad...)
}

// openToVerify opens a store without changing anything, unless it can only be read after a change.
func openToVerify(dir string, noCopy bool) (*storage.DB, error) {
	db, err := storage.Open(dir, storage.Options{WithoutKey: true, ReadOnly: true})
	if !errors.Is(err, storage.ErrMustWrite) {
		return db, err
	}
	changed, failed := storage.Open(dir, storage.Options{WithoutKey: true, NoCopy: noCopy})
	if isReadOnly(failed) {
		return nil, err
	}
	return changed, failed
}

// treesOf lists the trees of known tenants and those that have entries.
func treesOf(db *storage.DB) ([]string, error) {
	tenants, err := db.Tenants()
	if err != nil {
		return nil, err
	}
	records, err := db.Records(oplog.RecordTenant, "")
	if err != nil && oplog.CodeOf(err) != oplog.CodeDamaged { // see checkRecords
		return nil, err
	}
	for _, r := range records {
		tenants = append(tenants, r.Name)
	}
	slices.Sort(tenants)
	return slices.Compact(tenants), nil
}

// verify verifies a tree and compares it with checkpoints kept elsewhere; many means that they are from a folder.
func (m *Program) verify(ctx context.Context, db *storage.DB, tree string, of []keptCheckpoint, many bool) error {
	entries, _, err := db.Counts(tree)
	if err != nil {
		return err
	}
	title := treeTitle(tree)
	shown := m.progress("Verifying "+title+":", int(entries))
	checked := uint64(0)
	verify := db.Verify
	if m.running != nil {
		verify = db.VerifyGently
	}
	v, err := verify(ctx, tree, sizes(of), func(done, _ uint64) {
		shown.add(int(done - checked))
		checked = done
	})
	shown.end()
	if err != nil {
		return err
	}
	if v.Bad > 0 {
		for _, f := range v.Findings {
			fmt.Fprintf(m.Stdout, "%s: %s\n", title, visible(describeFinding(f, v.Size)))
		}
		more := ""
		if v.Bad > 1 {
			more = fmt.Sprintf("; %d more findings", v.Bad-1)
		}
		return errors.Join(fmt.Errorf("NOT INTACT: %s%s", describeFinding(v.Findings[0], v.Size), more), compare(v, of))
	}
	if err := compare(v, of); err != nil {
		return fmt.Errorf("NOT INTACT: %w", err)
	}
	fmt.Fprintf(m.Stdout, "%s: intact, %d entries, root %s\n", title, v.Size, v.Root)
	if v.Deleted > 0 {
		fmt.Fprintf(m.Stdout, "%s: %d of these were deleted under the retention rule, as recorded in its trail; their leaves are in the tree\n", title, v.Deleted)
	}
	if v.Archived > 0 {
		fmt.Fprintf(m.Stdout, "%s: %d of these are in the archive alone, as recorded in its trail; their leaves are in the tree\n", title, v.Archived)
	}
	if v.Moved > 0 {
		fmt.Fprintf(m.Stdout, "%s: of %d of them the leaf hashes are in the archive, too; the tree here has the hash of each 256\n", title, v.Moved)
	}
	if v.Unknown > 0 {
		fmt.Fprintf(m.Stdout, "%s: %d of these are not here, and a damaged record does not say any more whether they are in the archive or were deleted; their leaves are in the tree\n", title, v.Unknown)
	}
	printKept(m.Stdout, title, v, of, many)
	return nil
}

// describeFinding describes a finding with the entry's time and id.
func describeFinding(f storage.Finding, size uint64) string {
	at := fmt.Sprintf("entry %d of %s, id %s,", f.Seq, f.Time.UTC().Format(time.RFC3339Nano), f.ID)
	switch f.Kind {
	case storage.FoundModified:
		return at + " was modified: it differs from what was recorded"
	case storage.FoundRemoved:
		return at + " was removed: it was recorded but is missing"
	case storage.FoundUnconfirmed:
		return at + " is missing: a record says that its day is in the archive, but the trail does not confirm that record"
	case storage.FoundArchived:
		return fmt.Sprintf("the record that %s is in the archive, from entry %d to %d, does not match the entries that were recorded on that day", oplog.DateOf(f.Time), f.Seq, f.Last)
	case storage.FoundMoved:
		return fmt.Sprintf("the leaf hashes of entries %d to %d are said to be in the archive, but the records of archived days do not account for all of them", f.Seq, f.Last)
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
