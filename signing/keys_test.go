package signing

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

const origin = "log.example/acme"

// pair is a key of the log.
type pair struct {
	t      *testing.T
	public string
	note.Signer
}

func newPair(t *testing.T, name string) pair {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return pair{t, public, signer}
}

func rootOf(text string) tlog.Hash { return tlog.RecordHash([]byte(text)) }

// checkpoint returns a checkpoint whose root is that of a text.
func (p pair) checkpoint(origin, size, root string) string {
	p.t.Helper()
	signed, err := note.Sign(&note.Note{Text: origin + "\n" + size + "\n" + encode(rootOf(root)) + "\n"}, p)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(signed)
}

var replacedAt = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

// replace returns the change from a key to the next, when acme had `size` entries; lost means that the old key does not sign it.
func (p pair) replace(next pair, size uint64, lost bool) oplog.KeyChange {
	p.t.Helper()
	previous := note.Signer(p)
	if lost {
		previous = nil
	}
	heads := []Head{{"log.example/zoo", 1, rootOf("zoo")}, {origin, size, rootOf("root")}, {"log.example/acme/access", 7, rootOf("access")}}
	r, err := Replace(p.public, previous, next.public, next, replacedAt, heads)
	if err != nil {
		p.t.Fatal(err)
	}
	change, err := r.Of(origin)
	if err != nil {
		p.t.Fatal(err)
	}
	return change
}

func TestKeys(t *testing.T) {
	a, b, c, other := newPair(t, "log.example"), newPair(t, "log.example"), newPair(t, "log.example"), newPair(t, "log.example")
	rotated := []oplog.KeyChange{a.replace(b, 10, false), b.replace(c, 20, false)}
	lost := []oplog.KeyChange{a.replace(b, 10, false), b.replace(c, 20, true)}
	f := func(name, known string, changes []oplog.KeyChange, checkpoint, want string) {
		t.Helper()
		keys, err := Follow(known, changes)
		if err == nil {
			_, _, err = keys.OpenCheckpoint(checkpoint)
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v; want %q", name, err, want)
		}
	}
	for _, known := range []pair{a, b, c} {
		f("the current key", known.public, rotated, c.checkpoint(origin, "99", "x"), "")
		f("the oldest key's", known.public, rotated, a.checkpoint(origin, "9", "x"), "")
		f("the oldest key's last", known.public, rotated, a.checkpoint(origin, "10", "root"), "")
		f("an empty tree's", known.public, rotated, a.checkpoint("log.example/new", "0", "x"), "")
		f("another root at the replacement", known.public, rotated, a.checkpoint(origin, "10", "x"), "its root is not the one that the tree had then")
		f("newer than the replacement", known.public, rotated, a.checkpoint(origin, "11", "x"), "when the tree had 10 entries, but it is for 11: the old key was misused")
		f("newer than the second replacement", known.public, rotated, b.checkpoint(origin, "21", "x"), "when the tree had 20 entries, but it is for 21")
		f("a tree that came later", known.public, rotated, b.checkpoint("log.example/new", "1", "x"), "before this tree existed")
		f("another log's", known.public, rotated, other.checkpoint(origin, "1", "x"), "signed by another key")
		f("modified", known.public, rotated, strings.Replace(c.checkpoint(origin, "99", "x"), "\n99\n", "\n98\n", 1), "its signature does not match")
	}
	f("without the changes", a.public, nil, b.checkpoint(origin, "11", "x"), "signed by another key")
	f("another log's changes", other.public, rotated, c.checkpoint(origin, "11", "x"), "signed by another key")
	for _, known := range []pair{a, b} {
		f("across a lost key", known.public, lost, c.checkpoint(origin, "21", "x"), "the chain of keys is broken there")
		f("up to a lost key", known.public, lost, b.checkpoint(origin, "21", "x"), "")
	}
	f("back across a lost key", c.public, lost, a.checkpoint(origin, "9", "x"), "")
	f("the lost key, found by others", c.public, lost, b.checkpoint(origin, "21", "x"), "the old key was misused")
}

// Changes that were forged, shortened or put together from others are refused as a whole.
func TestForgedKeyChanges(t *testing.T) {
	a, b, c := newPair(t, "log.example"), newPair(t, "log.example"), newPair(t, "log.example")
	first, second := a.replace(b, 10, false), b.replace(c, 20, false)
	f := func(name, want string, changes ...oplog.KeyChange) {
		t.Helper()
		if _, err := Follow(a.public, changes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", name, err, want)
		}
	}
	mixed := first
	mixed.Head = second.Head
	f("another statement's head", "does not belong to the statement", mixed)
	larger := *first.Head
	larger.Leaf = []byte(strings.Replace(string(larger.Leaf), "\n10\n", "\n99\n", 1))
	f("a larger head", "does not belong to the statement", oplog.KeyChange{Statement: first.Statement, Head: &larger})
	f("out of order", "do not follow each other", second, first)
	lines := strings.SplitAfter(first.Statement, "\n")
	f("without the old key's signature", "not signed by the keys", oplog.KeyChange{Statement: strings.Join(append(lines[:8:8], lines[9:]...), "")})
	f("without the new key's signature", "not signed by the keys", oplog.KeyChange{Statement: strings.Join(lines[:9], "")})
	f("another new key", "not signed by the keys", oplog.KeyChange{Statement: strings.ReplaceAll(first.Statement, b.public, c.public)})
	f("no statement", "is invalid", oplog.KeyChange{Statement: a.checkpoint(origin, "1", "x")})
}

// A statement shows a tree's head to those who have its leaf, and nothing of the others.
func TestStatementsHideOtherTrees(t *testing.T) {
	a, b := newPair(t, "log.example"), newPair(t, "log.example")
	first, again := a.replace(b, 10, false), a.replace(b, 10, false)
	if strings.Contains(first.Statement+string(first.Head.Leaf), "zoo") || string(first.Head.Path[0]) == string(again.Head.Path[0]) {
		t.Errorf("%s with %s tells what other trees there are", first.Statement, first.Head.Leaf)
	}
}
