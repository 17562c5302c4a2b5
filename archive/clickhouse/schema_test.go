package clickhouse

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the statements of testdata")

// TestSchema: the statements are those that administrators have run. Columns may be added, and no others changed: tables that exist stay as they are.
func TestSchema(t *testing.T) {
	for name, c := range map[string]struct{ replicated, modern bool }{
		"plain": {false, true}, "replicated": {true, true}, "old": {false, false}, "old-replicated": {true, false},
	} {
		path := filepath.Join("testdata", "schema-"+name+".sql")
		got := Schema("acme", c.replicated, c.modern) + "\n"
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is\n%s\nnot that of %s", name, got, path)
		}
	}
}
