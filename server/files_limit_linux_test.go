package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

const limitEnv = "OPLOG_TEST_FILES_LIMIT"

// TestLimited is not a test: it is the server of the test below, in a process that may open few files.
func TestLimited(t *testing.T) {
	if os.Getenv(limitEnv) == "" {
		t.Skip("started by another test")
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 128, Max: 128}); err != nil {
		t.Fatal(err)
	}
	fmt.Println("serving " + newServer(t).listen())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it
}

// TestMoreConnectionsThanFiles: bare connections neither end the server nor use up its files; other clients are served beside them.
func TestMoreConnectionsThanFiles(t *testing.T) {
	server := exec.Command(os.Args[0], "-test.run=^TestLimited$")
	server.Env = append(os.Environ(), limitEnv+"=1")
	server.Stderr = os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill() }) // already ended on success
	lines, url := bufio.NewScanner(out), ""
	for url == "" && lines.Scan() {
		url, _ = strings.CutPrefix(lines.Text(), "serving ")
		if !strings.HasPrefix(url, "http") {
			url = ""
		}
	}
	var bare []net.Conn
	for range 300 {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		bare = append(bare, c)
	}
	other := http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext}}
	answer, err := other.Get(url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("another client is answered %d", answer.StatusCode)
	}
	other.CloseIdleConnections()
	for _, c := range bare {
		_ = c.Close()
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // before Wait closes the pipe
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
