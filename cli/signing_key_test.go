package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oplog/signing/signingtest"
	"oplog/storage"
)

// signedLog is a log with what its key signed: a checkpoint, an export and the proof of an entry.
type signedLog struct {
	t                              *testing.T
	data, dir, key                 string
	checkpoint, zip, export, proof string
	keys                           string // as the server gives them
	anchors                        string
}

func newSignedLog(t *testing.T) *signedLog {
	t.Helper()
	l := &signedLog{t: t, data: t.TempDir(), dir: t.TempDir(), anchors: t.TempDir()}
	l.sign("before", "demo", "--entries", "300")
	return l
}

// sign has the log's current key sign everything, in files with a name.
func (l *signedLog) sign(name string, command ...string) {
	l.t.Helper()
	p := serve(l.t, append(command, "--data", l.data, "--anchor", l.anchors)...)
	c, _ := signIn(l.t, p.url, "admin", demoPassword)
	var page struct{ Entries []struct{ ID string } }
	c.get(l.t, "/api/v1/tenants/demo/entries?limit=1", &page)
	x := exported(l.t, c, `{"range":"last_90_days","format":"csv"}`)
	keep := func(suffix, text string) string {
		file := filepath.Join(l.dir, name+suffix)
		write(l.t, file, text)
		return file
	}
	l.checkpoint = keep(".checkpoint", c.text(l.t, "/api/v1/tenants/demo/checkpoint"))
	l.zip = keep(".zip", c.text(l.t, x+"/bundle"))
	l.export = keep(".csv", c.text(l.t, x+"/file"))
	keep(".csv.manifest", c.text(l.t, x+"/manifest"))
	l.keys = keep(".keys", c.text(l.t, "/api/v1/key"))
	l.proof = keep(".json", c.text(l.t, "/api/v1/tenants/demo/entries/"+page.Entries[0].ID))
	p.stop()
	l.key = strings.TrimSpace(setting{}.mustRun(l.t, "key", "verifier", "--data", l.data))
}

func (l *signedLog) check(status int, want string, args ...string) {
	l.t.Helper()
	r := setting{}.run(l.t, args...)
	if r.status != status || !strings.Contains(r.stdout+r.stderr, want) || status != exitDone && strings.Contains(r.stdout, "TRUE") {
		l.t.Errorf("%q: %+v; want %d, %s", args, r, status, want)
	}
}

// TestKeyRotate: people who know the old key or the new one verify everything that either signed.
func TestKeyRotate(t *testing.T) {
	l := newSignedLog(t)
	old := *l
	if out := (setting{}).mustRun(t, "key", "rotate", "--data", l.data); strings.TrimSpace(out) == old.key || strings.Count(out, "\n") != 1 {
		t.Errorf("prints %q", out)
	}
	recordOne(t, l.data)
	l.sign("after", "serve")
	changes := filepath.Join(l.dir, "changes.json")
	write(t, changes, setting{}.mustRun(t, "key", "verifier", "--changes", "--tenant", "demo", "--data", l.data))
	for _, known := range []string{old.key, l.key} {
		l.check(exitDone, "TRUE: ", "verify-proof", l.proof, "--key", known)
		l.check(exitDone, "TRUE: ", "verify-export", l.zip, "--key", known)
		l.check(exitDone, "TRUE: ", "verify-export", l.export, "--key", known, "--key-changes", changes)
		l.check(exitDone, "TRUE: ", "verify-export", old.zip, "--key", known, "--key-changes", changes)
		l.check(exitDone, "TRUE: ", "verify-proof", old.proof, "--key", known, "--key-changes", changes)
	}
	l.check(exitDone, "TRUE: ", "verify-export", l.export, "--key", old.key, "--key-changes", l.keys)
	l.check(exitDone, l.key+", which the key changes lead to", "verify-proof", l.proof, "--key", old.key)
	l.check(exitFailed, "signed by another key", "verify-export", l.export, "--key", old.key)
	l.check(exitFailed, "signed by another key", "verify-export", old.zip, "--key", l.key)
	l.check(exitFailed, "are not what oplog key verifier --changes prints", "verify-export", l.export, "--key", old.key, "--key-changes", l.export)
	for _, one := range []string{old.checkpoint, l.checkpoint} {
		l.check(exitDone, "entries are those of the checkpoint", "verify", "--data", l.data, "--checkpoint", one)
	}
	l.check(exitDone, "intact", "verify", "--data", l.data, "--anchors", l.anchors)
	l.checkTrail("rotate_key")
}

// checkTrail checks that the tenant's admins see the change of the key.
func (l *signedLog) checkTrail(operation string) {
	l.t.Helper()
	p := serve(l.t, "serve", "--data", l.data)
	defer p.stop()
	c, _ := signIn(l.t, p.url, "admin", demoPassword)
	if told := c.text(l.t, "/api/v1/tenants/demo/access?operation="+operation); !strings.Contains(told, l.key) {
		l.t.Errorf("the trail says %s", told)
	}
}

// TestForgottenRotation: a store from before a rotation, which the anchors know of, is not intact, even with the key that it had then.
func TestForgottenRotation(t *testing.T) {
	l := newSignedLog(t)
	before := t.TempDir()
	for _, name := range []string{"oplog.db", "oplog.head", "signing.key"} {
		write(t, filepath.Join(before, name), content(t, filepath.Join(l.data, name)))
	}
	setting{}.mustRun(t, "key", "rotate", "--data", l.data)
	l.sign("after", "serve")
	l.check(exitFailed, "but the store does not: an old backup was restored", "verify", "--data", before, "--anchors", l.anchors)
}

// TestLostKey: without its key a log does not start, and says what to do; a new key is a break that verifiers see.
func TestLostKey(t *testing.T) {
	l := newSignedLog(t)
	old := *l
	if err := os.Remove(filepath.Join(l.data, "signing.key")); err != nil {
		t.Fatal(err)
	}
	l.check(exitFailed, "if the key is lost for good, begin a new one with oplog key rotate --lost", "serve", "--data", l.data)
	l.check(exitFailed, "signing.key is missing", "key", "rotate", "--data", l.data)
	l.check(exitDone, "everybody who verifies this log sees a break", "key", "rotate", "--lost", "--data", l.data)
	l.check(exitFailed, "is not lost", "key", "rotate", "--lost", "--data", l.data)
	l.sign("after", "serve")
	l.check(exitFailed, "the chain of keys is broken there", "verify-proof", l.proof, "--key", old.key)
	l.check(exitFailed, "the chain of keys is broken there", "verify-export", l.zip, "--key", old.key)
	l.check(exitDone, "TRUE: ", "verify-export", l.zip, "--key", l.key)
	l.check(exitDone, "entries are those of the checkpoint", "verify", "--data", l.data, "--checkpoint", old.checkpoint)
	l.checkTrail("replace_lost_key")
}

// TestMisusedOldKey: a checkpoint that the old key signed after its rotation is refused.
func TestMisusedOldKey(t *testing.T) {
	l := newSignedLog(t)
	thief := t.TempDir()
	for _, name := range []string{"oplog.db", "oplog.head", "signing.key"} {
		write(t, filepath.Join(thief, name), content(t, filepath.Join(l.data, name)))
	}
	setting{}.mustRun(t, "key", "rotate", "--data", l.data)
	recordOne(t, thief)
	db, err := storage.Open(thief, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	forged, err := db.Checkpoint("demo")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(l.dir, "forged")
	write(t, file, forged)
	recordOne(t, l.data)
	l.check(exitFailed, "when the tree had 300 entries, but it is for 301: the old key was misused", "verify", "--data", l.data, "--checkpoint", file)
}

// TestSignCommand: a log hands over to a command; while that fails, entries are recorded and read, and checkpoints answer 503.
func TestSignCommand(t *testing.T) {
	l := newSignedLog(t)
	old, s := *l, signingtest.New(t)
	setting{}.mustRun(t, "key", "rotate", "--data", l.data, "--next-sign-command", s.Line, "--next-public-key", s.PublicKey)
	l.check(exitFailed, "specify --sign-command", "serve", "--data", l.data)
	p := serve(t, "serve", "--data", l.data, "--sign-command", s.Line)
	c, _ := signIn(t, p.url, "admin", demoPassword)
	file := filepath.Join(l.dir, "command.checkpoint")
	write(t, file, c.text(t, "/api/v1/tenants/demo/checkpoint"))
	p.stop()
	l.check(exitDone, "entries are those of the checkpoint", "verify", "--data", l.data, "--checkpoint", file)

	s.Answer("")
	p = serve(t, "serve", "--data", l.data, "--sign-command", s.Line)
	c, _ = signIn(t, p.url, "admin", demoPassword)
	if status := c.get(t, "/api/v1/tenants/demo/checkpoint", nil); status != http.StatusServiceUnavailable {
		t.Errorf("the checkpoint answers %d", status)
	}
	var page struct{ Entries []struct{ ID string } }
	c.get(t, "/api/v1/tenants/demo/entries?limit=1", &page)
	if one := c.text(t, "/api/v1/tenants/demo/entries/"+page.Entries[0].ID); !strings.Contains(one, `"checkpoint":""`) {
		t.Error(one)
	}
	p.stop()
	if log := p.stderr.String(); !strings.Contains(log, "no card in the reader") {
		t.Errorf("the server's log says %s", log)
	}
	s.Work()
	changes := filepath.Join(l.dir, "changes.json")
	write(t, changes, setting{}.mustRun(t, "key", "verifier", "--changes", "--tenant", "demo", "--data", l.data, "--sign-command", s.Line))
	l.check(exitDone, "TRUE: ", "verify-export", old.zip, "--key", old.key, "--key-changes", changes)
}
