package cli

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
)

// checkSetup checks that the first owner is created at a node that does not lead, with the code that it has printed.
func (c *trio) checkSetup() {
	c.Helper()
	s := c.servers[(c.leader()+1)%len(c.servers)]
	code := regexp.MustCompile(`#setup=(\w+)`).FindStringSubmatch(s.stderr.String())
	if code == nil {
		c.Fatalf("a node prints no setup code: %s", s.stderr)
	}
	for _, one := range []struct {
		code   string
		status int
	}{{"A" + code[1], http.StatusForbidden}, {code[1], http.StatusCreated}} {
		body := fmt.Sprintf(`{"code":%q,"username":"ann","password":"correct horse","tenant":{"id":"first","name":"First"}}`, one.code)
		answer, err := http.Post(s.url+"/api/v1/setup", "application/json", strings.NewReader(body)) //nolint:noctx // of a test
		if err != nil {
			c.Fatal(err)
		}
		if _ = answer.Body.Close(); answer.StatusCode != one.status {
			c.Errorf("setup with the code %s: %s", one.code, answer.Status)
		}
	}
}

// exportOf makes an export on a node, which leads, and returns what reads it on another.
func (c *trio) exportOf(node int) (read func(at int) string) {
	c.Helper()
	signedIn, status := signIn(c.T, c.servers[node].url, "ann", "correct horse")
	if status != http.StatusOK {
		c.Fatalf("signing in: %d", status)
	}
	path := exportedOf(c.T, signedIn, "first", `{"range":"last_90_days","format":"csv"}`)
	return func(at int) string {
		signedIn.url = c.servers[at].url
		return signedIn.text(c.T, path)
	}
}

// checkFollower checks that beside a node that does not lead, commands read the log, and are told where to change it.
func (c *trio) checkFollower() {
	c.Helper()
	leads := c.leader()
	dir := c.dirs[(leads+1)%len(c.dirs)]
	file := filepath.Join(c.TempDir(), "entries.ndjson")
	write(c.T, file, "")
	before := c.mustRun(c.T, "account", "list", "--data", dir) + c.mustRun(c.T, "tenant", "list", "--data", dir)
	for _, args := range [][]string{
		{"tenant", "add", "no", "--name", "No"}, {"tenant", "set", "acme", "--name", "No"}, {"tenant", "hold", "add", "acme", "--reason", "r"},
		{"account", "add", "no", "--role", "owner", "--password-stdin"}, {"key", "add", "--tenant", "acme", "--scope", "read", "--name", "no"},
		{"catalog", "add", "no", "send", "--tenant", "acme", "--title", "No", "--title-zh", "No"}, {"import", "--tenant", "acme", file}, {"key", "rotate"}, {"archive", "ship"},
	} {
		r := c.run(c.T, append(args, "--data", dir)...)
		if r.status != exitFailed || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, " at "+c.addresses[leads]+" leads the cluster; run this command on its machine") {
			c.Errorf("%q beside a node that does not lead: status %d, %s", args, r.status, r.stderr)
		}
	}
	if after := c.mustRun(c.T, "account", "list", "--data", dir) + c.mustRun(c.T, "tenant", "list", "--data", dir); after != before {
		c.Errorf("a refused command has changed the log: %s, before %s", after, before)
	}
	for _, args := range [][]string{
		{"key", "list"}, {"key", "verifier"}, {"catalog", "list", "--tenant", "acme"}, {"tenant", "hold", "list", "acme"}, {"verify"}, {"reindex"}, {"archive", "status"}, {"archive", "schema", "--tenant", "acme"},
		{"export", "--tenant", "acme", "--last", "7d"}, {"backup", filepath.Join(c.TempDir(), "backup")},
	} {
		c.mustRun(c.T, append(args, "--data", dir)...)
	}
	c.mustPrint(c.T, "all of the 3 nodes of the log; the one at "+c.addresses[leads]+" leads", "doctor", "--data", dir)
}
