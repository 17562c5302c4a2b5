package signing_test

import (
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"oplog/signing"
	"oplog/signing/signingtest"
)

func TestCommand(t *testing.T) {
	s := signingtest.New(t)
	key, err := signing.VerifierKey("log.example", s.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := signing.NewCommand(s.Line, key)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(text string) error {
		signed, err := note.Sign(&note.Note{Text: text}, c)
		if err != nil {
			return err
		}
		_, err = note.Open(signed, note.VerifierList(c))
		return err
	}
	for range 3 {
		if err := sign("checkpoint\n"); err != nil {
			t.Error(err)
		}
	}
	if s.Runs() != 1 {
		t.Errorf("the same text is signed by %d runs", s.Runs())
	}
	s.Answer("")
	for range 3 {
		if err := sign("next\n"); err == nil || !strings.Contains(err.Error(), "no card in the reader") {
			t.Error(err)
		}
	}
	if s.Runs() != 2 {
		t.Errorf("a failing command is run %d times at once", s.Runs()-1)
	}
	if err := sign("checkpoint\n"); err != nil {
		t.Errorf("what was signed before cannot be had: %v", err)
	}
}

func TestCommandAnswers(t *testing.T) {
	s, other := signingtest.New(t), signingtest.New(t)
	key, err := signing.VerifierKey("log.example", s.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	f := func(line, answer, want string) {
		t.Helper()
		if answer != "" {
			s.Answer(answer)
		}
		c, err := signing.NewCommand(line, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Sign([]byte("x\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", line, err, want)
		}
	}
	f(other.Line, "", "signs with another key")
	f(s.Line, "yes", "printed no Ed25519 signature")
	f(s.Line, "AAAA", "printed no Ed25519 signature")
	f("exit 3", "", "the signing command failed: exit status 3")
	for _, wrong := range []string{"", "AAAA", s.PublicKey[:20]} {
		if _, err := signing.VerifierKey("log.example", wrong); err == nil {
			t.Errorf("%q is taken as a public key", wrong)
		}
	}
}
