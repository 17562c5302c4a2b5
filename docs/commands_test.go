package docs

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The address of the commands in the manual.
const documented = "127.0.0.1:8484"

// fence is a fenced block: its language, the word after it, and its text.
var fence = regexp.MustCompile("(?ms)^```(\\w+)(?: (\\S+))?\n(.*?)^```$")

// reader is somebody who follows a page literally, with a home directory and an address of their own.
type reader struct {
	t       *testing.T
	dir     string
	address string
	env     []string
	server  *exec.Cmd
	nodes   []*exec.Cmd       // which serve beside each other
	places  map[string]string // addresses by those in the manual
}

// newReader returns a reader who has the program in the path.
func newReader(t *testing.T, program string) *reader {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	r := &reader{t: t, dir: t.TempDir(), address: address, places: map[string]string{documented: address}}
	r.env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "OPLOG_LISTEN="+address,
		"PATH="+filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} { // they are below the home directory by default
		if value, err := exec.Command("go", "env", name).Output(); err == nil {
			r.env = append(r.env, name+"="+strings.TrimSpace(string(value)))
		}
	}
	t.Cleanup(r.stop)
	t.Cleanup(r.stopNodes)
	return r
}

// command returns a shell that runs a block.
func (r *reader) command(script string) *exec.Cmd {
	c := exec.CommandContext(r.t.Context(), "bash", r.arguments(script)...)
	c.Dir, c.Env = r.dir, r.env
	return c
}

func (r *reader) arguments(script string) []string {
	return []string{"-euo", "pipefail", "-c", loopback.ReplaceAllStringFunc(script, r.place)}
}

// loopback is an address in the manual.
var loopback = regexp.MustCompile(`127\.0\.0\.1:8[45]\d\d`)

// place returns the address that the reader has in place of one in the manual.
func (r *reader) place(address string) string {
	if r.places[address] == "" {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			r.t.Fatal(err)
		}
		r.places[address] = ln.Addr().String()
		_ = ln.Close()
	}
	return r.places[address]
}

// run runs a block to its end.
func (r *reader) run(script string) string {
	r.t.Helper()
	out, err := r.command(script).CombinedOutput()
	if err != nil {
		r.t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	return string(out)
}

// serve runs a block whose last command serves, in place of an earlier one, until the page ends.
func (r *reader) serve(script string) {
	r.t.Helper()
	r.stop()
	r.server = r.begin(script)
}

// begin runs a block whose last command serves, and returns once it listens.
func (r *reader) begin(script string) *exec.Cmd {
	r.t.Helper()
	lines := strings.Split(strings.TrimSpace(script), "\n")
	lines[len(lines)-1] = "exec " + lines[len(lines)-1]                       // so that signals reach it
	server := exec.Command("bash", r.arguments(strings.Join(lines, "\n"))...) // ended by stop: the context ends before that
	server.Dir, server.Env, server.Stderr = r.dir, r.env, os.Stderr
	stdout, err := server.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		r.t.Fatal(err)
	}
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "listening on ") {
			return server
		}
	}
	r.t.Fatalf("it does not listen:\n%s", script)
	return nil
}

func (r *reader) stop() {
	if r.server == nil {
		return
	}
	_ = r.server.Process.Signal(syscall.SIGTERM)
	if err := r.server.Wait(); err != nil {
		r.t.Errorf("the server ended with %v", err)
	}
	r.server = nil
}

// stopNodes ends the nodes, of which the page may have killed some.
func (r *reader) stopNodes() {
	for _, node := range r.nodes {
		_ = node.Process.Signal(syscall.SIGTERM)
	}
	for _, node := range r.nodes {
		if err := node.Wait(); err != nil && node.ProcessState.ExitCode() >= 0 {
			r.t.Errorf("a node ended with %v", err)
		}
	}
}

// runners run programs in the languages of the manual, where they are installed or can be.
var runners = map[string]string{"go": "go run", "js": "node", "java": "java", "python": "python3", "php": "php"}

// debianPackages are the packages of Debian with runners that root installs.
var debianPackages = map[string]string{"php": "php-cli"}

// install makes sure that the runner of a language is installed, or returns why it is not.
func install(language string) error {
	runner, _, _ := strings.Cut(runners[language], " ")
	_, missing := exec.LookPath(runner)
	name := debianPackages[language]
	if missing == nil || name == "" {
		return missing
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("%w; on Debian: apt-get install %s", missing, name)
	}
	script := "apt-get install -qq --no-install-recommends " + name
	out, err := exec.Command("sh", "-c", script+" || { apt-get update -qq && "+script+"; }").CombinedOutput() // there may be no lists of packages yet
	if err != nil {
		return fmt.Errorf("%w; %s: %w: %s", missing, script, err, out)
	}
	return nil
}

// program runs a program that prints a launch link, and signs in with the link.
func (r *reader) program(language, name string) {
	r.t.Helper()
	r.t.Run(name, func(t *testing.T) {
		if err := install(language); err != nil {
			t.Skipf("%s is not run: %v", name, err)
		}
		here := *r
		here.t = t
		here.signIn(strings.TrimSpace(here.run(runners[language] + " " + name)))
	})
}

// signIn follows a launch link, and sees whom it signed in.
func (r *reader) signIn(link string) {
	t := r.t
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(url string) (*http.Response, string) {
		t.Helper()
		response, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(body)
	}
	answer, _ := get(link)
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusFound || to != "/t/acme/log" {
		t.Errorf("the link answers %d and leads to %q", answer.StatusCode, to)
	}
	if _, session := get("http://" + r.address + "/api/v1/session"); !strings.Contains(session, "陈静 Chen Jing") || !strings.Contains(session, `"role":"admin"`) {
		t.Errorf("the session is %s", session)
	}
}

// follow does what a page says.
func (r *reader) follow(page string) (blocks int) {
	r.t.Helper()
	for _, f := range fence.FindAllStringSubmatch(page, -1) {
		language, name, text := f[1], f[2], f[3]
		switch {
		case language == "sh" && name == "serve":
			r.serve(text)
		case language == "sh" && name == "node":
			r.nodes = append(r.nodes, r.begin(text))
		case language == "sh" && name == "":
			r.run(text)
		case name == "root":
			continue // installs on the machine
		case name != "":
			if err := os.WriteFile(filepath.Join(r.dir, name), []byte(strings.ReplaceAll(text, documented, r.address)), 0o600); err != nil {
				r.t.Fatal(err)
			}
			if _, runs := runners[language]; runs {
				r.program(language, name)
			}
		default:
			continue // shown only
		}
		blocks++
	}
	return blocks
}

// TestCommands follows each page literally, from top to bottom.
func TestCommands(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	program := filepath.Join(t.TempDir(), "oplog")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", program, "oplog").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range names { // the Chinese pages have the same blocks: see TestLanguagesAgree
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content, err := files.ReadFile(path.Join(name + ".md"))
			if err != nil {
				t.Fatal(err)
			}
			blocks := newReader(t, program).follow(string(content))
			t.Log(fmt.Sprint(blocks, " blocks"))
			if want := strings.Count(string(content), "```sh") - strings.Count(string(content), "```sh root"); blocks < want {
				t.Errorf("%d blocks ran, of %d", blocks, want)
			}
		})
	}
}
