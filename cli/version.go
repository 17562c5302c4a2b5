package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"oplog/server"
)

type build struct{ version, commit, golang string }

// build describes the build of this executable. Releases say their version and commit; for other builds Go may know the commit.
func (m *Program) build() build {
	b := build{version: m.Version, commit: "unknown", golang: fmt.Sprintf("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)}
	info, ok := debug.ReadBuildInfo()
	if ok && b.version == "" && info.Main.Version != "(devel)" {
		b.version = info.Main.Version
	}
	if b.version == "" {
		b.version = "devel"
	}
	if m.Commit != "" {
		b.commit = m.Commit
		return b
	}
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			b.commit += " (modified)"
		}
	}
	return b
}

type versionCommand struct{}

// Run prints the version, the commit and the Go version.
func (*versionCommand) Run(m *Program) error {
	b := m.build()
	_, err := fmt.Fprintf(m.Stdout, "oplog %s\ncommit %s\n%s\n", b.version, b.commit, b.golang)
	return err
}

type openAPICommand struct{}

// Run prints the OpenAPI document, from which the types of clients are generated.
func (*openAPICommand) Run(m *Program) error {
	document, err := server.New(nil, server.Options{Version: "1", Now: m.Now}).OpenAPI()
	if err != nil {
		return err
	}
	_, err = m.Stdout.Write(document)
	return err
}
