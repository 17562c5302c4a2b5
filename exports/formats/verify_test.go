package formats

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"oplog/exports"
	"oplog/oplog"
	"oplog/signing"
)

// store signs manifests like a store.
type store struct {
	t      testing.TB
	signer note.Signer
	key    string
}

func newStore(t testing.TB) store {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "oplog-00000000")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return store{t, signer, public}
}

func (s store) sign(text string) string {
	s.t.Helper()
	signed, err := note.Sign(&note.Note{Text: text}, s.signer)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(signed)
}

// manifest returns the manifest of a file, modified by change before it is signed.
func (s store) manifest(file string, change func(*exports.Manifest)) string {
	s.t.Helper()
	sum := sha256.Sum256([]byte(file))
	m := exports.Manifest{
		File: "log.csv", SHA256: hex.EncodeToString(sum[:]), Size: int64(len(file)), Rows: 2, Tenant: "acme",
		Filters: oplog.Filters{Search: "line\nbreak \"<&>\" 双十一", Values: oplog.Values{Modules: []string{"sms"}}},
		By:      "account ann", At: time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC), Snapshot: 9, FirstSeq: 3, LastSeq: 9,
		Checkpoint: s.sign("oplog-00000000/acme\n9\n" + strings.Repeat("A", 43) + "=\n"),
	}
	if change != nil {
		change(&m)
	}
	text, err := m.Text()
	if err != nil {
		s.t.Fatal(err)
	}
	return s.sign(text)
}

func verifyWith(file, manifest, key string) (Checked, error) {
	keys, err := signing.Follow(key, nil)
	if err != nil {
		return Checked{}, err
	}
	return Verify(strings.NewReader(file), []byte(manifest), keys)
}

func TestVerify(t *testing.T) {
	s, other := newStore(t), newStore(t)
	const file = "Time,User\r\n1,a\r\n"
	f := func(name, file, manifest, key, want string) {
		t.Helper()
		c, err := verifyWith(file, manifest, key)
		if want == "" && (err != nil || c.LogSize != 9 || c.Filters.Search != "line\nbreak \"<&>\" 双十一" || c.Rows != 2) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %+v, %v; want %s", name, c, err, want)
		}
	}
	good := s.manifest(file, nil)
	f("intact", file, good, s.key, "")
	f("a key with a line break", file, good, s.key+"\n", "")
	f("changed", "Time,User\r\n1,b\r\n", good, s.key, "was modified")
	f("cut", file[:12], good, s.key, "12 of 16 bytes")
	f("longer", file+" ", good, s.key, "longer than the 16 bytes")
	f("empty", "", good, s.key, "0 of 16 bytes")
	f("no key", file, good, "oplog", "is not a verifier key")
	f("another key", file, good, other.key, "signed by another key")
	f("another store's", file, other.manifest(file, nil), s.key, "signed by another key")
	f("changed manifest", file, strings.Replace(good, "rows: 2", "rows: 3", 1), s.key, "its signature does not match")
	f("no manifest", file, "", s.key, "not a signed note")
	f("a checkpoint", file, s.sign("oplog-00000000/acme\n9\nAAAA\n"), s.key, "does not begin with")
	f("no signature", file, good[:strings.LastIndex(good, "\n\n")+2], s.key, "not a signed note")
	f("two signatures", file, good+strings.SplitAfter(other.sign("x\n"), "\n\n")[1], s.key, "more than one signature")
	f("no checkpoint", file, s.manifest(file, func(m *exports.Manifest) { m.Checkpoint = "" }), s.key, "checkpoint in the manifest is not valid")
	f("another's checkpoint", file, s.manifest(file, func(m *exports.Manifest) { m.Tenant = "plain" }), s.key, "belongs to a different log than tenant plain")
	f("an older checkpoint", file, s.manifest(file, func(m *exports.Manifest) { m.LastSeq = 10 }), s.key, "older than its rows")
	f("an unknown line", file, s.sign("oplog export manifest v1\nrows: 1\nfoo: 2\n"), s.key, "manifest is invalid")
	f("a line twice", file, s.sign("oplog export manifest v1\nrows: 1\nrows: 2\n"), s.key, "invalid line")
	f("a line without a value", file, s.sign("oplog export manifest v1\nrows\n"), s.key, "invalid line")
}

func TestManifestGolden(t *testing.T) {
	m := exports.Manifest{
		File: "log.csv", Tenant: "acme", Filters: oplog.Filters{Search: "<a> & \"b\"\n双十一"}, By: "key crm", Rows: 2,
		At: time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC), Checkpoint: "oplog-00000000/acme\n9\nroot\n\n— sig\n",
	}
	text, err := m.Text()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "manifest.txt", []byte(text))
	if back, err := exports.ParseManifest(text); err != nil || fmt.Sprintf("%+v", back) != fmt.Sprintf("%+v", m) {
		t.Errorf("%+v, %v", back, err)
	}
}

// FuzzVerify: no other file or manifest is accepted, and no input causes a panic.
func FuzzVerify(f *testing.F) {
	s := newStore(f)
	const file = "Time,User\r\n1,a\r\n"
	good := s.manifest(file, nil)
	f.Add([]byte(file), []byte(good))
	f.Add([]byte("x"), []byte(good))
	f.Add([]byte(file), []byte(strings.Replace(good, "2", "3", 1)))
	f.Add([]byte(file), []byte("oplog export manifest v1\n\n— oplog-00000000 AAAA\n"))
	f.Fuzz(func(t *testing.T, data, manifest []byte) {
		_, err := verifyWith(string(data), string(manifest), s.key)
		if same := string(data) == file && string(manifest) == good; (err == nil) != same {
			t.Errorf("the file is taken: %v, it is the one that was written: %v", err == nil, same)
		}
	})
}

// TestNonCanonicalSignatures: other encodings of the same signature are rejected. The last base64 digit has unused bits; changing them
// counts as a change, in the manifest's signature and in its checkpoint's.
func TestNonCanonicalSignatures(t *testing.T) {
	s := newStore(t)
	file := "Time,User\r\n1,a\r\n"
	manifest := s.manifest(file, nil)
	for i := range manifest {
		if manifest[i] != '=' || !strings.HasPrefix(manifest[i+1:], "\n") && !strings.HasPrefix(manifest[i+1:], `\n"`) {
			continue
		}
		for _, digit := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
			changed := []byte(manifest)
			changed[i-1] = digit
			_, err := verifyWith(file, string(changed), s.key)
			if same := digit == manifest[i-1]; (err == nil) != same {
				t.Errorf("digit %c for %c: %v", digit, manifest[i-1], err)
			}
		}
	}
}

func TestEveryChangedByte(t *testing.T) {
	s := newStore(t)
	file := []byte("Time,User\r\n1,a\r\n")
	manifest := []byte(s.manifest(string(file), nil))
	for _, of := range [][]byte{file, manifest} {
		for i := range of {
			for _, flip := range []byte{1, 0x20, 0x80} {
				of[i] ^= flip
				if _, err := verifyWith(string(file), string(manifest), s.key); err == nil {
					t.Errorf("byte %d of %q goes unnoticed", i, of)
				}
				of[i] ^= flip
			}
		}
	}
}
