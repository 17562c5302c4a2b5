//go:build unix

package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// readFIFO makes a FIFO and reads it to its end, which read waits for.
func readFIFO(t *testing.T, path string) (read func() string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no FIFOs here: %v", err)
	}
	text := make(chan string, 1)
	go func() {
		data, err := os.ReadFile(path)
		if err != nil {
			data = []byte(err.Error())
		}
		text <- string(data)
	}()
	return func() string {
		t.Helper()
		if info, err := os.Lstat(path); err != nil || info.Mode().Type() != fs.ModeNamedPipe {
			t.Fatalf("%s has become %v, %v", path, info, err) // nothing would arrive
		}
		return <-text
	}
}

// specialFiles are a FIFO, a link to a device and a link to a file that does not exist yet, alone in a directory.
type specialFiles struct {
	dir, fifo, device, link, file string
	read                          func() string // the FIFO
}

func newSpecialFiles(t *testing.T) specialFiles {
	t.Helper()
	dir := t.TempDir()
	f := specialFiles{dir: dir, fifo: filepath.Join(dir, "fifo"), device: filepath.Join(dir, "null"), link: filepath.Join(dir, "link"), file: filepath.Join(dir, "file")}
	f.read = readFIFO(t, f.fifo)
	for name, target := range map[string]string{f.device: os.DevNull, f.link: f.file} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// check fails if one has become a file of another kind, or if others are beside them and the file than the given ones.
func (f specialFiles) check(t *testing.T, others ...string) {
	t.Helper()
	for name, want := range map[string]fs.FileMode{
		f.fifo: fs.ModeNamedPipe, f.device: fs.ModeSymlink, f.link: fs.ModeSymlink, f.file: 0, os.DevNull: fs.ModeDevice | fs.ModeCharDevice,
	} {
		if info, err := os.Lstat(name); err != nil || info.Mode().Type() != want {
			t.Errorf("%s has become %v, %v", name, info, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(f.dir, "*"))
	if err != nil || len(left) != 4+len(others) {
		t.Errorf("there are %v, %v; want %v beside the four", left, err, others)
	}
}

// TestExportIntoSpecialFiles: exports are written into FIFOs and devices and through links, which stay; nothing is written beside a FIFO or device.
func TestExportIntoSpecialFiles(t *testing.T) {
	data, f := t.TempDir(), newSpecialFiles(t)
	serve(t, "demo", "--entries", "300", "--data", data).stop()
	export := func(output ...string) result {
		t.Helper()
		r := setting{}.run(t, append([]string{"export", "--tenant", "demo", "--last", "90d", "--data", data}, output...)...)
		if r.status != exitDone {
			t.Fatalf("%q: %+v", output, r)
		}
		return r
	}
	rows := export().stdout
	if strings.Count(rows, "\r\n") < 100 {
		t.Fatalf("the export has %d bytes", len(rows))
	}
	if r := export("-o", "-"); r.stdout != rows {
		t.Errorf("-o - prints %d bytes, want %d", len(r.stdout), len(rows))
	}
	const without = "is not a regular file, so no manifest was written"
	if r := export("-o", f.fifo); f.read() != rows || r.stdout != "" || !strings.Contains(r.stderr, without) {
		t.Errorf("%+v", r)
	}
	if r := export("-o", f.device); r.stdout != "" || !strings.Contains(r.stderr, without) {
		t.Errorf("%+v", r)
	}
	if r := export("-o", f.link); content(t, f.file) != rows || r.stdout != "" || strings.Contains(r.stderr, without) {
		t.Errorf("%+v", r)
	}
	f.check(t, f.link+".manifest")
}

// TestBackupIntoSpecialFiles: so are backups.
func TestBackupIntoSpecialFiles(t *testing.T) {
	data, f := t.TempDir(), newSpecialFiles(t)
	setting{}.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", data)
	for _, name := range []string{f.fifo, f.device, f.link} {
		setting{}.mustRun(t, "backup", name, "--data", data)
	}
	f.check(t)
	copied := filepath.Join(t.TempDir(), "copied")
	write(t, copied, f.read())
	for _, backup := range []string{copied, f.file} {
		setting{}.mustRun(t, "restore", backup, "--data", filepath.Join(t.TempDir(), "restored"))
	}
	if r := (setting{}).run(t, "backup", f.link, "--data", data); r.status != exitFailed || !strings.Contains(r.stderr, "backups never overwrite one") {
		t.Errorf("%+v", r)
	}
}

// TestBackupsToOneName: of two backups to one name, at the same time, one is made and the other fails.
func TestBackupsToOneName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "backup")
	var results [2]result
	var backups sync.WaitGroup
	for i := range results {
		data, _ := newAcme(t)
		backups.Go(func() { results[i] = setting{}.run(t, "backup", file, "--data", data) })
	}
	backups.Wait()
	if results[0].status+results[1].status != exitDone+exitFailed || !strings.Contains(results[0].stderr+results[1].stderr, file+" exists; choose a new file") {
		t.Errorf("%+v", results)
	}
	setting{}.mustRun(t, "restore", file, "--data", filepath.Join(t.TempDir(), "restored"))
}
