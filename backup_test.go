package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestBackupAndRestore(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	file, restored := filepath.Join(dir, "backup"), filepath.Join(dir, "restored")
	p := serve(t, "demo", "--entries", "2000", "--data", data)
	c, _ := signIn(t, p.url, "admin", "demo-admin")
	before, checkpoint := allOf(t, c), c.text(t, "/api/v1/tenants/demo/checkpoint")

	fails := func(want string, args ...string) {
		t.Helper()
		if r := (setting{}).run(t, args...); r.status != exitFailed || !strings.Contains(r.stderr, want) {
			t.Errorf("%q: %+v; want %s", args, r, want)
		}
	}
	fails("/api/v1/backup", "backup", file, "--data", data)
	owner, _ := signIn(t, p.url, "owner", "demo-owner")
	streamed, fromServer := filepath.Join(dir, "streamed"), filepath.Join(dir, "from server")
	write(t, streamed, owner.text(t, "/api/v1/backup"))
	p.stop()
	if left, err := filepath.Glob(filepath.Join(data, "exports", "*")); err != nil || len(left) > 0 {
		t.Errorf("a backup leaves %v, %v", left, err)
	}
	fails("no data directory", "backup", file, "--data", filepath.Join(dir, "none"))
	fails("cannot be written", "backup", filepath.Join(dir, "none", "backup"), "--data", data)
	setting{}.mustRun(t, "backup", file, "--data", data)
	fails("exists", "backup", file, "--data", data)
	setting{}.mustRun(t, "restore", file, "--data", restored)

	kept := filepath.Join(dir, "checkpoint")
	write(t, kept, checkpoint)
	setting{}.mustRun(t, "verify", "--data", restored, "--checkpoint", kept)
	setting{}.mustRun(t, "restore", streamed, "--data", fromServer)
	setting{}.mustRun(t, "verify", "--data", fromServer, "--checkpoint", kept)
	p = serve(t, "demo", "--data", restored)
	c, _ = signIn(t, p.url, "admin", "demo-admin")
	if after := allOf(t, c); !slices.Equal(after, before) {
		t.Errorf("%d entries before, %d after, or others", len(before), len(after))
	}
	p.stop()

	fails("has a log already", "restore", file, "--data", restored)
	fails("is not oplog's", "restore", file, "--data", dir)
	fails("cannot be read", "restore", filepath.Join(dir, "none"), "--data", filepath.Join(dir, "new"))
	whole := content(t, file)
	for name, text := range map[string]string{"empty": "", "cut": whole[:len(whole)/2], "foreign": strings.Repeat("no backup ", 2000)} {
		write(t, file, text)
		target := filepath.Join(dir, name)
		fails("the backup is", "restore", file, "--data", target)
		if left, err := os.ReadDir(target); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left, %v", name, left, err)
		}
	}
}
