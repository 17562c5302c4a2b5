package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// container is what the container file makes of an archive: a root with nothing else in it.
type container struct {
	root                    string
	env, command, isHealthy []string
}

// newContainer carries out the container file.
func newContainer(t *testing.T, dir string) container {
	t.Helper()
	c := container{root: t.TempDir()}
	text, err := os.ReadFile(filepath.Join(dir, "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`"([^"]+)"`)
	words := func(json string) (all []string) {
		for _, word := range list.FindAllStringSubmatch(json, -1) {
			all = append(all, word[1])
		}
		return all
	}
	for line := range strings.Lines(string(text)) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		fields := strings.Fields(rest)
		switch instruction {
		case "ADD":
			packed, err := os.Open(filepath.Join(dir, fields[0]))
			if err != nil {
				t.Fatal(err)
			}
			unpack(t, packed, filepath.Join(c.root, fields[1]))
			_ = packed.Close()
		case "COPY":
			data, err := os.ReadFile(filepath.Join(dir, fields[0]))
			if err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(c.root, fields[1])
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, data, 0o755); err != nil {
				t.Fatal(err)
			}
		case "ENV":
			c.env = append(c.env, fields...)
		case "HEALTHCHECK":
			c.isHealthy = words(rest)
		case "ENTRYPOINT", "CMD":
			c.command = append(c.command, words(rest)...)
		case "USER":
			if rest != fmt.Sprintf("%[1]d:%[1]d", containerUser) {
				t.Errorf("the container's user is %s", rest)
			}
		}
	}
	return c
}

// start returns a command in the container.
func (c container) start(words []string, env ...string) *exec.Cmd {
	command := exec.Command(words[0], words[1:]...)
	command.Path, command.Err, command.Dir = words[0], nil, "/"
	command.Env = append(slices.Clone(c.env), env...)
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: c.root, Credential: &syscall.Credential{Uid: containerUser, Gid: containerUser}}
	return command
}

// TestContainer: with nothing but what the container file says, the program serves, its health check tells so, and it stops on SIGTERM.
func TestContainer(t *testing.T) {
	r := mustBuild(t)
	if os.Geteuid() != 0 {
		t.Skip("a root of its own requires root")
	}
	c := newContainer(t, unpackArchive(t, r))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := "OPLOG_LISTEN=" + free.Addr().String()
	_ = free.Close()
	if out, err := c.start(c.isHealthy, listen).CombinedOutput(); err == nil || !strings.Contains(string(out), "does not respond") {
		t.Errorf("without a server the health check says %q, %v", out, err)
	}
	server := c.start(c.command, listen)
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	server.Stderr = &stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	if !strings.HasPrefix(line, "listening on http://127.0.0.1:") {
		t.Errorf("it prints %q", line)
	}
	if out, err := c.start(c.isHealthy, listen).CombinedOutput(); err != nil || string(out) != "ok\n" {
		t.Errorf("the health check says %q, %v", out, err)
	}
	checkServed(t, "http://"+free.Addr().String(), r.source)
	_ = server.Process.Signal(syscall.SIGTERM)
	if err := server.Wait(); err != nil {
		t.Errorf("it ends with %v: %s", err, &stderr)
	}
	// Without --insecure or a certificate it does not listen for other machines.
	out, err := c.start(c.command).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--insecure") {
		t.Errorf("without HTTPS it says %q, %v", out, err)
	}
}
