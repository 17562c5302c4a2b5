package signing

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Command signs by a command, such as that of a hardware module: it reads the text from its standard input and prints the Ed25519 signature
// in base64.
type Command struct {
	note.Verifier
	line string

	mu       sync.Mutex // held while the command runs: one at a time
	made     map[string][]byte
	failure  error
	failedAt time.Time
}

const (
	commandTimeout = 10 * time.Second
	commandPause   = 5 * time.Second // after a failure, during which the command is not run again
	maxMade        = 1000            // signatures that are kept; checkpoints of an unchanged log are requested often
	maxComplaint   = 200             // bytes of the command's error output in an error
)

// NewCommand returns the signer for a verifier key. It does not run the command.
func NewCommand(line, verifierKey string) (*Command, error) {
	v, err := note.NewVerifier(verifierKey)
	if err != nil {
		return nil, fmt.Errorf("%q is not a verifier key: %w", verifierKey, err)
	}
	return &Command{Verifier: v, line: line, made: make(map[string][]byte)}, nil
}

// Line returns the command.
func (c *Command) Line() string { return c.line }

// VerifierKey returns the verifier key of a log's name and an Ed25519 public key in base64.
func VerifierKey(name, publicKey string) (string, error) {
	public, err := base64.StdEncoding.DecodeString(publicKey)
	if err != nil || len(public) != ed25519.PublicKeySize {
		return "", fmt.Errorf("%q is not an Ed25519 public key: expected its %d bytes in base64", publicKey, ed25519.PublicKeySize)
	}
	return note.NewEd25519VerifierKey(name, public)
}

// Sign makes and verifies a signature. After a failure it fails for a while without running the command.
func (c *Command) Sign(text []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if signature, known := c.made[string(text)]; known {
		return signature, nil
	}
	if c.failure != nil && time.Since(c.failedAt) < commandPause {
		return nil, c.failure
	}
	signature, err := c.run(text)
	if c.failure = err; err != nil {
		c.failedAt = time.Now()
		return nil, err
	}
	if len(c.made) >= maxMade {
		clear(c.made)
	}
	c.made[string(text)] = signature
	return signature, nil
}

func (c *Command) run(text []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	command := exec.CommandContext(ctx, shell[0], shell[1], c.line) //nolint:gosec // the operator's command
	command.WaitDelay = time.Second                                 // its children may keep the output open
	var out, complaint bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(text), &out, &complaint
	err := command.Run()
	said := strings.Join(strings.Fields(complaint.String()), " ")
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("the signing command did not answer within %s", commandTimeout)
	case err != nil && said != "":
		return nil, fmt.Errorf("the signing command failed: %w: %s", err, said[:min(len(said), maxComplaint)])
	case err != nil:
		return nil, fmt.Errorf("the signing command failed: %w", err)
	}
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(out.String()))
	if err != nil || len(signature) != ed25519.SignatureSize {
		return nil, errors.New("the signing command printed no Ed25519 signature in base64")
	}
	if !c.Verify(text, signature) {
		return nil, errors.New("the signing command signs with another key than the log's")
	}
	return signature, nil
}
