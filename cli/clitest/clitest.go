// Package clitest builds the program, for tests that run it as it is run elsewhere.
package clitest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// builtIn is the directory of the program that the tests built; "" for none.
var builtIn string

// Main runs the tests of a package that uses Program, and exits.
func Main(m *testing.M) {
	status := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
	os.Exit(status)
}

var program = sync.OnceValues(func() (string, error) {
	if named := os.Getenv("OPLOG"); named != "" {
		return filepath.Abs(named)
	}
	dir, err := os.MkdirTemp("", "oplog-test")
	if err != nil {
		return "", err
	}
	builtIn = dir
	path := filepath.Join(dir, "oplog")
	build := exec.Command("go", "build", "-trimpath", "-o", path, "oplog") //nolint:gosec // our own path
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, out)
	}
	return path, nil
})

// Program returns the path of the program: that of OPLOG in the environment, or one that is built from these sources. A package that uses it imports
// cli, so that changes of the program run its tests again, and has Main as its TestMain.
func Program(t testing.TB) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Output is what a program has written, which can be read while it runs.
type Output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds a piece.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
