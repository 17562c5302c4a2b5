package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"oplog/identity/ldap/ldaptest"
)

func TestRun(t *testing.T) {
	in, lines := io.Pipe()
	said, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ldaptest.Options{}, in, out)
		_ = out.CloseWithError(err) // the reader sees it
		ended <- err
	}()
	answers := bufio.NewScanner(said)
	if !answers.Scan() {
		if err := <-ended; errors.Is(err, ldaptest.ErrMissing) {
			t.Skip(err)
		}
		t.Fatal(answers.Err())
	}
	var ready map[string]string
	if err := json.Unmarshal(answers.Bytes(), &ready); err != nil || !strings.HasPrefix(ready["url"], "ldap://127.0.0.1:") {
		t.Fatalf("it says %s, %v", answers.Text(), err)
	}
	for _, line := range []struct{ says, answer string }{
		{"person eve pass-eve Eve X", "ok"},
		{"person eve pass-eve", "error"},
		{"group log-admins", "ok"},
		{"join log-admins eve", "ok"},
		{"leave log-admins eve", "ok"},
		{"disable eve", "ok"},
		{"enable eve", "ok"},
		{"password eve other", "ok"},
		{"set eve description two words", "ok"},
		{"rename eve eva", "ok"},
		{"hang", "ok"},
		{"unhang", "ok"},
		{"stop", "ok"},
		{"start", "ok"},
		{"delete eva", "ok"},
		{"delete eva", "error"},
		{"dance", "error"},
	} {
		if _, err := io.WriteString(lines, line.says+"\n"); err != nil {
			t.Fatal(err)
		}
		if !answers.Scan() || !strings.HasPrefix(answers.Text(), line.answer) {
			t.Errorf("%s: %s, want %s", line.says, answers.Text(), line.answer)
		}
	}
	if err := errors.Join(lines.Close(), <-ended); err != nil {
		t.Error(err)
	}
}
