package crashtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// edit is a change of the program's source: a text that is there once, and what replaces it.
type edit struct{ file, from, to string }

var (
	noChecksum = edit{"cluster/log_record.go", "if binary.BigEndian.Uint32(value[9:]) != sumOf(&read) {", "if false {"}
	noChain    = edit{"storage/replication.go", "case before != at.Chain:", "case before != at.Chain && false:"}
)

// buildWith builds the program with edits, and returns what runs it; nil without edits.
func buildWith(t *testing.T, edits ...edit) (under []string) {
	t.Helper()
	if len(edits) == 0 {
		return nil
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir, replace := t.TempDir(), make(map[string]string)
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for i, e := range edits {
		source := filepath.Join(root, filepath.FromSlash(e.file))
		text, err := os.ReadFile(source)
		if err != nil || bytes.Count(text, []byte(e.from)) != 1 {
			t.Fatalf("%s does not have this once: %s; %v", e.file, e.from, err)
		}
		replace[source] = write(fmt.Sprint(i, ".go"), bytes.Replace(text, []byte(e.from), []byte(e.to), 1))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	return build(t, "-overlay", write("overlay.json", overlay))
}

// TestNodesSendFlipped flips what the log of the leader has for a node that was down. The checksum of the record shows it, and, where nobody looks at
// that, the chain of the messages: the node gets a copy of the store. The last case is the control of these tests: with neither, nodes have
// different entries, and the check that ends each test finds that.
func TestNodesSendFlipped(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	for _, one := range []struct {
		name    string
		without []edit
		says    string // the leader, or the node that was down
		differ  bool
	}{
		{name: "as it is", says: "a record of the replicated log is damaged; a node that needs it is sent a copy of the store"},
		{name: "without checksums", without: []edit{noChecksum}, says: "this copy of the log is not the one that the others have"},
		{name: "without checksums and chain", without: []edit{noChecksum, noChain}, differ: true},
	} {
		t.Run(one.name, func(t *testing.T) {
			under := buildWith(t, one.without...)
			var members []*member
			for range 3 {
				members = append(members, &member{t: t, data: filepath.Join(t.TempDir(), "data"), address: freeAddress(t), under: under})
			}
			c := newNodesOf(t, members)
			said := c.sendFlipped(t)
			c.stopEqual()
			err := c.compare()
			switch {
			case one.differ && (err == nil || !strings.Contains(err.Error(), "the trees differ")):
				t.Errorf("a wrong entry was replicated, and the check does not find it: %v", err)
			case one.differ:
				t.Logf("the check finds it, as it must: %v", err)
			case err != nil:
				t.Error(err)
			case !strings.Contains(said, one.says):
				t.Errorf("nobody says that %s: %s", one.says, last(said))
			}
		})
	}
}

// sendFlipped makes a node that was down get records that were flipped in the log of the leader, and returns what both have said.
func (c *nodes) sendFlipped(t *testing.T) (said string) {
	t.Helper()
	w := c.load()
	w.record(batchOf("first", 1, 10, "双11返场 Encore"))
	down := c.other(c.leader())
	down.end(syscall.SIGKILL)
	w.record(batchOf("second", 1, 10, "双11返场 Encore Reprise"))
	w.record(batchOf("third", 1, 10, "双11返场 Encore"))
	leader := c.leader()
	third := c.other(leader)
	leader.end(syscall.SIGTERM) // so its records are in raft.db; the third has no quorum without it
	third.end(syscall.SIGKILL)
	if flipText(t, filepath.Join(leader.data, "cluster", "raft.db"), "Reprise", everyPlace) == 0 {
		t.Fatal("the log of the leader does not have the entries")
	}
	leader.start() // as its log is longer, it leads
	from := leader.running()
	down.start()
	to := down.running()
	c.await("the node that was down has something new, or does not take it", func(s clusterStatus) bool {
		said := from.stderr.String() + to.stderr.String()
		return strings.Contains(said, "is sent a copy of the store") || strings.Contains(said, "this node has stopped taking part") || c.has(down, "third.1.9.10")
	})
	third.start()
	w.record(batchOf("fourth", 1, 10, "双11返场 Encore"))
	c.settle()
	w.http.CloseIdleConnections()
	return from.stderr.String() + to.stderr.String()
}

// has reports whether a node has an entry.
func (c *nodes) has(m *member, id string) bool {
	w := newLoad(c.ledger, m.url, 0)
	defer w.http.CloseIdleConnections()
	status, _ := w.call(context.Background(), "read", c.readKey, http.MethodGet, "tenants/acme/entries/"+id, nil)
	return status == http.StatusOK
}
