package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCatalog extends a catalog with and without a server, and lists it with a key, too.
func TestCatalog(t *testing.T) {
	data, s := newAcme(t)
	of := []string{"--tenant", "acme"}
	catalog := func(args ...string) []string { return slices.Concat([]string{"catalog"}, args, of) }
	s.mustRun(t, catalog("add-operation", "approve", "--effect", "change", "--title", "Approve", "--title-zh", "审批")...)
	s.mustFail(t, "exists", catalog("add-operation", "approve", "--effect", "change", "--title", "Approve")...)
	s.mustFail(t, "specify its --title", catalog("add", "orders", "approve")...)
	s.mustFail(t, "operations[0] is not among the operations", catalog("add", "orders", "fly", "--title", "Orders")...)
	s.mustFail(t, "oplog tenant list", "catalog", "list", "--tenant", "none")
	key := filepath.Join(t.TempDir(), "key")
	write(t, key, s.mustRun(t, "key", "add", "--tenant", "acme", "--scope", "metrics", "--name", "any"))

	p := serve(t, "serve", "--data", data)
	s.mustRun(t, catalog("add", "orders", "create", "approve", "--title", "Orders", "--title-zh", "订单")...)
	s.mustFail(t, "omit --title", catalog("add", "orders", "edit", "--title", "Orders")...)
	s.mustRun(t, catalog("add", "orders", "edit")...)
	s.mustRun(t, catalog("add", "sms", "approve")...)
	for _, args := range [][]string{catalog("list"), catalog("list", "--server", p.url, "--key-file", key)} {
		s.mustPrint(t, `(?m)^orders +Orders +订单 +create copy approve edit +added$`, args...)
		s.mustPrint(t, `(?m)^sms .*built in; added approve$`, args...)
		s.mustPrint(t, `(?m)^approve +Approve +审批 +change +added$`, args...)
	}
	file := filepath.Join(t.TempDir(), "catalog.json")
	listed := s.mustRun(t, catalog("list", "--json")...)
	write(t, file, `{"modules":[]}`)
	s.mustRun(t, catalog("import", file)...)
	if out := s.mustRun(t, catalog("list")...); strings.Contains(out, "approve") {
		t.Errorf("after an empty file: %s", out)
	}
	write(t, file, listed)
	s.mustRun(t, catalog("import", file)...)
	if again := s.mustRun(t, catalog("list", "--json")...); again != listed {
		t.Errorf("imported %s, want %s", again, listed)
	}
	write(t, file, `{"modules":[],"colour":1}`)
	s.mustFail(t, `unknown field "colour"`, catalog("import", file)...)
	s.mustFail(t, "is not for API keys", catalog("import", file, "--server", p.url, "--key-file", key)...)
	p.stop()
	if again := s.mustRun(t, catalog("list", "--json")...); again != listed {
		t.Errorf("without the server %s, want %s", again, listed)
	}
}
