package cli

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// TestAcceptLoss: an older data file is not served, unless that is asked for; then the access log tells it, once.
func TestAcceptLoss(t *testing.T) {
	data := t.TempDir()
	file, older := filepath.Join(data, "oplog.db"), filepath.Join(t.TempDir(), "older.db")
	serve(t, "demo", "--entries", "100", "--data", data).stop()
	copyFile(t, file, older)
	recordOne(t, data)
	copyFile(t, older, file)
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"tenant", "list"}, {"verify"}} {
		r := setting{}.run(t, append(args, "--data", data)...)
		if r.status != exitFailed || !strings.Contains(r.stderr, "was acknowledged according to oplog.head") || !strings.Contains(r.stderr, "--accept-loss") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	for _, args := range [][]string{{"serve", "--data", data, "--accept-loss"}, {"serve", "--data", data}} {
		p := serve(t, args...)
		c, _ := signIn(t, p.url, "admin", demoPassword)
		told := c.text(t, "/api/v1/tenants/demo/access?operation=accept_loss")
		if strings.Count(told, `"operation":"accept_loss"`) != 1 || !strings.Contains(told, `"entries":`) {
			t.Errorf("%q: the access log says %s", args, told)
		}
		p.stop()
	}
	if out := (setting{}).mustRun(t, "verify", "--data", data); !strings.Contains(out, "tenant demo: intact, 100 entries") {
		t.Error(out)
	}
}

// TestMissingHead: without its head file a log is not served, unless that is asked for; then the access log tells it.
func TestMissingHead(t *testing.T) {
	data := t.TempDir()
	serve(t, "demo", "--entries", "100", "--data", data).stop()
	if err := os.Remove(filepath.Join(data, "oplog.head")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"tenant", "list"}, {"verify"}} {
		r := setting{}.run(t, append(args, "--data", data)...)
		cure := "oplog restore " + filepath.Join(data, "oplog.db") + " --data NEW"
		if r.status != exitFailed || !strings.Contains(r.stderr, "oplog.head") || !strings.Contains(r.stderr, cure) || !strings.Contains(r.stderr, "--accept-loss") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	r := setting{}.run(t, "verify", "--data", data)
	if strings.Contains(r.stdout+r.stderr, "NOT INTACT") || !strings.Contains(r.stdout, "tenant demo: intact, 100 entries") ||
		!strings.Contains(r.stderr, "NOT KNOWN TO BE COMPLETE: ") {
		t.Errorf("verify: %+v", r)
	}
	p := serve(t, "serve", "--data", data, "--accept-loss")
	c, _ := signIn(t, p.url, "admin", demoPassword)
	if told := c.text(t, "/api/v1/tenants/demo/access?operation=accept_loss"); !strings.Contains(told, `"missing_file":"oplog.head"`) {
		t.Errorf("the access log says %s", told)
	}
	p.stop()
	if out := (setting{}).mustRun(t, "verify", "--data", data); !strings.Contains(out, "tenant demo: intact, 100 entries") {
		t.Error(out)
	}
}

// TestLossOfTrees: a changed tree is told as such in the access log, and no file is called missing.
func TestLossOfTrees(t *testing.T) {
	data := t.TempDir()
	serve(t, "demo", "--entries", "100", "--data", data).stop()
	file, first := filepath.Join(data, "oplog.db"), ""
	b, err := bolt.Open(file, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	err = b.View(func(tx *bolt.Tx) error {
		_, tile := tx.Bucket([]byte("tenants")).Bucket([]byte("demo")).Bucket([]byte("arrivals")).Cursor().First()
		first = string(tile[:40]) // a time and a leaf
		return nil
	})
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	changed := []byte(first)
	changed[20] ^= 1
	write(t, file, strings.ReplaceAll(content(t, file), first, string(changed)))
	r := setting{}.run(t, "serve", "--listen", "127.0.0.1:0", "--data", data)
	if r.status != exitFailed || !strings.Contains(r.stderr, "to continue with the changed trees") {
		t.Errorf("serve: %+v", r)
	}
	if r := (setting{}).run(t, "verify", "--data", data); r.status != exitFailed || !strings.Contains(r.stderr, "NOT INTACT") {
		t.Errorf("verify: %+v", r)
	}
	p := serve(t, "serve", "--data", data, "--accept-loss")
	defer p.stop()
	c, _ := signIn(t, p.url, "admin", demoPassword)
	told := c.text(t, "/api/v1/tenants/demo/access?operation=accept_loss")
	if !strings.Contains(told, `"changed_trees":true`) || strings.Contains(told, "missing_file") {
		t.Errorf("the access log says %s", told)
	}
}

// TestDamagedMetaPage: a damaged meta page of which nothing depends is told by verify, the metrics and the System page.
func TestDamagedMetaPage(t *testing.T) {
	data := t.TempDir()
	serve(t, "demo", "--entries", "100", "--data", data).stop()
	file := filepath.Join(data, "oplog.db")
	bytes := []byte(content(t, file))
	before, page := 0, os.Getpagesize()
	const txid = 16 + 48
	if binary.NativeEndian.Uint64(bytes[txid:]) > binary.NativeEndian.Uint64(bytes[page+txid:]) {
		before = page
	}
	bytes[before+30] ^= 4
	write(t, file, string(bytes))
	if out := (setting{}).mustRun(t, "verify", "--data", data); !strings.Contains(out, "meta page") || !strings.Contains(out, "no transaction is missing") {
		t.Error(out)
	}
	p := serve(t, "serve", "--data", data)
	defer p.stop()
	owner, _ := signIn(t, p.url, "owner", demoPassword)
	if text := owner.text(t, "/api/v1/system"); !strings.Contains(text, `"damage":"meta page`) {
		t.Error(text)
	}
	if text := owner.text(t, "/metrics"); !strings.Contains(text, "\noplog_damaged_at_start 1\n") {
		t.Error("the metrics do not say it")
	}
}
