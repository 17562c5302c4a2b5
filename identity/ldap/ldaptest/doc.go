// Package ldaptest runs Debian's slapd on loopback, with people and groups that change while it runs, for tests. The command in slapd/ does so for
// tests that are not in Go.
package ldaptest
