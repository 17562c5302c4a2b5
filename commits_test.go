package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is a Git repository in a temporary directory.
type repository struct {
	*testing.T
	dir string
}

func newRepository(t *testing.T) repository {
	t.Helper()
	for _, needed := range []string{"git", "bash"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skip(err)
		}
	}
	r := repository{t, t.TempDir()}
	r.git("init", "-q", "-b", "work")
	return r
}

func (r repository) run(name string, args ...string) (string, error) {
	command := exec.Command(name, args...)
	command.Dir = r.dir
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_DIR="+filepath.Join(r.dir, ".git"),
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := command.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (r repository) git(args ...string) string {
	r.Helper()
	out, err := r.run("git", args...)
	if err != nil {
		r.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return out
}

// commit adds a file with that many lines and returns the commit.
func (r repository) commit(message, file string, lines int) string {
	r.Helper()
	name := filepath.Join(r.dir, file)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(strings.Repeat(message[:1]+"\n", lines)), 0o600); err != nil {
		r.Fatal(err)
	}
	r.git("add", "-A")
	r.git("commit", "-q", "-m", message)
	return r.git("rev-parse", "HEAD")
}

// check runs tools/commits and compares its output; "" means success.
func (r repository) check(base, want string) {
	r.Helper()
	script, err := filepath.Abs("tools/commits")
	if err != nil {
		r.Fatal(err)
	}
	out, err := r.run("bash", script, base)
	if (err != nil) != (want != "") || !strings.Contains(out, want) {
		r.Errorf("%v, want %q:\n%s", err, want, out)
	}
}

var (
	longest = "a: " + strings.Repeat("字", 69)
	tooLong = longest + "x"
)

func TestCommitMessages(t *testing.T) {
	const body = "\n\nIt explains why."
	for name, c := range map[string]struct {
		message, file string
		lines         int
		want          string
	}{
		"short":              {"a: short", "f", 40, ""},
		"longest subject":    {longest, "f", 1, ""},
		"subject too long":   {tooLong, "f", 1, "the subject has 73 characters"},
		"long change":        {"a: long", "f", 41, "it changes 41 lines; explain why in a body"},
		"long, with a body":  {"a: long" + body, "f", 41, ""},
		"built, not written": {"console: build", "frontend/dist/index.html", 41, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			base := r.commit(tooLong, "old", 100)
			r.commit(c.message, c.file, c.lines)
			r.check(base, c.want)
		})
	}
}

// TestNewCommits: only new commits are checked, however much history a clone has.
func TestNewCommits(t *testing.T) {
	r := newRepository(t)
	r.commit(tooLong, "older", 1)
	base := r.commit(tooLong, "old", 1)
	r.check(base, "")
	r.check("0123456789", "") // a history without the base

	landed := r.commit(tooLong, "landed", 1)
	r.check(base, "73 characters")
	r.git("update-ref", "refs/remotes/origin/main", landed)
	r.commit("a: new", "new", 1)
	r.check(base, "")
	r.commit(tooLong, "newest", 1)
	r.check(base, "73 characters")

	shallow := repository{t, t.TempDir()}
	shallow.git("clone", "-q", "--depth", "1", "file://"+r.dir, ".")
	shallow.check(base, "73 characters")
	shallow.commit("a: reworded", "newest", 2)
	shallow.git("update-ref", "refs/remotes/origin/main", "HEAD~")
	shallow.check(base, "")
}
