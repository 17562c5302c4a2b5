package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/demo"
)

// log500 is a log together with what its owner keeps elsewhere: a checkpoint, an export with its manifest, and the verifier key.
type log500 struct {
	t                      *testing.T
	data, intact           string // the data directory, and a copy of its file
	older                  string // a backup from before the last entry
	checkpoint, file, vkey string
}

func newLog500(t *testing.T) *log500 {
	t.Helper()
	dir := t.TempDir()
	l := &log500{
		t: t, data: filepath.Join(dir, "data"), intact: filepath.Join(dir, "intact.db"), older: filepath.Join(dir, "older.backup"),
		checkpoint: filepath.Join(dir, "checkpoint"), file: filepath.Join(dir, "log.csv"),
	}
	serve(t, "demo", "--entries", "499", "--data", l.data).stop()
	setting{}.mustRun(t, "backup", l.older, "--data", l.data)
	recordOne(t, l.data)
	p := serve(t, "serve", "--data", l.data)
	c, _ := signIn(t, p.url, "admin", demoPassword)
	write(t, l.checkpoint, c.text(t, "/api/v1/tenants/demo/checkpoint"))
	var key struct{ Key string }
	c.get(t, "/api/v1/key", &key)
	l.vkey = key.Key
	x := exported(t, c, `{"range":"last_90_days","format":"csv"}`)
	write(t, l.file, c.text(t, x+"/file"))
	write(t, l.file+".manifest", c.text(t, x+"/manifest"))
	p.stop()
	copyFile(t, filepath.Join(l.data, "oplog.db"), l.intact)
	return l
}

// checkOutput runs a command and checks its status and output: it contains every text of want (separated by &) and no phrase of another
// kind of finding.
func (l *log500) checkOutput(name string, status int, want string, args ...string) {
	l.t.Helper()
	r := setting{}.run(l.t, args...)
	for part := range strings.SplitSeq(want, " & ") {
		if r.status != status || !strings.Contains(r.stdout+r.stderr, part) {
			l.t.Errorf("%s: %s: %+v; want %d, %s", name, args[0], r, status, want)
		}
	}
	for _, other := range findingPhrases {
		if !strings.Contains(want, other) && strings.Contains(r.stderr, other) {
			l.t.Errorf("%s: %s says %q, which is of another kind: %s", name, args[0], other, r.stderr)
		}
	}
}

// findingPhrases distinguish kinds of tampering.
var findingPhrases = []string{
	"was modified: it differs from", "was removed: it was recorded", "was replaced: another entry", "was inserted: it was never recorded", "or the entry was inserted",
	"its tail was removed", "the tail was removed without a trace", "the log was rewritten with its proof",
}

const otherEntries = " & its first 500 entries are not those of the checkpoint"

// storeTamperings are changes of a store's file, with the output of verify, and what it adds if it is given a checkpoint.
var storeTamperings = []struct {
	name, want, also string
	change           func(*days) error
}{
	{"changed", "was modified: it differs from", otherEntries, func(d *days) error {
		key, data := d.at(3)
		data[len(data)-1] ^= 1
		return d.put(key, data)
	}},
	{"removed", "was removed: it was recorded", "", func(d *days) error {
		key, _ := d.at(3)
		return d.date(key).Delete(key)
	}},
	{"swapped", "was replaced: another entry", otherEntries, func(d *days) error {
		one, a := d.at(3)
		other, b := d.at(333)
		return errors.Join(d.put(one, b), d.put(other, a))
	}},
	{"inserted", "was inserted: it was never recorded", "", func(d *days) error {
		key, data := d.at(3)
		key[7] ^= 1
		return d.put(key, data)
	}},
	{"inserted after the last", "or the entry was inserted", "", func(d *days) error {
		key, data := d.at(3)
		key[14], key[15] = 2, 0 // 512
		return d.put(key, data)
	}},
	{"the tail cut", "or the entry was inserted", " & its tail was removed", func(d *days) error {
		arrivals := d.of.Bucket([]byte("arrivals"))
		last, _ := arrivals.Cursor().Last()
		return arrivals.Delete(last)
	}},
}

// TestTampering tampers with a store in every way that access to its file allows, and checks that verify with a kept checkpoint finds and
// identifies each; earlier exports stay verifiable whatever happens to the store.
func TestTampering(t *testing.T) {
	l := newLog500(t)
	file := filepath.Join(l.data, "oplog.db")
	both := func(name string, plain int, wantPlain, wantKept string) {
		t.Helper()
		l.checkOutput(name, plain, wantPlain, "verify", "--data", l.data, "--tenant", "demo")
		kept := exitFailed
		if name == "nothing" {
			kept = exitDone
		}
		l.checkOutput(name, kept, wantKept, "verify", "--data", l.data, "--checkpoint", l.checkpoint)
		l.checkOutput(name, exitDone, "is byte for byte the file that the log exported", "verify-export", l.file, "--key", l.vkey)
	}
	both("nothing", exitDone, "intact, 500 entries", "first 500 entries are those of the checkpoint")

	for _, c := range storeTamperings {
		copyFile(t, l.intact, file)
		tamper(t, l.data, func(tx *bolt.Tx) error { return c.change(daysOf(tx, demo.TenantID)) })
		both(c.name, exitFailed, c.want, c.want+c.also)
	}

	// Consistent rewrites and restored backups are only revealed by a checkpoint.
	l.restore(file)
	both("an old backup", exitDone, "intact, 499 entries", "an old backup was restored, or the tail was removed without a trace")
	recordOne(t, l.data)
	both("an old backup that has grown", exitDone, "intact, 500 entries", "the log was rewritten with its proof, or an old backup was restored and has grown since")
	another := t.TempDir()
	serve(t, "demo", "--entries", "500", "--data", another).stop()
	l.checkOutput("another log", exitFailed, "is signed by another key", "verify", "--data", another, "--checkpoint", l.checkpoint)
	l.checkOutput("another log", exitFailed, "tenant other is not in the store", "verify", "--data", l.data, "--checkpoint", l.checkpointOf("other"))
	copyFile(t, l.intact, file)
	tamper(t, l.data, func(tx *bolt.Tx) error { // the trail is proven too
		d := daysOf(tx, demo.TenantID+"/access")
		key, data := d.at(0)
		data[len(data)-1] ^= 1
		return d.put(key, data)
	})
	l.checkOutput("the trail", exitFailed, "tenant demo/access: NOT INTACT & was modified: it differs from", "verify", "--data", l.data, "--tenant", "demo")
}

// restore replaces the log with the old backup.
func (l *log500) restore(file string) {
	l.t.Helper()
	fresh := filepath.Join(l.t.TempDir(), "fresh")
	setting{}.mustRun(l.t, "restore", l.older, "--data", fresh)
	copyFile(l.t, filepath.Join(fresh, "oplog.db"), file)
	withoutHead(l.t, l.data)
}

// withoutHead removes all that would tell that a data file is older than it was.
func withoutHead(t *testing.T, data string) {
	t.Helper()
	tamper(t, data, func(tx *bolt.Tx) error { return tx.Bucket([]byte("names")).Delete([]byte("oplog.head")) })
	if err := os.Remove(filepath.Join(data, "oplog.head")); err != nil {
		t.Fatal(err)
	}
}

// checkpointOf returns a checkpoint of a tenant that the log no longer satisfies.
func (l *log500) checkpointOf(tenant string) string {
	l.t.Helper()
	with := l.t.TempDir()
	stick := l.t.TempDir()
	copyFile(l.t, l.intact, filepath.Join(with, "oplog.db"))
	for _, name := range []string{"signing.key", "oplog.head"} {
		copyFile(l.t, filepath.Join(l.data, name), filepath.Join(with, name))
	}
	setting{}.mustRun(l.t, "tenant", "add", tenant, "--name", "Other", "--data", with)
	serve(l.t, "serve", "--data", with, "--anchor", stick).stop()
	found, err := filepath.Glob(filepath.Join(stick, tenant, "*", "*-log.checkpoint"))
	if err != nil || len(found) != 1 {
		l.t.Fatalf("%v, %v", found, err)
	}
	return found[0]
}

// TestTamperingWithExports does the same to an export and its manifest.
func TestTamperingWithExports(t *testing.T) {
	l := newLog500(t)
	rows, manifest := content(t, l.file), content(t, l.file+".manifest")
	another := newLog500(t)
	f := func(name, want, file, signed, key string) {
		t.Helper()
		write(t, l.file, file)
		write(t, l.file+".manifest", signed)
		r := setting{}.run(t, "verify-export", l.file, "--key", key)
		if r.status != exitFailed || r.stdout != "" || !strings.HasPrefix(r.stderr, "oplog: NOT TRUE: "+want) {
			t.Errorf("%s: %+v; want %s", name, r, want)
		}
	}
	lines := strings.SplitAfter(rows, "\r\n")
	joined := func(parts ...[]string) string {
		var all strings.Builder
		for _, p := range parts {
			all.WriteString(strings.Join(p, ""))
		}
		return all.String()
	}
	f("a changed letter", "the file was modified", rows[:100]+"~"+rows[101:], manifest, l.vkey)
	f("swapped rows", "the file was modified", joined(lines[:3], lines[4:5], lines[3:4], lines[5:]), manifest, l.vkey)
	f("a row removed", "the file has", joined(lines[:3], lines[4:]), manifest, l.vkey)
	f("a row inserted", "the file is longer", joined(lines[:3], lines[2:]), manifest, l.vkey)
	f("the tail cut", "the file has", joined(lines[:400]), manifest, l.vkey)
	f("an empty file", "the file has 0", "", manifest, l.vkey)
	f("other rows in the manifest", "the manifest is not valid: its signature does not match", rows, strings.Replace(manifest, "rows: 500", "rows: 499", 1), l.vkey)
	f("another period", "the manifest is not valid: its signature does not match", rows, strings.Replace(manifest, `to: "`, `to: "0`, 1), l.vkey)
	f("no signature", "the manifest is not valid: it is not a signed note", rows, strings.Split(manifest, "\n\n")[0]+"\n", l.vkey)
	f("another's manifest", "the manifest is not valid: it is signed by another key", rows, content(t, another.file+".manifest"), l.vkey)
	f("another's file and manifest", "the manifest is not valid: it is signed by another key", content(t, another.file), content(t, another.file+".manifest"), l.vkey)
	f("the manifest of another file", "the file ", content(t, another.file), manifest, l.vkey)
	write(t, l.file, rows)
	write(t, l.file+".manifest", manifest)
	setting{}.mustRun(t, "verify-export", l.file, "--key", l.vkey)
}

// days are a tenant's entries in the data file, in buckets by date.
type days struct{ of, entries *bolt.Bucket }

func daysOf(tx *bolt.Tx, tenant string) *days {
	of := tx.Bucket([]byte("tenants")).Bucket([]byte(tenant))
	return &days{of, of.Bucket([]byte("entries"))}
}

// at returns the n-th oldest entry.
func (d *days) at(n int) (key, data []byte) {
	dates := d.entries.Cursor()
	for date, _ := dates.First(); date != nil; date, _ = dates.Next() {
		c := d.entries.Bucket(date).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if n--; n < 0 {
				return bytes.Clone(k), bytes.Clone(v)
			}
		}
	}
	return nil, nil
}

func (d *days) date(key []byte) *bolt.Bucket {
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(key))).UTC()
	return d.entries.Bucket([]byte(at.Format(time.DateOnly)))
}

func (d *days) put(key, data []byte) error { return d.date(key).Put(key, data) }
