package doctor

import (
	"syscall"
	"testing"
)

// readOnly makes a directory a read-only mount of itself, for the time of a test.
func readOnly(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("mounting needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("mounting needs root: %v", err)
	}
}

// TestReadOnly: directories on a read-only file system are told, each with what to do.
func TestReadOnly(t *testing.T) {
	o := healthy(t)
	readOnly(t, o.Dir)
	finds(t, o, "rights", "rights-read-only")
	o.BackupDir, o.Anchor = t.TempDir(), t.TempDir()
	readOnly(t, o.BackupDir)
	finds(t, o, "backup", "backup-dir-read-only", "backup-made")
	readOnly(t, o.Anchor)
	finds(t, o, "anchors", "anchors-read-only")
	o.Dir += "/new"
	finds(t, o, "rights", "rights-read-only")
}
