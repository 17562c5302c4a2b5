//go:build unix

package durable

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestWriteFileIntoFIFOsAndDevices(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skipf("no FIFOs here: %v", err)
	}
	read := make(chan string, 1)
	go func() {
		f, err := os.Open(fifo)
		if err != nil {
			read <- err.Error()
			return
		}
		data, _ := io.ReadAll(f)
		_ = f.Close()
		read <- string(data)
	}()
	if err := WriteFile(fifo, 0o600, text("through")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "through" {
		t.Errorf("the reader got %q", got)
	}
	if info, err := os.Lstat(fifo); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the FIFO became %v, %v", info.Mode(), err)
	}
	r, w, err := os.Pipe() // as a shell's >(…) and /dev/stdout before a pipe; it has no name, though its link reads as one
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(fmt.Sprintf("/dev/fd/%d", w.Fd()), 0o600, text("piped")); err != nil {
		t.Error(err)
	}
	_ = w.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "piped" {
		t.Errorf("the pipe gave %q, %v", got, err)
	}
	_ = r.Close()
	link := filepath.Join(t.TempDir(), "link") // running as root, a bug would replace the link, not the device
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, 0o600, text("gone")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&os.ModeDevice == 0 || IsRegular(link) {
		t.Fatalf("%s is %v, %v", os.DevNull, info.Mode(), err)
	}
}
