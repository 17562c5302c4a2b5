package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"oplog/backup"
	"oplog/control"
	"oplog/directory"
	"oplog/identity"
	"oplog/node"
	"oplog/oplog"
	"oplog/server/wire"
	"oplog/storage"
	"oplog/trail"
)

type backupCommand struct {
	logFlags
	Recipient      []string `placeholder:"KEY" help:"Public key of age (age1…) that the backup is encrypted to; may be repeated."`
	RecipientsFile string   `placeholder:"FILE" help:"File with such public keys, one a line."`
	File           string   `arg:"" help:"File to write, which must not exist; - for standard output. It contains everything but signing.key: keep a copy of that file elsewhere."`
}

func (c *backupCommand) lend(d *control.Desk) {
	if !isStandardOutput(c.File) {
		d.Writes = []string{c.File}
	}
	if c.RecipientsFile != "" {
		d.Reads = []string{c.RecipientsFile}
	}
}

// Run copies the store; the index can be rebuilt from it.
func (c *backupCommand) Run(m *Program) error {
	if m.running != nil {
		return m.withRunningLog(func(l *node.Node) error { return c.fromRunning(m, l) })
	}
	dir, err := m.dataDir(c.Data)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no data directory %s; specify another with --data", dir)
	}
	if err := c.checkNew(m); err != nil {
		return err
	}
	return c.fromStore(m, dir)
}

// checkNew rejects a file that exists.
func (c *backupCommand) checkNew(m *Program) error {
	if info, err := m.files().Stat(c.File); err == nil && info.IsRegular && !isStandardOutput(c.File) {
		return c.errExists()
	}
	return nil
}

func (c *backupCommand) errExists() error {
	return fmt.Errorf("%s exists; choose a new file, backups never overwrite one", c.File)
}

// recipients returns the public keys that the backup is encrypted to.
func (c *backupCommand) recipients(m *Program) ([]backup.Recipient, error) {
	keys := slices.Clone(c.Recipient)
	if c.RecipientsFile != "" {
		text, err := m.readSmall(c.RecipientsFile)
		if err != nil {
			return nil, err
		}
		keys = append(keys, string(text))
	}
	return backup.ParseRecipients(keys, "")
}

// fromStore backs up a store that no server has open.
func (c *backupCommand) fromStore(m *Program, dir string) (err error) {
	db, readOnly, err := openToRead(dir, storage.Options{WithoutKey: true, NoCopy: m.noCopy})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	reliesOn, err := node.Reliance(db)
	if err != nil {
		return err
	}
	n, err := c.write(m, db.WriteTo)
	if err != nil {
		return err
	}
	if readOnly {
		fmt.Fprintln(m.Stderr, "The data directory cannot be written, so the time of this backup is not recorded.")
	} else if err := node.RecordBackup(db, m.Now()); err != nil {
		return fmt.Errorf("the backup was written, but recording it failed: %w", err)
	}
	c.tell(m, n, relianceText(reliesOn))
	return nil
}

// fromRunning backs up the log of the server that the command runs in, as its API does.
func (c *backupCommand) fromRunning(m *Program, l *node.Node) (err error) {
	if err := c.checkNew(m); err != nil {
		return err
	}
	b, err := l.Backup(context.Background())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	l.Trail.Add(m.withSource(trail.Event{User: trail.CommandUser, Module: "backup", Operation: "download"}))
	l.Trail.Sync()
	n, err := c.write(m, func(w io.Writer) (int64, error) { return io.Copy(w, io.NewSectionReader(b, 0, b.Size)) })
	if err == nil {
		c.tell(m, n, relianceText(b.ReliesOn))
	}
	return err
}

// relianceText describes what is in the archive alone; "" for nothing.
func relianceText(on oplog.Reliance) string {
	if on.Days == 0 {
		return ""
	}
	return on.String()
}

// runOverAPI downloads the backup of a server.
func (c *backupCommand) runOverAPI(ctx context.Context, m *Program, r remote) error {
	if err := c.checkNew(m); err != nil {
		return err
	}
	answer, err := r.send(ctx, http.MethodGet, "/api/v1/backup", nil)
	if err != nil {
		return err
	}
	n, err := c.write(m, func(w io.Writer) (int64, error) { return io.Copy(w, answer.Body) })
	if err = errors.Join(err, answer.Body.Close()); err == nil {
		c.tell(m, n, answer.Header.Get(wire.ReliesOnHeader))
	}
	return err
}

// write writes the file and returns its size.
func (c *backupCommand) write(m *Program, fill func(io.Writer) (int64, error)) (n int64, err error) {
	recipients, err := c.recipients(m)
	if err != nil {
		return 0, fmt.Errorf("--recipient: %w", err)
	}
	err = m.writeNew(c.File, func(w io.Writer) (err error) {
		n, err = encrypted(w, recipients, fill)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return n, c.errExists()
	case err != nil:
		err = fmt.Errorf("cannot write the backup: %w", err)
	}
	return n, err
}

// tell says what was written, and what it relies on.
func (c *backupCommand) tell(m *Program, n int64, reliesOn string) {
	if reliesOn != "" {
		defer fmt.Fprintf(m.Stderr, "The backup relies on %s: their entries are there alone, so back up that database, too.\n", visible(reliesOn))
	}
	if isStandardOutput(c.File) || !m.isRegular(c.File) {
		fmt.Fprintf(m.Stderr, "Backed up to %s, %d bytes.\n", c.File, n)
		return
	}
	fmt.Fprintf(m.Stderr, "Backed up to %s, %d bytes. To test it: oplog restore %s --data NEW, then oplog verify --data NEW\n", c.File, n, c.File)
}

// encrypted writes a backup, encrypted if there are recipients, and returns its size before that.
func encrypted(w io.Writer, to []backup.Recipient, fill func(io.Writer) (int64, error)) (int64, error) {
	if len(to) == 0 {
		return fill(w)
	}
	cipher, err := backup.Encrypt(w, to)
	if err != nil {
		return 0, err
	}
	n, err := fill(cipher)
	if err != nil {
		return n, err
	}
	return n, cipher.Close()
}

type restoreCommand struct {
	dataFlag
	archiveSettings
	Identity string `placeholder:"FILE" help:"File with the secret key of age (AGE-SECRET-KEY-1…) that can decrypt an encrypted backup."`
	File     string `arg:"" help:"The backup."`
}

// Validate checks the flags before anything is opened.
func (c *restoreCommand) Validate() error { return c.checkArchive() }

// Run creates the data directory; it must be missing or empty.
func (c *restoreCommand) Run(ctx context.Context, m *Program) (err error) {
	dir, err := m.dataDir(c.Data)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("cannot read the backup: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	from, err := backup.Decrypt(f, c.Identity)
	if errors.Is(err, backup.ErrEncrypted) {
		return fmt.Errorf("%s is encrypted with age; specify the file of the secret key with --identity", c.File)
	}
	if err != nil {
		return fmt.Errorf("cannot decrypt the backup: %w", err)
	}
	var reliesOn oplog.Reliance
	var inArchive error
	restored, err := storage.Restore(ctx, dir, from, func(db *storage.DB) (err error) {
		if reliesOn, err = node.Reliance(db); err != nil {
			return err
		}
		if len(c.Servers) > 0 || m.engines != nil {
			inArchive = m.checkReliance(ctx, db, &c.archiveSettings)
		}
		return m.finishRestore(ctx, db, filepath.Base(c.File))
	})
	if err != nil {
		return err
	}
	if !restored.Hashed {
		fmt.Fprintln(m.Stderr, "The backup is from an earlier version and has no hash; its entries were verified nevertheless.")
	}
	fmt.Fprintf(m.Stderr, "Restored to %s and verified: %d entries of %d logs are intact. All sessions have ended; people have to sign in again.\n", dir, restored.Entries, restored.Logs)
	if !restored.HasKey {
		fmt.Fprintf(m.Stderr, "To serve it, copy signing.key of the original data directory to %s: the backup does not contain it.\n", dir)
	}
	return c.tellReliance(m, dir, reliesOn, inArchive)
}

// tellReliance says what the restored log relies on, and returns an error if that was looked for and not found.
func (c *restoreCommand) tellReliance(m *Program, dir string, reliesOn oplog.Reliance, failed error) error {
	if reliesOn.Days == 0 {
		return nil
	}
	fmt.Fprintf(m.Stderr, "The log relies on %s: their entries are there alone.\n", reliesOn)
	switch {
	case failed != nil:
		return fmt.Errorf("the log was restored to %s, but the archive does not have all that it relies on: %w", dir, failed)
	case len(c.Servers) == 0 && m.engines == nil:
		fmt.Fprintf(m.Stderr, "To check that they are there, once signing.key is: oplog archive verify --sums --data %s, with the settings of the archive.\n", dir)
	}
	return nil
}

// checkReliance compares the archived days of a restored store with what the servers have.
func (m *Program) checkReliance(ctx context.Context, db *storage.DB, settings *archiveSettings) error {
	a, err := m.openArchive(db, settings)
	if err != nil {
		return err
	}
	tenants, err := db.Records(oplog.RecordTenant, "")
	bad := []error{err}
	for _, t := range tenants {
		if len(a.Days(t.Name)) > 0 {
			bad = append(bad, m.verifyArchive(ctx, a, t.Name, true))
		}
	}
	return errors.Join(bad...)
}

// finishRestore makes a single log of a restored store, ends its sessions, and records the restore in every trail.
func (m *Program) finishRestore(ctx context.Context, db *storage.DB, file string) error {
	if _, replicated := db.Replicated(); replicated { // of a node, whose identity is in no backup
		if err := db.EndReplication(); err != nil {
			return err
		}
	}
	if err := identity.AfterRestore(db, m.Now()); err != nil {
		return err
	}
	return m.tellTrails(ctx, db, "restore", map[string]any{"file": oplog.Clip(file, 255)})
}

// tellTrails records an operation of the server in every trail, in a store without services.
func (m *Program) tellTrails(ctx context.Context, db *storage.DB, operation string, about map[string]any) error {
	tenants, err := db.Records(oplog.RecordTenant, "")
	if err != nil {
		return err
	}
	details, err := json.Marshal(about)
	if err != nil {
		return err
	}
	now := m.Now().UTC().Truncate(time.Microsecond)
	for _, tenant := range append([]oplog.Record{{}}, tenants...) {
		var t directory.RemovedTenant
		if tenant.Name != "" && json.Unmarshal(tenant.Data, &t) == nil && t.Removal != nil {
			continue // its trail is closed
		}
		e := oplog.Entry{
			Tenant: oplog.TrailName(tenant.Name), Time: now, ReceivedAt: now, User: trail.CommandUser, Module: "server", Operation: operation,
			Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, Details: details,
		}
		if _, err := db.Append(ctx, e.Tenant, []oplog.Entry{e}, 0); err != nil {
			return fmt.Errorf("record the %s in the access log: %w", operation, err)
		}
	}
	return nil
}
