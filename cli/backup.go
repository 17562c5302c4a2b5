package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"oplog/backup"
	"oplog/durable"
	"oplog/identity"
	"oplog/node"
	"oplog/oplog"
	"oplog/storage"
	"oplog/trail"
)

type backupCommand struct {
	dataFlag
	Recipient      []string `placeholder:"KEY" help:"Public key of age (age1…) that the backup is encrypted to; may be repeated."`
	RecipientsFile string   `placeholder:"FILE" help:"File with such public keys, one a line."`
	File           string   `arg:"" help:"File to write, which must not exist; - for standard output. It contains everything but signing.key: keep a copy of that file elsewhere."`
}

// Run copies the store; the index can be rebuilt from it.
func (c *backupCommand) Run(m *Program) (err error) {
	dir, err := m.dataDir(c.Data)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no data directory %s; specify another with --data", dir)
	}
	exists := fmt.Errorf("%s exists; choose a new file, backups never overwrite one", c.File)
	if _, err := os.Stat(c.File); err == nil && !isStandardOutput(c.File) && durable.IsRegular(c.File) {
		return exists
	}
	recipients, err := backup.ParseRecipients(c.Recipient, c.RecipientsFile)
	if err != nil {
		return fmt.Errorf("--recipient: %w", err)
	}
	db, readOnly, err := openToRead(dir, storage.Options{WithoutKey: true})
	if errors.Is(err, storage.ErrInUse) {
		return fmt.Errorf("%w; for a running server, an owner downloads the backup from /api/v1/backup or in the console under Settings", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var n int64
	err = m.writeNew(c.File, func(w io.Writer) (err error) {
		n, err = writeBackup(w, db, recipients)
		return err
	})
	if errors.Is(err, fs.ErrExist) {
		return exists
	}
	if err != nil {
		return fmt.Errorf("cannot write the backup: %w", err)
	}
	if readOnly {
		fmt.Fprintln(m.Stderr, "The data directory cannot be written, so the time of this backup is not recorded.")
	} else if err := node.RecordBackup(db, m.Now()); err != nil {
		return fmt.Errorf("the backup was written, but recording it failed: %w", err)
	}
	if isStandardOutput(c.File) || !durable.IsRegular(c.File) {
		fmt.Fprintf(m.Stderr, "Backed up to %s, %d bytes.\n", c.File, n)
		return nil
	}
	fmt.Fprintf(m.Stderr, "Backed up to %s, %d bytes. To test it: oplog restore %s --data NEW, then oplog verify --data NEW\n", c.File, n, c.File)
	return nil
}

// writeBackup writes a backup, encrypted if there are recipients, and returns its size before that.
func writeBackup(w io.Writer, db *storage.DB, to []backup.Recipient) (int64, error) {
	if len(to) == 0 {
		return db.WriteTo(w)
	}
	encrypted, err := backup.Encrypt(w, to)
	if err != nil {
		return 0, err
	}
	n, err := db.WriteTo(encrypted)
	if err != nil {
		return n, err
	}
	return n, encrypted.Close()
}

type restoreCommand struct {
	dataFlag
	Identity string `placeholder:"FILE" help:"File with the secret key of age (AGE-SECRET-KEY-1…) that can decrypt an encrypted backup."`
	File     string `arg:"" help:"The backup."`
}

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
	restored, err := storage.Restore(ctx, dir, from, func(db *storage.DB) error { return m.finishRestore(ctx, db, filepath.Base(c.File)) })
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
	return nil
}

// finishRestore ends the sessions of a restored store, and records the restore in every trail.
func (m *Program) finishRestore(ctx context.Context, db *storage.DB, file string) error {
	if err := identity.AfterRestore(db, m.Now()); err != nil {
		return err
	}
	tenants, err := db.Records(oplog.RecordTenant, "")
	if err != nil {
		return err
	}
	details, err := json.Marshal(map[string]string{"file": oplog.Clip(file, 255)})
	if err != nil {
		return err
	}
	now := m.Now().UTC().Truncate(time.Microsecond)
	for _, tenant := range append([]oplog.Record{{}}, tenants...) {
		e := oplog.Entry{
			Tenant: oplog.TrailName(tenant.Name), Time: now, ReceivedAt: now, User: trail.CommandUser, Module: "server", Operation: "restore",
			Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, Details: details,
		}
		if _, err := db.Append(ctx, e.Tenant, []oplog.Entry{e}, 0); err != nil {
			return fmt.Errorf("record the restore in the access log: %w", err)
		}
	}
	return nil
}
