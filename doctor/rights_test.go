package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes")
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestRights(t *testing.T) {
	o := healthy(t)
	finds(t, o, "rights", "rights-good")
	chmod(t, o.Dir, 0o755)
	if got := finds(t, o, "rights", "rights-open"); got.Params["mode"] != "0755" || got.Advice != "Run chmod go= "+o.Dir+"." {
		t.Errorf("%+v", got)
	}
	dir := o.Dir
	o.Dir = filepath.Join(dir, "none", "below")
	finds(t, o, "rights", "rights-new")
	finds(t, o, "disk", "disk-free")
	o.Dir = filepath.Join(dir, "oplog.db")
	finds(t, o, "rights", "rights-no-directory")
}

// TestOwner: a file that root left in the directory of another user is told, with the command that gives it back.
func TestOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("giving files away needs root")
	}
	o := healthy(t)
	for _, name := range []string{".", "oplog.db", "oplog.head", "signing.key", "index"} {
		if err := os.Lchown(filepath.Join(o.Dir, name), 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	finds(t, o, "rights", "rights-good")
	if got := finds(t, o, "server", "server-stopped", "server-other-user"); got.Level != OK {
		t.Errorf("%+v", got)
	}
	_, found := New(o).Findings()
	if got := found[1]; got.Level != Warning || got.Fact != "These checks were made as root; the server runs as nobody" || got.Advice != "Run them as that user: sudo -u nobody oplog doctor." {
		t.Errorf("%+v", got)
	}
	o.Server = Running // as root, with a reason
	finds(t, o, "server", "server-running")
	o.Server = Stopped
	give := func(name string, to int) {
		t.Helper()
		if err := os.Lchown(filepath.Join(o.Dir, name), to, to); err != nil {
			t.Fatal(err)
		}
	}
	give("signing.key", 0)
	if got := finds(t, o, "rights", "rights-mixed"); got.Params["path"] != filepath.Join(o.Dir, "signing.key") {
		t.Errorf("%+v", got)
	}
	give("signing.key", 65534)
	give("oplog.head", 0)
	got := finds(t, o, "rights", "rights-mixed")
	if !strings.HasPrefix(got.Fact, filepath.Join(o.Dir, "oplog.head")+" belongs to root, and its directory to nobody") || got.Advice != "Run chown -R nobody "+o.Dir+"." {
		t.Errorf("%+v", got)
	}
}

func TestKey(t *testing.T) {
	o := healthy(t)
	key := filepath.Join(o.Dir, "signing.key")
	finds(t, o, "key", "key-kept")
	o.Log = with(func(l *Log) { l.Key = errors.New("it is the key of another log") })
	if got := finds(t, o, "key", "key-unusable"); !strings.Contains(got.Fact, "another log") {
		t.Errorf("%+v", got)
	}
	o.SignsItself = false
	finds(t, o, "key", "key-unusable")
	o.Log = with(func(*Log) {})
	finds(t, o, "key", "key-command")
	o.Log = with(func(l *Log) { l.OtherSigner = true })
	finds(t, o, "key", "key-setting")
	o.Log = with(func(*Log) {})
	o.SignsItself = true
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	finds(t, o, "key", "key-missing")
	o.Log = with(func(l *Log) { l.Format = 3 }) // the key may be in the store
	finds(t, o, "key")
	o.Log = func() (Log, error) { return Log{}, ErrNoLog }
	finds(t, o, "key")
	write(t, key, "x")
	chmod(t, key, 0o640)
	if got := finds(t, o, "key", "key-open"); got.Params["mode"] != "0640" {
		t.Errorf("%+v", got)
	}
}
