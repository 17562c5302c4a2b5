package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"oplog/control"
)

const commandEnv = "OPLOG_TEST_COMMAND"

// TestCommand runs the command that another test starts it for.
func TestCommand(t *testing.T) {
	text := os.Getenv(commandEnv)
	if text == "" {
		t.Skip("started by another test")
	}
	var args []string
	if err := json.Unmarshal([]byte(text), &args); err != nil {
		t.Fatal(err)
	}
	m, _, _ := setting{}.main()
	m.Stdin, m.Stdout, m.Stderr = os.Stdin, os.Stdout, os.Stderr
	os.Exit(m.Run(context.Background(), args))
}

// process returns a process that runs a command.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("/proc/self/exe", "-test.run=^TestCommand$")
	c.Env = append(os.Environ(), commandEnv+"="+string(text))
	return c
}

// started starts a server in a process of its own.
func started(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	server := process(t, append(args, "--listen", "127.0.0.1:0")...)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "listening on ") {
			return server
		}
	}
	t.Fatal("the server ended")
	return nil
}

// TestSocket: the socket is only for its owner; a killed server leaves one that answers nobody, and the next server replaces it.
func TestSocket(t *testing.T) {
	data, s := newAcme(t)
	socket := filepath.Join(data, "oplog.sock")
	server := started(t, "serve", "--data", data)
	if info, err := os.Stat(socket); err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	out, err := process(t, "tenant", "list", "--data", data).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "acme") {
		t.Errorf("%v, %s", err, out)
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()
	if _, err := os.Lstat(socket); err != nil {
		t.Errorf("nothing is left of the killed server: %v", err)
	}
	s.mustPrint(t, `(?m)^acme `, "tenant", "list") // without a server
	p := serve(t, "serve", "--data", data)
	s.mustPrint(t, `(?m)^acme `, "tenant", "list")
	p.stop()
	found, err := filepath.Glob(filepath.Join(data, "*sock*"))
	if hidden, _ := filepath.Glob(filepath.Join(data, ".*sock*")); err != nil || len(found)+len(hidden) > 0 {
		t.Errorf("%v and %v are left, %v", found, hidden, err)
	}
}

// TestSocketOfALongPath: where the path is too long for a socket, it is in a temporary directory, and oplog.sock links to it.
func TestSocketOfALongPath(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	data := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	s := setting{env: map[string]string{"OPLOG_DATA": data}}
	s.mustRun(t, "tenant", "add", "acme", "--name", "Acme")
	server := started(t, "serve", "--data", data)
	out, err := process(t, "tenant", "list", "--data", data).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "acme") {
		t.Errorf("%v, %s", err, out)
	}
	_ = server.Process.Kill()
	_ = server.Wait()
	p := serve(t, "serve", "--data", data)
	if left, err := os.ReadDir(temporary); err != nil || len(left) != 1 {
		t.Errorf("%v, %v: one socket is to be there", left, err)
	}
	s.mustPrint(t, `(?m)^acme `, "tenant", "list")
	p.stop()
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// TestSocketOfAnotherUser: a process of another user can neither open the socket nor, should its mode be changed, have commands run.
func TestSocketOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root")
	}
	data, _ := newAcme(t)
	for _, dir := range []string{data, filepath.Dir(data)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	started(t, "serve", "--data", data)
	refused := func(want string) {
		t.Helper()
		const nobody = 65534
		c := process(t, "tenant", "list", "--data", data)
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		c.Dir = "/"
		out, err := c.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(string(out), want) || strings.Contains(string(out), "Acme") {
			t.Errorf("%v: %s; want %s", err, out, want)
		}
	}
	refused("oplog.sock is for another user: a server runs on this data directory")
	if err := os.Chmod(filepath.Join(data, "oplog.sock"), 0o666); err != nil {
		t.Fatal(err)
	}
	refused("the server ended before the command did")
}

// TestServerTakesOnlyWhatItIsLent: a server, which may have fewer rights than the process of a command, gets no other files of that process.
func TestServerTakesOnlyWhatItIsLent(t *testing.T) {
	dir := t.TempDir()
	secret, given, made := filepath.Join(dir, "secret"), filepath.Join(dir, "given"), filepath.Join(dir, "made")
	write(t, secret, "secret")
	write(t, given, "given")
	l, err := control.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan int)
	go func() {
		conn, err := control.Dial(context.Background(), dir)
		if err != nil {
			t.Error(err)
			close(ended)
			return
		}
		d := &control.Desk{Stdin: strings.NewReader(""), Stdout: new(output), Stderr: new(output), Reads: []string{given}, Writes: []string{made}}
		status, err := d.Run(context.Background(), conn)
		if err != nil {
			t.Error(err)
		}
		ended <- status
	}()
	conn, _, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	session, err := control.Begin(t.Context(), conn, "")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	takes(t, session, secret, given, made)
	session.End(7)
	if status := <-ended; status != 7 {
		t.Errorf("status %d", status)
	}
}

// takes tries to use files of a process, which has lent the second to be read and the third to be written.
func takes(t *testing.T, session *control.Session, secret, given, made string) {
	t.Helper()
	nothing := func(io.Writer) error { return nil }
	for doing, err := range map[string]error{
		"reading the secret":           func() error { _, err := session.Open(secret); return err }(),
		"its size":                     func() error { _, err := session.Stat(secret); return err }(),
		"replacing it":                 session.WriteFile(secret, nothing),
		"replacing what is to be read": session.WriteFile(given, nothing),
		"reading what is to be made":   func() error { _, err := session.Open(made); return err }(),
		"reading a folder":             func() error { _, err := session.ReadCheckpoints(filepath.Dir(secret)); return err }(),
	} {
		if err == nil || !strings.Contains(err.Error(), "does not name the file") {
			t.Errorf("%s: %v", doing, err)
		}
	}
	f, err := session.Open(given)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil || string(text) != "given" {
		t.Errorf("%q, %v", text, err)
	}
	failed := errors.New("no more rows")
	if err := session.WriteFile(made, func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return failed }); !errors.Is(err, failed) {
		t.Errorf("an incomplete file: %v", err)
	}
	if _, err := os.Stat(made); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an incomplete file is left: %v", err)
	}
	long := strings.Repeat("0123456789", 100_000)
	if err := session.WriteFile(made, func(w io.Writer) error { _, err := io.WriteString(w, long); return err }); err != nil || content(t, made) != long {
		t.Errorf("%v, %d bytes", err, len(content(t, made)))
	}
}
