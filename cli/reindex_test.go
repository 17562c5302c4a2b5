package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReindex(t *testing.T) {
	data := t.TempDir()
	p := serve(t, "demo", "--entries", "40000", "--data", data)
	c, _ := signIn(t, p.url, "admin", demoPassword)
	before := allOf(t, c)
	p.stop()

	segments, err := filepath.Glob(filepath.Join(data, "index", "*", "*.zap"))
	if err != nil || len(segments) == 0 {
		t.Fatalf("no segment: %v", err)
	}
	for _, s := range segments {
		if err := os.Truncate(s, 100); err != nil {
			t.Fatal(err)
		}
	}
	setting{}.mustRun(t, "reindex", "--data", data)
	if r := (setting{}).run(t, "reindex", "--tenant", "gone", "--data", data); r.status != exitFailed || !strings.Contains(r.stderr, "There is no tenant gone") {
		t.Errorf("a tenant that is not there: %+v", r)
	}
	p = serve(t, "demo", "--data", data)
	c, _ = signIn(t, p.url, "admin", demoPassword)
	if after := allOf(t, c); !slices.Equal(after, before) {
		t.Errorf("%d entries before, %d after, or others", len(before), len(after))
	}
}
