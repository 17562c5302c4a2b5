package cli

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const (
	anotherUserEnv    = "OPLOG_TEST_ANOTHER_USER"
	anotherCommandEnv = "OPLOG_TEST_ANOTHER_COMMAND"
)

// TestAnotherUser is what TestDataDirectoryOfAnotherUser runs as another user.
func TestAnotherUser(t *testing.T) {
	data := os.Getenv(anotherUserEnv)
	if data == "" {
		t.Skip("started by another test")
	}
	m, _, _ := setting{}.main()
	m.Stdout, m.Stderr = os.Stdout, os.Stdout
	m.Run(context.Background(), []string{or(os.Getenv(anotherCommandEnv), "serve"), "--data", data, "--listen", "127.0.0.1:0"})
}

// TestDataDirectoryOfAnotherUser: a data directory, or a file in it, of another user is refused in one line with both users and the commands.
func TestDataDirectoryOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("running as another user needs root")
	}
	const nobody = 65534
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "program")
	from, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.Copy(to, from); err != nil || to.Close() != nil {
		t.Fatal(err)
	}
	prints := func(data, want string) {
		t.Helper()
		run := exec.Command(program, "-test.run=^TestAnotherUser$")
		run.Env, run.Dir = append(os.Environ(), anotherUserEnv+"="+data), "/"
		run.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("%s\nbut want %s", out, want)
		}
	}
	f := func(data, want string) { t.Helper(); prints(data, "^oplog: cannot "+want+"\n") }
	data, _ := newAcme(t)
	f(data, "lock "+data+"/oplog.lock: permission denied; "+data+" belongs to root, and oplog runs as nobody: run it as root, or run chown -R nobody "+data)
	t.Setenv(anotherCommandEnv, "doctor")
	prints(data, "(?s)\nrights +error +"+data+" belongs to root, and nobody may not read and change it\n +What to do: Run oplog as root, or run chown -R nobody "+data+".\n")
	t.Setenv(anotherCommandEnv, "")
	if err := os.Chown(data, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	f(data, "lock "+data+"/oplog.lock: permission denied; "+data+"/[a-z.]+ belongs to root, and oplog runs as nobody: run it as root, or run chown -R nobody "+data)
	if err := os.Chmod(data, 0); err != nil {
		t.Fatal(err)
	}
	f(data, "read data directory "+data+": permission denied; allow nobody to read and change the files in it")
	below := filepath.Join(dir, "data")
	f(below, "create data directory "+below+": permission denied; create it as an administrator, and make nobody its owner")
}

// TestFullDisk: a log does not begin on a full disk, and says so in one line; one that has room in its file is served.
func TestFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("mounting needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	data, s := filepath.Join(disk, "data"), setting{}
	s.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", data)
	filler, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = filler.Write(block)
	}
	filler.Close()
	s.mustFail(t, "no space left on device; free some space on the disk of "+filepath.Join(disk, "new"), "serve", "--data", filepath.Join(disk, "new"), "--listen", "127.0.0.1:0")
	serve(t, "serve", "--data", data).stop()
}

// TestUpgradeWithoutSpace: where there is no space for the copy that is kept before a migration, nothing is changed, and one line says how much is
// needed and what to do; with --no-copy the log is migrated without a copy.
func TestUpgradeWithoutSpace(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=12m"); err != nil {
		t.Skipf("mounting needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	data, s := filepath.Join(disk, "data"), setting{}
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(data, "oplog.db")
	copyFile(t, filepath.Join("..", "storage", "testdata", "format-4.db"), file)
	write(t, filepath.Join(disk, "filler"), strings.Repeat("x", 9<<20))
	before := content(t, file)
	want := regexp.MustCompile(`^oplog: ` + regexp.QuoteMeta(file) + ` has to be migrated from format [45] to 6, and a copy of it is kept before: that needs \d+ MiB on its disk, ` +
		`of which [0-3] MiB are free; free some space, or keep a copy or a backup elsewhere and start once with --no-copy\n$`)
	commands := [][]string{
		{"serve", "--listen", "127.0.0.1:0"}, {"demo", "--entries", "10"}, {"tenant", "list"}, {"verify"}, {"backup", filepath.Join(t.TempDir(), "backup")},
		{"key", "rotate"}, {"export", "--tenant", "acme", "--today"},
	}
	for _, command := range commands {
		if r := s.run(t, append(command, "--data", data)...); r.status != exitFailed || !want.MatchString(r.stderr) {
			t.Errorf("%q: %+v; want %s", command, r, want)
		}
	}
	if content(t, file) != before {
		t.Error("the file was changed")
	}
	serve(t, "serve", "--data", data, "--no-copy").stop()
	serve(t, "serve", "--data", data).stop()
	if kept, err := filepath.Glob(file + ".*"); err != nil || len(kept) > 0 {
		t.Errorf("%v is kept, %v", kept, err)
	}
}
