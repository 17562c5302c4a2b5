//go:build unix

package crashtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// directories are the data directories in testdata that earlier versions of the program left, by the format of their store: odd ones are of
// programs that were killed. fixture_test.go makes them. Every later version must open them.
var directories = []string{"format-1", "format-2", "format-3", "format-4", "format-5", "format-6", "format-7"}

// currentFormat is the first format that needs no migration.
const currentFormat = 6

// isCurrent reports whether a directory of testdata needs no migration.
func isCurrent(t *testing.T, name string) bool {
	t.Helper()
	format, err := strconv.Atoi(strings.TrimPrefix(name, "format-"))
	if err != nil {
		t.Fatal(err)
	}
	return format >= currentFormat
}

// TestUpgradeComparesNumbers: formats are compared as numbers.
func TestUpgradeComparesNumbers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"format-1": false, "format-5": false, "format-6": true, "format-7": true, "format-10": true} {
		if isCurrent(t, name) != want {
			t.Errorf("%s is taken for current: %t", name, !want)
		}
	}
}

// TestUpgrade opens each directory with the program: all is there, as it was, and more can be recorded; a copy in the earlier format was kept.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	for _, name := range directories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := unpackDirectory(t, name)
			u.check(start(t, "--data", u.data), syscall.SIGTERM)
			u.verify(u.data, u.Entries+1)
			u.checkRestored()
			u.checkKept(name)
		})
	}
}

// TestUpgradeWithoutCopy: with --no-copy no copy is kept, whatever command opens the directory first.
func TestUpgradeWithoutCopy(t *testing.T) {
	t.Parallel()
	for _, name := range directories {
		u := unpackDirectory(t, name)
		mustRun(t, "tenant", "list", "--data", u.data, "--no-copy")
		if kept := u.kept(); len(kept) > 0 {
			t.Errorf("%s: %v is kept", name, kept)
		}
		u.check(start(t, "--data", u.data), syscall.SIGTERM)
	}
}

// TestUpgradeTwice: the way back is the copy, from which the directory can be upgraded again; what was recorded meanwhile is gone.
func TestUpgradeTwice(t *testing.T) {
	t.Parallel()
	for _, name := range directories {
		u := unpackDirectory(t, name)
		mustRun(t, "tenant", "list", "--data", u.data)
		kept := u.kept()
		if len(kept) == 0 {
			continue
		}
		start(t, "--data", u.data).end(syscall.SIGTERM)
		for _, file := range []string{"oplog.db", "oplog.head"} {
			if err := os.Rename(filepath.Join(u.data, file), filepath.Join(u.dir, file)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Rename(kept[0], filepath.Join(u.data, "oplog.db")); err != nil {
			t.Fatal(err)
		}
		u.check(start(t, "--data", u.data), syscall.SIGTERM)
		if again := u.kept(); !slices.Equal(again, kept) {
			t.Errorf("%s: %v is kept, and was %v", name, again, kept)
		}
	}
}

// upgrade is a data directory of an earlier version.
type upgrade struct {
	made
	t    *testing.T
	dir  string // with the export and the checkpoint that the earlier version wrote
	data string // the data directory
}

// unpackDirectory unpacks a directory of testdata.
func unpackDirectory(t *testing.T, name string) *upgrade {
	t.Helper()
	u := &upgrade{t: t, dir: t.TempDir()}
	u.data = filepath.Join(u.dir, "data")
	unpack(t, filepath.Join("testdata", name+".tar.gz"), u.dir)
	text, err := os.ReadFile(filepath.Join(u.dir, "made.json"))
	if err == nil {
		err = json.Unmarshal(text, &u.made)
	}
	if err != nil || u.Entries == 0 {
		t.Fatalf("%s: %+v, %v", name, u.made, err)
	}
	return u
}

// call sends a request to a server, and returns the answer, which must have a status.
func (u *upgrade) call(s *server, status int, key, method, path, body string) []byte {
	u.t.Helper()
	answered, answer := request(u.t, s.url, key, method, path, body)
	if answered != status {
		u.t.Fatalf("%s %s is answered with %d: %s", method, path, answered, answer)
	}
	return answer
}

// check checks what the server of the directory knows, records an entry, and stops it by a signal.
func (u *upgrade) check(s *server, stop syscall.Signal) {
	u.t.Helper()
	const log = "tenants/acme/"
	total := func(query string) (n int) {
		u.t.Helper()
		var summary struct{ Total int }
		if err := json.Unmarshal(u.call(s, http.StatusOK, u.ReadKey, http.MethodGet, log+"summary?"+query, ""), &summary); err != nil {
			u.t.Fatal(err)
		}
		return summary.Total
	}
	for query, want := range map[string]int{
		"": u.Entries, "q=%E8%BF%94%E5%9C%BA": u.Entries, "module=sms": u.Entries, "operation=delete": 0, "organization=" + fixtureOrganization: u.Entries,
		"q=content:7": u.count("7"), "content_id=c_12": 1,
	} {
		if got := total(query); got != want {
			u.t.Errorf("%q finds %d entries, want %d", query, got, want)
		}
	}
	var one struct {
		Seq    int
		Proof  struct{ Size int }
		Damage bool `json:"damaged"`
	}
	if err := json.Unmarshal(u.call(s, http.StatusOK, u.ReadKey, http.MethodGet, log+"entries/e-7", ""), &one); err != nil || one.Seq != 8 || one.Proof.Size < u.Entries || one.Damage {
		u.t.Errorf("an entry is %+v, %v", one, err)
	}
	if answer := u.call(s, http.StatusCreated, u.WriteKey, http.MethodPost, log+"entries", fixtureEntry(7)); !strings.Contains(string(answer), `"duplicate"`) {
		u.t.Errorf("an entry that was sent again is answered with %s", answer)
	}
	added := strings.Replace(fixtureEntry(u.Entries), fixtureOrganization, "later", 1)
	if answer := u.call(s, http.StatusCreated, u.WriteKey, http.MethodPost, log+"entries", added); !strings.Contains(string(answer), fmt.Sprintf(`"seq":%d`, u.Entries+1)) {
		u.t.Errorf("another entry is answered with %s", answer)
	}
	u.call(s, http.StatusOK, u.ReadKey, http.MethodGet, log+"exports", "")
	login := fmt.Sprintf(`{"username":"admin","password":%q}`, fixturePassword)
	if status, answer := request(u.t, s.url, "", http.MethodPost, "session", login); status/100 != 2 {
		u.t.Errorf("signing in is answered with %d: %s", status, answer)
	}
	if status := s.end(stop); status != 0 {
		u.t.Errorf("stopped with status %d: %s", status, s.stderr)
	}
}

// count counts the entries in whose content's name a word begins with a digit.
func (u *upgrade) count(digit string) (n int) {
	for i := range u.Entries {
		if strings.HasPrefix(fmt.Sprint(i), digit) {
			n++
		}
	}
	return n
}

// verify checks a directory, which has entries, against the checkpoint of the earlier version.
func (u *upgrade) verify(data string, entries int) {
	u.t.Helper()
	out := mustRun(u.t, "verify", "--data", data, "--tenant", "acme", "--checkpoint", filepath.Join(u.dir, "checkpoint"))
	if !strings.Contains(out, fmt.Sprintf("tenant acme: intact, %d entries", entries)) {
		u.t.Errorf("verify says %s", out)
	}
}

// checkRestored checks a backup of the directory, and the export of the earlier version.
func (u *upgrade) checkRestored() {
	u.t.Helper()
	backup, restored := filepath.Join(u.dir, "backup"), filepath.Join(u.dir, "restored")
	mustRun(u.t, "backup", backup, "--data", u.data)
	mustRun(u.t, "restore", backup, "--data", restored)
	u.verify(restored, u.Entries+1)
	key := strings.TrimSpace(mustRun(u.t, "key", "verifier", "--data", u.data))
	mustRun(u.t, "verify-export", filepath.Join(u.dir, "export.csv"), "--manifest", filepath.Join(u.dir, "export.csv.manifest"), "--key", key)
}

// kept returns the copies in earlier formats.
func (u *upgrade) kept() []string {
	u.t.Helper()
	kept, err := filepath.Glob(filepath.Join(u.data, "oplog.db.*"))
	if err != nil {
		u.t.Fatal(err)
	}
	return kept
}

// checkKept checks the copy that was kept of a directory: it can be restored, as earlier backups.
func (u *upgrade) checkKept(name string) {
	u.t.Helper()
	kept := u.kept()
	if isCurrent(u.t, name) {
		if len(kept) > 0 {
			u.t.Errorf("%v is kept", kept)
		}
		return
	}
	if want := filepath.Join(u.data, "oplog.db."+name); !slices.Equal(kept, []string{want}) {
		u.t.Fatalf("%v is kept, want %s", kept, want)
	}
	restored := filepath.Join(u.dir, "from the copy")
	mustRun(u.t, "restore", kept[0], "--data", restored)
	u.verify(restored, u.Entries)
}

// request sends a request to the API of a server, with a key unless it is "".
func request(t testing.TB, url, key, method, path, body string) (status int, answer []byte) {
	t.Helper()
	r, err := http.NewRequest(method, url+"/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", url)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if answer, err = io.ReadAll(a.Body); err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, answer
}
