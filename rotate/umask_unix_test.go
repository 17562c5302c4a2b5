//go:build unix

package rotate

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestModeIsKept: a file that its owner has opened to a group stays open to it when a new one is begun, whatever the umask.
func TestModeIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	defer unix.Umask(unix.Umask(0o077))
	f := open(t, path, Options{6, 2}, &bytes.Buffer{})
	for range 2 { // the second new file has the mode of the first
		f.line(t, "5678")
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 || info.Size() != 5 {
			t.Errorf("%v, %v", info, err)
		}
	}
}
