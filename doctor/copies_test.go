package doctor

import (
	"crypto/rand"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"oplog/backup"
	"oplog/proof"
	"oplog/witness"
)

func TestBackup(t *testing.T) {
	o, day := healthy(t), 24*time.Hour
	last := func(at time.Time, want ...string) {
		t.Helper()
		o.Log = with(func(l *Log) { l.LastBackupAt = at })
		finds(t, o, "backup", want...)
	}
	last(now.Add(-day), "backup-made")
	last(time.Time{}, "backup-none")
	last(now.Add(-8*day), "backup-old")

	o.BackupDir = filepath.Join(t.TempDir(), "backups")
	last(now, "backup-dir-gone", "backup-made")
	write(t, o.BackupDir, "")
	last(now, "backup-dir-no-dir", "backup-made")
	o.BackupDir = t.TempDir()
	last(now, "backup-made")
	o.Space = func(dir string) (free, total uint64, err error) { return 1 << 10, 1 << 40, nil }
	last(now, "backup-dir-small", "backup-made")
	o.Space = func(dir string) (free, total uint64, err error) { return 1 << 39, 1 << 40, nil }

	o.BackupEvery = day
	made := backup.File{Name: "oplog-1.backup", MadeAt: now.Add(-time.Hour), ProvedAt: now, Proof: backup.Proof{Entries: 1200}}
	f := func(s backup.State, want ...string) Finding {
		t.Helper()
		s.Every = day
		o.Log = with(func(l *Log) { l.Backups = &s })
		return finds(t, o, "backup", want...)
	}
	if got := f(backup.State{Proved: made}, "backup-proved"); got.Params["entries"] != uint64(1200) {
		t.Errorf("%+v", got)
	}
	f(backup.State{}, "backup-unproved")
	f(backup.State{Overdue: true}, "backup-due")
	f(backup.State{Overdue: true, Proved: made}, "backup-overdue")
	failure := &backup.Failure{At: now, Text: "The backup directory /x does not exist. Mount or create it."}
	f(backup.State{Failure: failure, Proved: made}, "backup-failed", "backup-proved")
	o.BackupDir = filepath.Join(o.BackupDir, "gone") // which explains the failure
	f(backup.State{Failure: failure, Overdue: true, Proved: made}, "backup-dir-gone", "backup-overdue")
}

func TestAnchors(t *testing.T) {
	o := healthy(t)
	finds(t, o, "anchors", "anchors-none")
	o.Witnesses = []string{"x"}
	finds(t, o, "anchors", "anchors-witnessed")
	o.Anchor = filepath.Join(t.TempDir(), "anchors")
	finds(t, o, "anchors", "anchors-gone")
	write(t, o.Anchor, "")
	finds(t, o, "anchors", "anchors-no-dir")
	o.Anchor = t.TempDir()
	finds(t, o, "anchors", "anchors-ready")
	f := func(s proof.AnchorState, want string) {
		t.Helper()
		o.Log = with(func(l *Log) { l.Anchors = &s })
		finds(t, o, "anchors", want)
	}
	f(proof.AnchorState{}, "anchors-ready")
	f(proof.AnchorState{KeptAt: now}, "anchors-kept")
	f(proof.AnchorState{KeptAt: now, Failure: "it belongs to a different log"}, "anchors-failed")
}

func TestWitnesses(t *testing.T) {
	o := healthy(t)
	finds(t, o, "witnesses", "witnesses-none")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, log, err := note.GenerateKey(rand.Reader, "oplog-test")
	if err != nil {
		t.Fatal(err)
	}
	w, err := witness.Open(t.TempDir(), "auditor", []string{log}, o.Now)
	if err != nil {
		t.Fatal(err)
	}
	o.Witnesses = []string{w.Key() + " http://" + ln.Addr().String()}
	finds(t, o, "witnesses", "witnesses-reachable")
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if got := finds(t, o, "witnesses", "witnesses-unreachable"); !strings.HasPrefix(got.Fact, "auditor cannot be reached at http://127.0.0.1:") {
		t.Errorf("%+v", got)
	}
	o.Witnesses = []string{"nonsense"}
	finds(t, o, "witnesses", "witnesses-invalid")

	o.Server = Running
	since := now.Add(-3 * time.Hour)
	o.Log = with(func(l *Log) {
		l.Witnesses = []proof.WitnessState{
			{Name: "a", CosignedAt: now}, {Name: "b"}, {Name: "c", Failure: "no route", FailingSince: since}, {Name: "d", Failure: "409", Refused: true, FailingSince: since},
		}
	})
	finds(t, o, "witnesses", "witnesses-agree", "witnesses-asked", "witnesses-silent", "witnesses-refused")
}
