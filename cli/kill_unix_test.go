//go:build unix

package cli

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oplog/node"
	"oplog/oplog"
)

const killedEnv = "OPLOG_TEST_KILLED"

// TestKilled is the server that TestKilledWhileChanging kills.
func TestKilled(t *testing.T) {
	data := os.Getenv(killedEnv)
	if data == "" {
		t.Skip("started by another test")
	}
	m, _, _ := setting{}.main()
	m.Stdout, m.Stderr = os.Stdout, os.Stderr
	m.Run(context.Background(), []string{"serve", "--data", data, "--listen", "127.0.0.1:0"})
}

// TestKilledWhileChanging kills the server while accounts and keys change: each change that is there has one entry in the trail, and each entry
// its change.
func TestKilledWhileChanging(t *testing.T) {
	data, s := newAcme(t)
	s.stdin = "correct horse"
	s.mustRun(t, "account", "add", "ann", "--role", "admin", "--tenant", "acme", "--password-stdin")
	s.mustRun(t, "account", "add", "bob", "--role", "auditor", "--tenant", "acme", "--password-stdin")
	var changes atomic.Int64
	for cycle := range 5 {
		killWhileChanging(t, data, cycle, &changes)
		m, _, _ := s.main()
		if err := m.withLog(data, func(l *node.Node) error { return checkChanges(t, l) }); err != nil {
			t.Fatal(err)
		}
	}
	if changes.Load() < 20 {
		t.Errorf("only %d changes were acknowledged", changes.Load())
	}
}

// killWhileChanging starts a server, changes keys and an account in it, and kills it at some moment.
func killWhileChanging(t *testing.T, data string, cycle int, changes *atomic.Int64) {
	t.Helper()
	server := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	server.Env = append(os.Environ(), killedEnv+"="+data)
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		url, _ = strings.CutPrefix(lines.Text(), "listening on ")
		if !strings.HasPrefix(url, "http") {
			url = ""
		}
	}
	client, status := signIn(t, url, "ann", "correct horse")
	if status != http.StatusOK {
		t.Fatalf("signing in: %d", status)
	}
	var all sync.WaitGroup
	var made atomic.Int64
	send := func(method, path, body string) bool {
		r, err := http.NewRequest(method, url+path, strings.NewReader(body))
		if err != nil {
			return false
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(r)
		if err != nil {
			return false // it was killed
		}
		_ = answer.Body.Close()
		changes.Add(1)
		made.Add(1)
		return answer.StatusCode < http.StatusBadRequest
	}
	for writer := range 3 {
		all.Go(func() {
			for i := 0; send("POST", "/api/v1/tenants/acme/keys", fmt.Sprintf(`{"scope":"read","name":"k%d-%d-%d"}`, cycle, writer, i)); i++ {
			}
		})
	}
	all.Go(func() {
		for i := 0; send("PATCH", "/api/v1/accounts/bob", fmt.Sprintf(`{"name":"bob %d-%d"}`, cycle, i)); i++ {
		}
	})
	for made.Load() < int64(10+cycle) { // in the middle of the next ones
		time.Sleep(time.Millisecond)
	}
	_ = server.Process.Kill()
	all.Wait()
	_ = server.Wait()
}

// checkChanges compares keys and accounts with the trail.
func checkChanges(t *testing.T, l *node.Node) error {
	t.Helper()
	told, last := map[string]int{}, oplog.Entry{} // each server's clock starts again, so the last is that with the highest seq
	for cursor := ""; ; {
		page, err := l.Trail.Page(t.Context(), "acme", oplog.Query{}, oplog.MaxPageSize, cursor)
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			told[e.Module+" "+e.Operation+" "+e.Content.ID]++
			if e.Module == "account" && e.Operation == "change" && e.Seq > last.Seq {
				last = e
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	keys, err := l.Identity.Keys("acme")
	if err != nil {
		return err
	}
	for _, k := range keys {
		if n := told["key create "+k.ID]; n != 1 {
			t.Errorf("key %s, %s, has %d entries in the trail", k.ID, k.Name, n)
		}
		delete(told, "key create "+k.ID)
	}
	for event, n := range told {
		if strings.HasPrefix(event, "key create ") {
			t.Errorf("the trail tells %d times of %s, which is not there", n, event)
		}
	}
	bob, err := l.Identity.Account("bob")
	if err == nil && last.Content.Name != bob.Name {
		t.Errorf("bob is named %q, the last change in the trail is to %q", bob.Name, last.Content.Name)
	}
	return err
}
