package identity

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"oplog/oplog"
)

// ComposeName returns a username as it is stored: composed (NFKC), without blanks at its ends.
func ComposeName(username string) string { return strings.TrimSpace(norm.NFKC.String(username)) }

// NameKey returns what usernames that differ only in case, width or composition have in common.
func NameKey(username string) string { return fold(ComposeName(username)) }

// SignInAccount returns the account for the name entered at sign-in, as typed or else as stored; CodeNotFound if there is none.
func (i *Identity) SignInAccount(username string) (Account, error) {
	a, err := i.Account(username)
	if composed := ComposeName(username); oplog.CodeOf(err) == oplog.CodeNotFound && composed != username {
		return i.Account(composed)
	}
	return a, err
}
