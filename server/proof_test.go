package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
	"oplog/signing"
	"oplog/storage"
)

// head parses a checkpoint like a client that keeps it.
func (f *fixture) head(text string) (size int64, root tlog.Hash) {
	f.Helper()
	var key struct{ Key string }
	f.noError(json.Unmarshal([]byte(f.get("read", "/api/v1/key", 200)), &key))
	verifier, err := note.NewVerifier(key.Key)
	f.noError(err)
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	f.noError(err)
	var hash string
	_, err = fmt.Sscanf(strings.SplitN(opened.Text, "\n", 2)[1], "%d\n%s\n", &size, &hash)
	f.noError(err)
	raw, err := base64.StdEncoding.DecodeString(hash)
	f.noError(err)
	return size, tlog.Hash(raw)
}

// TestEarlierKeys: a verifier who knows an earlier key follows to the current one from the answer alone.
func TestEarlierKeys(t *testing.T) {
	type answer struct {
		Key  string
		Keys []struct{ Key, Statement string }
	}
	if first := decode[answer](t, newServer(t).get("read", "/api/v1/key", 200)); first.Key == "" || first.Keys != nil {
		t.Errorf("of the first key: %+v", first)
	}
	var known []string
	f := newServerOver(t, func(s oplog.Store) oplog.Store {
		db := s.(*storage.DB)
		for range 2 {
			known = append(known, db.VerifierKey())
			if err := db.Rotate(storage.Rotation{Now: func() time.Time { return clock }}); err != nil {
				t.Fatal(err)
			}
		}
		return s
	})
	got := decode[answer](t, f.get("read", "/api/v1/key", 200))
	var changes []oplog.KeyChange
	var keys []string
	for _, one := range got.Keys {
		keys, changes = append(keys, one.Key), append(changes, oplog.KeyChange{Statement: one.Statement})
	}
	if !slices.Equal(keys, known) {
		t.Errorf("the earlier keys are %v, want %v", keys, known)
	}
	for _, key := range known {
		if followed, err := signing.Follow(key, changes); err != nil || followed.Current() != got.Key {
			t.Errorf("from %s: %v, want %s", key, err, got.Key)
		}
	}
}

// TestConsistency verifies with the response alone that the second of two checkpoints continues the first.
func TestConsistency(t *testing.T) {
	f := newServer(t)
	const address = tenantA + "/checkpoint/consistency"
	f.asProblem(f.send("read", "GET", address+"?from=1", ""), 422)
	f.record(entry(), entry(), entry())
	kept := f.get("read", tenantA+"/checkpoint", 200)
	f.record(entry(), entry(), entry(), entry())

	check := func(query string) {
		t.Helper()
		var c oplog.Consistency
		f.noError(json.Unmarshal([]byte(f.get("auditor", address+query, 200)), &c))
		path := make(tlog.TreeProof, len(c.Path))
		for i := range path {
			path[i] = tlog.Hash(c.Path[i])
		}
		older, olderRoot := f.head(kept)
		newer, newerRoot := f.head(c.Checkpoint)
		if c.From != uint64(older) || c.To != uint64(newer) {
			t.Fatalf("%s: %+v", query, c)
		}
		if err := tlog.CheckTree(path, newer, newerRoot, older, olderRoot); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	check("?from=3")
	check("?from=3&to=7")
	check("?from=3&to=5")
	check("?from=3&to=3")
	if body := f.get("read", address+"?from=3&to=3", 200); !strings.Contains(body, `"path":[]`) {
		t.Error(body)
	}

	refused := func(query, field string) {
		t.Helper()
		p := f.asProblem(f.send("read", "GET", address+query, ""), 422)
		if len(p.Errors) != 1 || p.Errors[0].Location != field {
			t.Errorf("%s: %+v", query, p)
		}
	}
	refused("", "query.from")
	refused("?from=0", "query.from")
	refused("?from=-1", "query.from")
	refused("?from=x&to=3", "query.from")
	refused("?from=8", "query.from")
	refused("?from=5&to=4", "query.from")
	refused("?from=1&to=8", "query.to")
	refused("?from=1&size=8", "query.size")
	if trail := f.get("admin", tenantA+"/access", 200); !strings.Contains(trail, `"operation":"prove"`) {
		t.Errorf("the trail does not tell of it: %s", trail)
	}
}

// TestConsistencyOfAnAction: the proof that the console asks for when an entry is opened is part of that; other callers' are recorded.
func TestConsistencyOfAnAction(t *testing.T) {
	f := newServer(t)
	f.record(entry())
	const address = tenantA + "/checkpoint/consistency?from=1"
	f.send("auditor", "GET", address, "", actHeader, "a")
	if told := f.get("admin", tenantA+"/access?operation=prove", 200); strings.Contains(told, `"prove"`) {
		t.Errorf("a proof within an action is recorded: %s", told)
	}
	f.get("auditor", address, 200)
	if told := f.get("admin", tenantA+"/access?operation=prove", 200); !strings.Contains(told, `"prove"`) {
		t.Errorf("a proof by itself is not recorded: %s", told)
	}
}
