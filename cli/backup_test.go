package cli

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/demo"
)

func TestBackupAndRestore(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	file, restored := filepath.Join(dir, "backup"), filepath.Join(dir, "restored")
	p := serve(t, "demo", "--entries", "2000", "--data", data)
	c, _ := signIn(t, p.url, "admin", demoPassword)
	spent := signedIn(t, p.url, c)
	before, checkpoint := allOf(t, c), c.text(t, "/api/v1/tenants/demo/checkpoint")

	fails := func(want string, args ...string) {
		t.Helper()
		if r := (setting{}).run(t, args...); r.status != exitFailed || !strings.Contains(r.stderr, want) {
			t.Errorf("%q: %+v; want %s", args, r, want)
		}
	}
	owner, _ := signIn(t, p.url, "owner", demoPassword)
	streamed, fromServer := filepath.Join(dir, "streamed"), filepath.Join(dir, "from server")
	write(t, streamed, owner.text(t, "/api/v1/backup"))
	p.stop()
	if left, err := filepath.Glob(filepath.Join(data, "exports", "*")); err != nil || len(left) > 0 {
		t.Errorf("a backup leaves %v, %v", left, err)
	}
	fails("no data directory", "backup", file, "--data", filepath.Join(dir, "none"))
	fails("cannot write the backup", "backup", filepath.Join(dir, "none", "backup"), "--data", data)
	setting{}.mustRun(t, "backup", file, "--data", data)
	fails("exists", "backup", file, "--data", data)
	piped := filepath.Join(dir, "piped")
	write(t, piped, setting{}.mustRun(t, "backup", "-", "--data", data))
	setting{}.mustRun(t, "restore", piped, "--data", filepath.Join(dir, "from a pipe"))
	setting{}.mustRun(t, "restore", file, "--data", restored)

	kept := filepath.Join(dir, "checkpoint")
	write(t, kept, checkpoint)
	setting{}.mustRun(t, "verify", "--data", restored, "--checkpoint", kept)
	setting{}.mustRun(t, "restore", streamed, "--data", fromServer)
	setting{}.mustRun(t, "verify", "--data", fromServer, "--checkpoint", kept)
	fails("signing.key is missing", "serve", "--data", restored, "--listen", "127.0.0.1:0")
	copyFile(t, filepath.Join(data, "signing.key"), filepath.Join(restored, "signing.key"))
	p = serve(t, "demo", "--data", restored)
	if status := spent(p.url); status != http.StatusUnauthorized {
		t.Errorf("a session of the backup is answered with %d", status)
	}
	c, _ = signIn(t, p.url, "admin", demoPassword)
	if after := allOf(t, c); !slices.Equal(after, before) {
		t.Errorf("%d entries before, %d after, or others", len(before), len(after))
	}
	if told := c.text(t, "/api/v1/tenants/demo/access?operation=restore"); strings.Count(told, `"operation":"restore"`) != 1 || !strings.Contains(told, `"file":"backup"`) {
		t.Errorf("the access log says %s", told)
	}
	p.stop()

	fails("already contains a log", "restore", file, "--data", restored)
	fails("does not belong to oplog", "restore", file, "--data", dir)
	fails("cannot read the backup", "restore", filepath.Join(dir, "none"), "--data", filepath.Join(dir, "new"))
	refusesDamaged(t, file, dir)
}

// refusesDamaged restores a backup with all kinds of damage to folders in a directory, which stay empty.
func refusesDamaged(t *testing.T, file, dir string) {
	t.Helper()
	for name, text := range damagedBackups(content(t, file)) {
		write(t, file, text)
		target := filepath.Join(dir, name)
		if r := (setting{}).run(t, "restore", file, "--data", target); r.status != exitFailed || !strings.Contains(r.stderr, "backup is") {
			t.Errorf("%s: %+v", name, r)
		}
		if left, err := os.ReadDir(target); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left, %v", name, left, err)
		}
	}
}

// damagedBackups returns a backup with all kinds of damage, by name.
func damagedBackups(whole string) map[string]string {
	damaged := map[string]string{"empty": "", "cut": whole[:len(whole)/2], "foreign": strings.Repeat("no backup ", 2000)}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 20 { // a byte anywhere, and some at the end, where the hash is
		at := random.IntN(len(whole))
		if i < 5 {
			at = len(whole) - 1 - 12*i
		}
		flipped := []byte(whole)
		flipped[at] ^= 1 << random.IntN(8)
		damaged[fmt.Sprint("flipped at ", at)] = string(flipped)
	}
	return damaged
}

// signedIn returns a function that sends a request with the client's cookie to an address, and returns its status.
func signedIn(t *testing.T, address string, c client) func(address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	cookies := c.Jar.Cookies(u)
	if len(cookies) == 0 {
		t.Fatal("there is no session")
	}
	return func(address string) int {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, address+"/api/v1/tenants/demo/entries", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
}

// A backup of an earlier version has no hash: its tree is verified.
func TestRestoreOfEarlierBackups(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	setting{}.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", data)
	old := filepath.Join(dir, "old")
	write(t, old, content(t, filepath.Join(data, "oplog.db")))
	r := setting{}.run(t, "restore", old, "--data", filepath.Join(dir, "restored"))
	if r.status != exitDone || !strings.Contains(r.stderr, "has no hash") {
		t.Errorf("%+v", r)
	}
}

// TestRestoreVerifiesEntries: a backup in which a byte of an entry differs is refused, also if its hash was computed afterwards or is missing:
// the tree of every log is verified before a restore says that it is done.
func TestRestoreVerifiesEntries(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	serve(t, "demo", "--entries", "300", "--data", data).stop()
	file := filepath.Join(dir, "backup")
	setting{}.mustRun(t, "backup", file, "--data", data)
	store, _, hashed := strings.Cut(content(t, file), backupMark)
	if !hashed {
		t.Fatal("the backup has no hash")
	}
	changed := withChangedEntry(t, filepath.Join(data, "oplog.db"), store)
	sum := sha256.Sum256([]byte(changed))
	for name, text := range map[string]string{"hash computed again": changed + backupMark + string(sum[:]), "without a hash": changed} {
		write(t, file, text)
		target := filepath.Join(dir, name)
		r := setting{}.run(t, "restore", file, "--data", target)
		if r.status != exitFailed || !strings.Contains(r.stderr, "the backup is damaged: tenant demo: entry ") || strings.Contains(r.stderr, "Restored") {
			t.Errorf("%s: %+v", name, r)
		}
		if left, err := os.ReadDir(target); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left, %v", name, left, err)
		}
	}
	write(t, file, store)
	setting{}.mustRun(t, "restore", file, "--data", filepath.Join(dir, "unchanged"))
}

// backupMark is between a data file and its hash.
const backupMark = "\noplog backup\x00\x01\n"

// withChangedEntry returns the text of a data file in which the last byte of an entry differs.
func withChangedEntry(t *testing.T, path, text string) string {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var entry []byte
	if err := db.View(func(tx *bolt.Tx) error {
		_, entry = daysOf(tx, demo.TenantID).at(3)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if strings.Count(text, string(entry)) != 1 {
		t.Fatalf("an entry of %d bytes is %d times in the backup", len(entry), strings.Count(text, string(entry)))
	}
	changed := []byte(text)
	changed[strings.Index(text, string(entry))+len(entry)-1] ^= 1
	return string(changed)
}
