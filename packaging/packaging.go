// Package packaging has the files that install oplog as a service: the unit for systemd, the scripts of the .deb and the .rpm, the
// container file. The command in release builds all of them.
package packaging

import (
	_ "embed" // the unit
	"path/filepath"
	"strings"
)

//go:embed oplog.service
var packaged string

// What the packaged unit runs, and as whom.
const (
	Program = "/usr/bin/oplog"
	Config  = "/etc/oplog/oplog.toml"
	DataDir = "/var/lib/oplog"
	User    = "oplog"
)

// Unit describes a service for systemd.
type Unit struct {
	Program   string   // absolute
	Arguments []string // of the program
	User      string
	DataDir   string // absolute, the only directory that the service can write, but for that of logs
	Reads     []string
}

// Text returns the unit's file: the packaged one with other paths. It hides home directories, unless one of the paths is in one.
func (u Unit) Text() string {
	words := []string{quote(u.Program)}
	for _, argument := range u.Arguments {
		words = append(words, strings.ReplaceAll(quote(argument), "$", "$$"))
	}
	text := set(packaged, "ExecStart", strings.Join(words, " "))
	if u.User != User {
		text = set(set(text, "User", u.User), "Group", "")
	}
	if u.DataDir != DataDir {
		text = set(set(text, "StateDirectory", ""), "StateDirectoryMode", "")
		text = set(text, "ProtectSystem", "strict\nReadWritePaths="+quote(u.DataDir))
	}
	for _, path := range append([]string{u.Program, u.DataDir}, u.Reads...) {
		if isHome(path) {
			text = set(text, "ProtectHome", "read-only")
		}
	}
	return text
}

// set replaces the value of a key that the unit has once; "" removes its line.
func set(unit, key, value string) string {
	before, rest, _ := strings.Cut(unit, "\n"+key+"=")
	_, after, _ := strings.Cut(rest, "\n")
	if value == "" {
		return before + "\n" + after
	}
	return before + "\n" + key + "=" + value + "\n" + after
}

// quote writes a word as systemd reads it. % begins its specifiers.
func quote(word string) string {
	word = strings.ReplaceAll(word, "%", "%%")
	if word != "" && !strings.ContainsAny(word, " \t\n\"'\\;") {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(word) + `"`
}

// isHome reports whether ProtectHome=true would hide a path.
func isHome(path string) bool {
	for _, home := range []string{"/home", "/root", "/run/user"} {
		if path == home || strings.HasPrefix(filepath.ToSlash(path), home+"/") {
			return true
		}
	}
	return false
}
