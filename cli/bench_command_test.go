package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestBench: the figures of this machine stand beside those of the README, and nothing is left.
func TestBench(t *testing.T) {
	dir := t.TempDir()
	out := setting{}.mustRun(t, "bench", "--entries", "2000", "--dir", dir)
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for what, figure := range reference {
		row := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(what) + ` +(\S+ ?\S*) +` + regexp.QuoteMeta(figure) + `\s*$`).FindStringSubmatch(out)
		if row == nil || strings.HasPrefix(row[1], "0") && !strings.Contains(row[1], "ms") {
			t.Errorf("no figure for %s:\n%s", what, out)
		}
		if !strings.Contains(string(readme), figure) {
			t.Errorf("README.md does not have %s of %s", figure, what)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	for _, args := range [][]string{{"--entries", "10"}, {"--dir", dir + "/none"}} {
		if r := (setting{}).run(t, append([]string{"bench"}, args...)...); r.status == exitDone {
			t.Errorf("%v succeeds", args)
		}
	}
}
