package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"oplog/backup"
	"oplog/node"
	"oplog/server"
	"oplog/storage"
)

// backupSettings are the flags of the backups that a server makes by itself.
type backupSettings struct {
	Dir            string        `placeholder:"DIR" help:"Directory for backups, best on another machine's disk; it must exist. An owner can have one made in the console, and --backup-every has them made."`
	Every          time.Duration `default:"0s" placeholder:"DURATION" help:"How often the log is backed up to --backup-dir, and the backup proved by restoring it, such as 24h; one that was missed is made at the start."`
	Keep           int           `default:"7" placeholder:"N" help:"Number of proved backups to keep (${default}); 0 for all. Older ones are deleted once a newer one is proved; files that oplog did not write stay."`
	Recipients     []string      `placeholder:"KEY" help:"Public key of age (age1…) that backups are encrypted to; may be repeated. Only their secret keys can restore them: keep these elsewhere."`
	RecipientsFile string        `placeholder:"FILE" help:"File with such public keys, one a line."`

	recipients []backup.Recipient
}

// minBackupEvery is the shortest schedule.
const minBackupEvery = time.Minute

// check checks the flags before anything is opened.
func (b *backupSettings) check() (err error) {
	switch {
	case b.Every < 0 || b.Every > 0 && b.Every < minBackupEvery:
		return fmt.Errorf("--backup-every %s is less than %s; specify a duration such as 24h, or 0 for never", b.Every, minBackupEvery)
	case b.Every > 0 && b.Dir == "":
		return errors.New("--backup-every needs a directory for the backups; specify it with --backup-dir")
	case b.Keep < 0:
		return fmt.Errorf("--backup-keep %d is negative; specify how many to keep, or 0 for all", b.Keep)
	}
	if b.recipients, err = backup.ParseRecipients(b.Recipients, b.RecipientsFile); err != nil {
		return fmt.Errorf("--backup-recipients: %w", err)
	}
	return nil
}

// setUpBackups sets up the backups that the server makes.
func (b *backupSettings) setUpBackups(l *node.Node, o *server.Options, now func() time.Time) (err error) {
	if b.Dir == "" {
		return nil
	}
	o.Backups, err = backup.New(l, backup.Options{
		Dir: b.Dir, Every: b.Every, Keep: b.Keep, Recipients: b.recipients, ProofDir: l.ProofDir(), Prove: proveBackup, Now: now,
	})
	if err != nil {
		return fmt.Errorf("--backup-dir: %w", err)
	}
	return nil
}

// proveBackup restores a backup as oplog restore does, and verifies it as oplog verify does.
func proveBackup(ctx context.Context, dir string, from io.Reader) (backup.Proof, error) {
	r, err := storage.Restore(ctx, filepath.Clean(dir), from, func(db *storage.DB) error { return checkRecords(ctx, io.Discard, db, "") })
	return backup.Proof{Logs: r.Logs, Entries: r.Entries}, err
}
