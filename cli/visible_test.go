package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"oplog/signing"
)

func TestVisible(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := visible(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	f("a\u202eb\u2066c\u2069\u200e\u061c", `a\u202eb\u2066c\u2069\u200e\u061c`)
	f("a\u200bb\u200cc\u200dd\u2060\ufeff\u00ad\u2028\u2800\u3164", `a\u200bb\u200cc\u200dd\u2060\ufeff\u00ad\u2028\u2800\u3164`)
	f("\x1b[31m\r\n\t\x7f\u009b\x00", `\u001b[31m\u000d\u000a\u0009\u007f\u009b\u0000`)
	f("x\U000e0041\U000e007f\ufe01 \ufe0f\ufe0f", `x\U000e0041\U000e007f\ufe01 \ufe0f\ufe0f`)
	f("x\ufe01\ufe02", "x\ufe01"+`\ufe02`)
	for _, whole := range []string{
		"", "王晓敏 Zoë — “x”　\u00a0y", "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 👩🏽\u200d🚀", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "می\u200cخواهم",
		"क्\u200dष ന്\u200d", "שלום", "葛\U000e0100城", "\u0600١٢",
	} {
		f(whole, whole)
	}
	if got := visibleLines("a\nb\rc"); got != "a\nb"+`\u000dc` {
		t.Errorf("lines are shown as %q", got)
	}
}

// TestTerminalObeysNothing: recorded names and imported files are displayed in tables and messages, never interpreted.
func TestNoTerminalInjection(t *testing.T) {
	var out bytes.Buffer
	if err := table(&out, [][]string{{"NAME", "ROLE"}, {"Eve\x1b[2J\u202e", "a\nb"}}); err != nil {
		t.Fatal(err)
	}
	if want := "NAME"; !strings.HasPrefix(out.String(), want) || !strings.Contains(out.String(), `Eve\u001b[2J\u202e  a\u000ab`) {
		t.Errorf("%q", out.String())
	}
	if title := treeTitle("a\x1b[2J\u202e"); title != `tenant a\u001b[2J\u202e` {
		t.Errorf("%q", title)
	}
	if by := signedBy(&signing.Keys{}, "k\x1b[2J"); strings.Contains(by, "\x1b") {
		t.Errorf("%q", by)
	}
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "bad\u202e.ndjson")
	setting{}.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", data)
	write(t, file, `{"user":{"id":"u","name":"n"},"module":"x\u001b[2J\u202e","operation":"send"}`+"\n")
	r := setting{}.run(t, "import", "--tenant", "acme", file, "--data", data)
	if r.status != exitFailed || !strings.Contains(r.stderr, `bad\u202e.ndjson`) || strings.ContainsAny(r.stdout+r.stderr, "\x1b\u202e") {
		t.Errorf("%+v", r)
	}
}
