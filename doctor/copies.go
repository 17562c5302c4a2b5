package doctor

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"

	"oplog/backup"
	"oplog/oplog"
	"oplog/proof"
)

// oldBackup is how old the last backup may be if none are made on a schedule.
const oldBackup = 7 * 24 * time.Hour

// backup checks the backup directory, and when a backup was made and proved.
func (r *round) backup() (found []Finding) {
	l, err := r.log()
	if r.BackupDir != "" {
		found = r.backupDir(l.StoreBytes)
	}
	if err != nil {
		return found
	}
	if s := l.Backups; s != nil && r.BackupEvery > 0 {
		return append(found, r.scheduled(s, len(found) > 0)...)
	}
	at := l.LastBackupAt
	if l.Backups != nil && l.Backups.MadeAt.After(at) {
		at = l.Backups.MadeAt
	}
	code := "backup-made"
	switch age := r.now.Sub(at); {
	case at.IsZero():
		code = "backup-none"
	case age > oldBackup:
		code = "backup-old"
	}
	return append(found, finding(code, "at", at, "age", r.now.Sub(at)))
}

// scheduled tells how the backups on a schedule are. A failure is told unless its reason was found in the directory.
func (r *round) scheduled(s *backup.State, explained bool) (found []Finding) {
	if s.Failure != nil && !explained {
		found = append(found, finding("backup-failed", "at", s.Failure.At, "error", s.Failure.Text))
	}
	code, proved := "backup-proved", s.Proved
	switch {
	case s.Overdue && proved.Name == "":
		code = "backup-due"
	case s.Overdue:
		code = "backup-overdue"
	case proved.Name == "":
		code = "backup-unproved"
	}
	return append(found, finding(code, "at", proved.MadeAt, "entries", proved.Proof.Entries, "every", s.Every))
}

// backupDir tells what is wrong with the backup directory, in which backups of a size are to be written.
func (r *round) backupDir(size int64) []Finding {
	info, err := os.Stat(r.BackupDir)
	if err == nil {
		err = access(r.BackupDir)
	}
	code := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		code = "backup-dir-gone"
	case info != nil && !info.IsDir():
		code = "backup-dir-no-dir"
	case errors.Is(err, syscall.EROFS):
		code = "backup-dir-read-only"
	case errors.Is(err, fs.ErrPermission):
		code = "backup-dir-forbidden"
	case err != nil:
		return []Finding{finding("backup-dir-failed", "dir", r.BackupDir, "error", cause(err))}
	}
	if code != "" {
		return []Finding{finding(code, "dir", r.BackupDir, "user", CurrentUser())}
	}
	if free, _, err := r.Space(r.BackupDir); err == nil && free < uint64(max(0, size)) {
		return []Finding{finding("backup-dir-small", "dir", r.BackupDir, "free", free, "need", size)}
	}
	return nil
}

// anchors checks the folder of checkpoints.
func (r *round) anchors() []Finding {
	switch {
	case r.Anchor == "" && len(r.Witnesses) > 0:
		return []Finding{finding("anchors-witnessed")}
	case r.Anchor == "":
		return []Finding{finding("anchors-none")}
	}
	info, err := os.Stat(r.Anchor)
	if err == nil {
		err = access(r.Anchor)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{finding("anchors-gone", "dir", r.Anchor)}
	case info != nil && !info.IsDir():
		return []Finding{finding("anchors-no-dir", "dir", r.Anchor)}
	case errors.Is(err, syscall.EROFS):
		return []Finding{finding("anchors-read-only", "dir", r.Anchor)}
	case errors.Is(err, fs.ErrPermission):
		return []Finding{finding("anchors-forbidden", "dir", r.Anchor, "user", CurrentUser())}
	case err != nil:
		return []Finding{finding("anchors-failed", "dir", r.Anchor, "error", cause(err))}
	}
	l, err := r.log()
	switch {
	case err != nil || l.Anchors == nil || l.Anchors.Failure == "" && l.Anchors.KeptAt.IsZero():
		return []Finding{finding("anchors-ready", "dir", r.Anchor)}
	case l.Anchors.Failure != "":
		return []Finding{finding("anchors-failed", "dir", r.Anchor, "error", l.Anchors.Failure)}
	}
	return []Finding{finding("anchors-kept", "dir", r.Anchor, "at", l.Anchors.KeptAt)}
}

// witnesses tells how the witnesses are that cosign checkpoints: what the server knows of them, or whether they can be reached.
func (r *round) witnesses() []Finding {
	if len(r.Witnesses) == 0 {
		return []Finding{finding("witnesses-none")}
	}
	if l, err := r.log(); err == nil && r.Server == Running {
		var found []Finding
		for _, w := range l.Witnesses {
			found = append(found, cosigning(w))
		}
		return found
	}
	configured, err := proof.NewWitnesses(nil, oplog.Place{}, r.Now, r.Witnesses)
	if err != nil {
		return []Finding{finding("witnesses-invalid", "error", err)}
	}
	states := configured.State()
	found := make([]Finding, len(states))
	var asked sync.WaitGroup
	for i, w := range states {
		asked.Go(func() { found[i] = reaching(w) })
	}
	asked.Wait()
	return found
}

// cosigning tells how a witness is that the server asks to cosign.
func cosigning(w proof.WitnessState) Finding {
	code := "witnesses-agree"
	switch {
	case w.Refused:
		code = "witnesses-refused"
	case w.Failure != "":
		code = "witnesses-silent"
	case w.CosignedAt.IsZero():
		code = "witnesses-asked"
	}
	return finding(code, "name", w.Name, "url", w.URL, "at", w.CosignedAt, "since", w.FailingSince, "error", w.Failure)
}

// dialTime limits how long a witness, or a server of the archive, may take to accept a connection. It is less than maxWait.
const dialTime = 3 * time.Second

// dial connects to the server of a URL, and sends nothing.
func dial(to string) error {
	at, err := url.Parse(to)
	if err != nil {
		return err
	}
	port := at.Port()
	if port == "" {
		port = at.Scheme // a name of the same port
	}
	dialer := net.Dialer{Timeout: dialTime}
	conn, err := dialer.DialContext(context.Background(), "tcp", net.JoinHostPort(at.Hostname(), port))
	if err != nil {
		return err
	}
	return conn.Close()
}

// reaching tries to connect to a witness, and sends nothing.
func reaching(w proof.WitnessState) Finding {
	if err := dial(w.URL); err != nil {
		return finding("witnesses-unreachable", "name", w.Name, "url", w.URL, "error", networkCause(err))
	}
	return finding("witnesses-reachable", "name", w.Name, "url", w.URL)
}
