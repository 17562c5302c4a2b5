package server

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"oplog/backup"
	"oplog/storage"
)

const backupsPath = "/api/v1/system/backups"

// backupsStatus holds the fields of the backups that the tests read.
type backupsStatus struct {
	Dir          string
	EverySeconds int    `json:"every_seconds"`
	NextAt       string `json:"next_at"`
	Running      *struct{ Phase string }
	Overdue      bool
	LastProved   *struct{ Name string } `json:"last_proved"`
	Failure      *struct{ Error, Reason string }
	Files        []struct {
		Name     string
		Bytes    int64
		ProvedAt string `json:"proved_at"`
		Entries  int
		Failure  *struct{ Reason string }
	}
}

// backUpDaily sets up backups to a directory, whose proofs return an error after the restore.
func (f *fixture) backUpDaily(dir string, proved *error) {
	f.Helper()
	var err error
	f.server.backups, err = backup.New(f.log, backup.Options{
		Dir: dir, Every: 24 * time.Hour, Keep: 3, ProofDir: f.log.ProofDir(), Now: f.server.now,
		Prove: func(ctx context.Context, dir string, from io.Reader) (backup.Proof, error) {
			r, err := storage.Restore(ctx, dir, from, func(*storage.DB) error { return *proved })
			return backup.Proof{Logs: r.Logs, Entries: r.Entries}, err
		},
	})
	f.noError(err)
}

// backsUp has a backup made as an owner, and returns what is known then.
func (f *fixture) backsUp() backupsStatus {
	f.Helper()
	r := f.send("owner", "POST", backupsPath, "")
	if asked := decode[backupsStatus](f, r.body); r.status != http.StatusAccepted || asked.Running == nil || asked.Running.Phase != "copy" {
		f.Fatalf("asked for: %d %s", r.status, r.body)
	}
	f.server.backups.Turn(f.Context())
	return decode[backupsStatus](f, f.get("owner", backupsPath, 200))
}

// TestSystemBackups: an owner sees the scheduled backups and has one made, which is in the metrics and the access log.
func TestSystemBackups(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z"`))
	dir, proved := t.TempDir(), error(nil)
	f.backUpDaily(dir, &proved)
	got := f.backsUp()
	if got.Dir != dir || got.EverySeconds != 86400 || !strings.HasPrefix(got.NextAt, "2026-11-23T08:00:00") || got.Running != nil || got.Failure != nil || got.Overdue ||
		got.LastProved == nil || len(got.Files) != 1 || !strings.HasPrefix(got.Files[0].ProvedAt, "2026-11-22T08:00:00") || got.Files[0].Entries < 1 || got.Files[0].Bytes < 4096 {
		t.Fatalf("made: %+v", got)
	}
	m, now := f.metrics(), float64(f.server.now().Unix())
	for name, want := range map[string]float64{
		"oplog_backups_kept": 1, "oplog_backup_overdue": 0, "oplog_backup_failures_total": 0, "oplog_backup_bytes": float64(got.Files[0].Bytes),
		"oplog_backup_last_made_timestamp_seconds": now, "oplog_backup_last_proved_timestamp_seconds": now,
	} {
		if value, has := m[name]; !has || value != want {
			t.Errorf("%s is %v, want %v", name, value, want)
		}
	}
	told := strings.Join(f.trail("owner", "/api/v1/access"), "\n")
	for _, want := range []string{"owner backup start", "server backup create " + got.Files[0].Name, "server backup prove " + got.Files[0].Name} {
		if !strings.Contains(told, want) {
			t.Errorf("the access log lacks %s: %s", want, told)
		}
	}

	proved = io.ErrUnexpectedEOF
	got = f.backsUp()
	if got.Failure == nil || got.Failure.Reason != "backup-not-restorable" || len(got.Files) != 2 || got.Files[0].Failure == nil || got.LastProved.Name != got.Files[1].Name {
		t.Errorf("failed: %+v", got)
	}
	if n := f.metrics()["oplog_backup_failures_total"]; n != 1 {
		t.Errorf("%v failures are counted", n)
	}
}

// TestNoBackups: without a directory there is nothing to make, and nothing to measure.
func TestNoBackups(t *testing.T) {
	f := newServer(t)
	if got := strings.TrimSpace(f.get("owner", backupsPath, 200)); got != `{"every_seconds":0,"keep":0,"recipients":0,"overdue":false,"files":[]}` {
		t.Errorf("without a directory: %s", got)
	}
	if p := f.asProblem(f.send("owner", "POST", backupsPath, ""), http.StatusConflict); !strings.Contains(p.Detail, "--backup-dir") {
		t.Errorf("%+v", p)
	}
	for name := range f.metrics() {
		if strings.HasPrefix(name, "oplog_backup") {
			t.Errorf("there is %s", name)
		}
	}
}
