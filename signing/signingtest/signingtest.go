// Package signingtest has a signing command for tests: the test's own executable.
package signingtest

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"oplog/durable"
)

const variable = "OPLOG_TEST_SIGN"

// Signer is a signing command.
type Signer struct {
	t         testing.TB
	dir       string
	Line      string // the command
	PublicKey string // in base64
}

const (
	seedName   = "seed"
	answerName = "answer" // has the command print its content, or fail if it is empty
	runsName   = "runs"   // grows by a byte with each run
)

// New returns a signing command with a new key.
func New(t testing.TB) *Signer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &Signer{t: t, dir: t.TempDir(), PublicKey: base64.StdEncoding.EncodeToString(public)}
	s.Line = fmt.Sprintf("%s='%s' '%s'", variable, s.dir, os.Args[0])
	s.write(seedName, string(private.Seed()))
	return s
}

func (s *Signer) write(name, text string) {
	s.t.Helper()
	if err := durable.WriteSecret(filepath.Join(s.dir, name), text); err != nil {
		s.t.Fatal(err)
	}
}

// Answer has the command print a text instead of its signature, or fail with "no card in the reader" if the text is empty.
func (s *Signer) Answer(text string) { s.write(answerName, text) }

// Work has the command sign again.
func (s *Signer) Work() {
	s.t.Helper()
	if err := os.Remove(filepath.Join(s.dir, answerName)); err != nil {
		s.t.Fatal(err)
	}
}

// Runs returns how often the command was run.
func (s *Signer) Runs() int {
	data, _ := os.ReadFile(filepath.Join(s.dir, runsName)) // missing before the first
	return len(data)
}

func init() {
	if dir := os.Getenv(variable); dir != "" {
		os.Exit(sign(dir))
	}
}

// sign is the command.
func sign(dir string) (status int) {
	runs, _ := os.ReadFile(filepath.Join(dir, runsName))
	if err := durable.WriteSecret(filepath.Join(dir, runsName), string(runs)+"."); err != nil {
		return 1
	}
	if answer, err := os.ReadFile(filepath.Join(dir, answerName)); err == nil {
		if len(answer) == 0 {
			fmt.Fprintln(os.Stderr, "no card in the reader")
			return 1
		}
		fmt.Println(string(answer))
		return 0
	}
	seed, err := os.ReadFile(filepath.Join(dir, seedName))
	if err != nil {
		return 1
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return 1
	}
	fmt.Println(base64.StdEncoding.EncodeToString(ed25519.Sign(ed25519.NewKeyFromSeed(seed), text)))
	return 0
}
