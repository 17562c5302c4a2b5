// Command release builds what is published: the program for all platforms, packages, an SBOM for each, and SHA256SUMS. It also
// collects the licenses of the program's dependencies.
//
//	go run ./packaging/release            builds all into bin/release
//	go run ./packaging/release licenses   writes packaging/licenses/licenses.json.gz
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"oplog/packaging/licenses"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	source, err := root(ctx)
	if err != nil {
		return err
	}
	if len(args) == 1 && args[0] == "licenses" {
		return writeLicenses(ctx, source)
	}
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	version := flags.String("version", "", "version, such as 1.2.0; by default that of the commit's tag, such as v1.2.0")
	out := flags.String("out", filepath.Join(source, "bin", "release"), "folder for the files, which is emptied first")
	only := flags.String("target", "", "only this target, such as linux/amd64")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r, err := describe(ctx, source, *version)
	if err != nil {
		return err
	}
	r.source, r.out = source, *out
	for _, t := range targets {
		if *only == "" || *only == t.String() {
			r.targets = append(r.targets, t)
		}
	}
	if len(r.targets) == 0 {
		return fmt.Errorf("-target %s is none of %v", *only, targets)
	}
	r.log = stdout
	return r.build(ctx)
}

// root returns the folder of the module's sources.
func root(ctx context.Context) (string, error) {
	out, err := output(ctx, "", nil, "go", "list", "-m", "-f", "{{.Dir}}")
	return strings.TrimSpace(string(out)), err
}

// describe returns a release of the commit that is checked out.
func describe(ctx context.Context, source, version string) (*release, error) {
	git := func(args ...string) (string, error) {
		out, err := output(ctx, source, nil, "git", args...)
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "HEAD")
	if err != nil {
		return nil, err
	}
	seconds, err := git("log", "-1", "--format=%ct")
	if err != nil {
		return nil, err
	}
	if given := os.Getenv("SOURCE_DATE_EPOCH"); given != "" {
		seconds = given
	}
	epoch, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("SOURCE_DATE_EPOCH is not a number of seconds: %w", err)
	}
	r := &release{version: strings.TrimPrefix(version, "v"), commit: commit, time: time.Unix(epoch, 0).UTC()}
	if r.version == "" {
		tag, err := git("describe", "--exact-match", "--tags", "--match", "v[0-9]*")
		if r.version = strings.TrimPrefix(tag, "v"); err != nil { // there is none
			r.version = "0.0.0-" + r.time.Format("20060102150405") + ".g" + commit[:12]
		}
	}
	if !versions.MatchString(r.version) {
		return nil, fmt.Errorf("%s is not a version such as 1.2.0 or 1.2.0-rc.1", r.version)
	}
	changed, err := git("status", "--porcelain", "--untracked-files=no")
	if changed != "" {
		r.commit += " (modified)"
	}
	return r, err
}

// versions matches semantic versions.
var versions = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// output runs a command with additional variables in its environment, and returns what it prints.
func output(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...) //nolint:gosec // commands of this program
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err), errors.New(strings.TrimSpace(stderr.String())))
	}
	return stdout.Bytes(), nil
}

// writeLicenses collects the licenses and replaces the committed list.
func writeLicenses(ctx context.Context, source string) error {
	list, err := collect(ctx, source)
	if err != nil {
		return err
	}
	packed, err := licenses.Pack(list)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(source, "packaging", "licenses", "licenses.json.gz"), packed, 0o644) //nolint:gosec // a source file
}
