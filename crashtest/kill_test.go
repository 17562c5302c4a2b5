//go:build unix

package crashtest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/signing"
	"oplog/storage"
)

// TestKill kills the program 50 times under load, 15 times while it starts, and stops it 5 times. It is the real program, so that no
// deferred function and no buffer of the test's process help.
func TestKill(t *testing.T) {
	t.Parallel()
	const logs, kills, starts = 5, 10, 3
	acknowledged := 0
	for range logs {
		l := newLedger(t, t.TempDir())
		for cycle := range kills {
			s := start(t, "--data", l.data)
			l.during(s, func() {
				time.Sleep(rand.N(200 * time.Millisecond))
				s.end(syscall.SIGKILL)
			})
			if cycle < starts {
				killStart(l)
			}
			l.check()
		}
		l.stop()
		l.checkBackups()
		acknowledged += l.acknowledged()
	}
	if acknowledged == 0 {
		t.Error("nothing was acknowledged")
	}
	t.Logf("%d entries were acknowledged, and all are there", acknowledged)
}

// killStart kills the program while it starts.
func killStart(l *ledger) {
	l.t.Helper()
	s := begin(l.t, nil, "--data", l.data)
	time.Sleep(rand.N(100 * time.Millisecond))
	s.end(syscall.SIGKILL)
}

// stop stops the program under load.
func (l *ledger) stop() {
	l.t.Helper()
	s := start(l.t, "--data", l.data, "--anchor", l.dir)
	l.during(s, func() {
		time.Sleep(100 * time.Millisecond)
		if status := s.end(syscall.SIGTERM); status != 0 {
			l.t.Errorf("stopped with status %d: %s", status, s.stderr)
		}
	})
	l.check()
	mustRun(l.t, "verify", "--data", l.data, "--anchors", l.dir)
}

// TestKilledCommands: a backup, an export or a restore that is killed leaves nothing under its name, or everything.
func TestKilledCommands(t *testing.T) {
	t.Parallel()
	l := newLedger(t, t.TempDir())
	s := start(t, "--data", l.data)
	l.during(s, func() { time.Sleep(time.Second) })
	s.end(syscall.SIGTERM)
	backup := filepath.Join(l.dir, "backup")
	mustRun(t, "backup", backup, "--data", l.data)
	total, err := l.verified(l.data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		l.killCommands(filepath.Join(l.dir, fmt.Sprint(i)), backup, total)
	}
	l.check()
}

// killCommands kills a backup, an export and a restore of a log with that many entries, whose results have names that begin with path.
func (l *ledger) killCommands(path, backup string, total int) {
	l.t.Helper()
	copied, rows, restored := path+".backup", path+".ndjson", path+".restored"
	l.killCommand("backup", copied, "--data", l.data)
	if exists(copied) {
		mustRun(l.t, "restore", copied, "--data", path+".from-copy")
	}
	l.killCommand("export", "--tenant", "acme", "--from", "2000-01-01", "--to", "2100-01-01", "--format", "ndjson", "-o", rows, "--data", l.data)
	if exists(rows) {
		if err := l.checkExport(rows, total); err != nil {
			l.t.Error(err)
		}
	}
	l.killCommand("restore", backup, "--data", restored)
	if !exists(filepath.Join(restored, "oplog.db")) {
		mustRun(l.t, "restore", backup, "--data", restored)
	}
	if n, err := l.verified(restored); err != nil || n != total {
		l.t.Errorf("%d of %d entries are restored, %v", n, total, err)
	}
}

// killCommand kills a command at some time.
func (l *ledger) killCommand(args ...string) {
	l.t.Helper()
	c := command(l.t, nil, args...)
	if err := c.Start(); err != nil {
		l.t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond+rand.N(100*time.Millisecond), func() { _ = c.Process.Kill() })
	_ = c.Wait() // it may have ended before
}

// TestKilledRotation replaces the key of the program under load, and kills it at some moment of that. Then it has the old key or the new one, which the old key leads to; the
// trail tells of each replacement, and of no other.
func TestKilledRotation(t *testing.T) {
	t.Parallel()
	l := newLedger(t, t.TempDir())
	first := l.keys.Known()
	for cycle := range 8 {
		s := start(t, "--data", l.data)
		l.during(s, func() {
			c := command(t, nil, "key", "rotate", "--data", l.data)
			if err := c.Start(); err != nil {
				t.Error(err)
				return
			}
			if cycle < 2 { // the program goes on with the new key
				if err := c.Wait(); err != nil {
					t.Errorf("the key is not replaced: %v", err)
				}
				time.Sleep(200 * time.Millisecond)
			}
			time.Sleep(10*time.Millisecond + rand.N(60*time.Millisecond))
			s.end(syscall.SIGKILL)
			_ = c.Wait() // it may find no server, and replace the key itself
		})
		l.followKeys(first)
		l.check()
	}
}

// followKeys goes on with the key that the log has now, which follows from its first one.
func (l *ledger) followKeys(first string) {
	l.t.Helper()
	var history oplog.KeyHistory
	if err := json.Unmarshal([]byte(mustRun(l.t, "key", "verifier", "--changes", "--tenant", "acme", "--data", l.data)), &history); err != nil {
		l.t.Fatal(err)
	}
	var err error
	if l.keys, err = signing.Follow(first, history.Changes); err != nil || l.keys.Current() != history.Key {
		l.t.Fatalf("the key is %s, %v", history.Key, err)
	}
	db, err := storage.Open(l.data, storage.Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	for _, trail := range []string{oplog.TrailName(""), oplog.TrailName("acme")} {
		told := 0
		err := db.Scan(context.Background(), trail, oplog.Key{}, oplog.Key{}, func(e oplog.Entry) error {
			if e.Operation == "rotate_key" {
				told++
			}
			return nil
		})
		if err != nil || told != len(history.Changes) {
			l.t.Errorf("%s tells of %d replacements of %d, %v", trail, told, len(history.Changes), err)
		}
	}
	if err := db.Close(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("the key was replaced %d times", len(history.Changes))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
