package cli

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestReadOnlyMount: a log on a read-only mount is verified, exported and backed up; only serving it needs more.
func TestReadOnlyMount(t *testing.T) {
	data, out := t.TempDir(), t.TempDir()
	serve(t, "demo", "--entries", "300", "--data", data).stop()
	if err := syscall.Mount(data, data, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("mounting needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(data, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mount("", data, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("mounting needs root: %v", err)
	}
	f := func(status int, want string, args ...string) {
		t.Helper()
		if r := (setting{}).run(t, append(args, "--data", data)...); r.status != status || !strings.Contains(r.stdout+r.stderr, want) {
			t.Errorf("%q: %+v; want %d, %s", args, r, status, want)
		}
	}
	copied, rows := filepath.Join(out, "copy"), filepath.Join(out, "rows.csv")
	f(exitDone, "tenant demo: intact, 300 entries", "verify")
	f(exitDone, "the access log does not tell of this export", "export", "--tenant", "demo", "--last", "90d", "-o", rows)
	f(exitDone, "the time of this backup is not recorded", "backup", copied)
	f(exitFailed, "read-only file system; make "+data+" writable, or specify another directory with --data", "serve", "--listen", "127.0.0.1:0")
	if lines := strings.Count(content(t, rows), "\n"); lines < 200 {
		t.Errorf("exported %d lines", lines)
	}
	setting{}.mustRun(t, "restore", copied, "--data", filepath.Join(out, "restored"))
	if !strings.Contains(setting{}.mustRun(t, "verify", "--data", filepath.Join(out, "restored")), "intact, 300 entries") {
		t.Error("the backup is not complete")
	}
}
