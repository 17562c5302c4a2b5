package cli

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestJournal: on the stream that systemd names, each entry and the last error begin with their priority, and text has no time; elsewhere they do not.
func TestJournal(t *testing.T) {
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	var at syscall.Stat_t
	if err := syscall.Fstat(int(stderr.Fd()), &at); err != nil {
		t.Fatal(err)
	}
	f := func(stream, want string, flags loggingFlags) {
		t.Helper()
		if err := stderr.Truncate(0); err != nil {
			t.Fatal(err)
		}
		if _, err := stderr.Seek(0, 0); err != nil {
			t.Fatal(err)
		}
		m, _, _ := setting{env: map[string]string{"JOURNAL_STREAM": stream}}.main()
		m.Stderr = stderr
		end, err := m.beginLog(flags)
		if err != nil {
			t.Fatal(err)
		}
		for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			m.logger().With("a", 1).WithGroup("g").Log(t.Context(), level, "x", "b", 2)
		}
		m.fail(exitFailed, fmt.Errorf("the end"))
		if err := end(nil); err != nil {
			t.Error(err)
		}
		got := content(t, stderr.Name())
		if !strings.HasPrefix(want, "<") {
			if strings.Contains(got, "<") || !strings.Contains(got, want) {
				t.Errorf("%s: %s", stream, got)
			}
			return
		}
		if got != want {
			t.Errorf("%s:\n%swant\n%s", stream, got, want)
		}
	}
	own := fmt.Sprintf("%d:%d", at.Dev, at.Ino)
	f(own, `<7>level=DEBUG msg=x a=1 g.b=2
<6>level=INFO msg=x a=1 g.b=2
<4>level=WARN msg=x a=1 g.b=2
<3>level=ERROR msg=x a=1 g.b=2
<3>oplog: the end
`, loggingFlags{Format: "text", Level: "debug"})
	f("1:1", "level=WARN msg=x a=1 g.b=2\n", loggingFlags{Format: "text", Level: "warn"})
	f("", "oplog: the end\n", loggingFlags{Format: "text", Level: "error"})
	f("1:1", `"level":"WARN","msg":"x","a":1,"g":{"b":2}}`, loggingFlags{Format: "json", Level: "warn"})
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the file is closed
}
