//go:build unix

package proof_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"oplog/node/nodetest"
	"oplog/proof"
)

// TestAnchorsIntoAFIFO: a reader of a FIFO gets the checkpoint of the day, and
// what reads the folder first does not wait for a writer.
func TestAnchorsIntoAFIFO(t *testing.T) {
	l, dir := nodetest.New(t), t.TempDir()
	l.Record("acme", nodetest.Entry("one", 1))
	fifo := filepath.Join(dir, "acme", "2026-11-20.checkpoint")
	if err := os.Mkdir(filepath.Dir(fifo), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skipf("no FIFOs here: %v", err)
	}
	read := make(chan string, 1)
	go func() {
		text, err := os.ReadFile(fifo)
		if err != nil {
			text = []byte(err.Error())
		}
		read <- string(text)
	}()
	if err := proof.NewAnchors(l.Directory, l.Journal, l.Clock.Now, dir).Write(); err != nil {
		t.Fatal(err)
	}
	if want, err := l.Journal.Checkpoint("acme"); err != nil || <-read != want {
		t.Errorf("the reader did not get %s, %v", want, err)
	}
}
