package identity

import (
	"strings"
	"unicode"

	"github.com/mtibben/confusables"
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

// validateNewName checks what new usernames must not be. Accounts that exist keep theirs.
func (a *Account) validateNewName() []oplog.FieldError {
	v := oplog.Validation{}
	switch {
	case a.Username != strings.TrimSpace(a.Username):
		v.Fail("username", a.Username, "blank_at_end", "must not begin or end with a blank")
	case strings.ContainsFunc(a.Username, isHidden):
		v.Fail("username", a.Username, "invisible_characters", "must not contain control or invisible characters")
	case mixesScripts(a.Username):
		v.Fail("username", a.Username, "mixed_scripts", "mixes Latin, Greek or Cyrillic letters, which look alike")
	}
	return v.Errors
}

// isHidden reports whether a character displays nothing, or changes how others are displayed.
func isHidden(r rune) bool {
	const blankPattern = '\u2800' // of Braille
	return r == blankPattern || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// mixesScripts reports whether a name has letters of several scripts whose letters look alike.
func mixesScripts(name string) bool {
	found := 0
	for _, script := range []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic} {
		if strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(script, r) }) {
			found++
		}
	}
	return found > 1
}

// checkUnlike returns CodeConflict if a new username differs from that of another account only in case, width or composition, or looks like
// it.
func checkUnlike(all []Account, username string) error {
	key, looks := NameKey(username), looksOf(username)
	for _, a := range all {
		switch {
		case a.Username == username: // see addAccount
		case NameKey(a.Username) == key:
			return oplog.Refuse(oplog.CodeConflict, "account-exists-spelled", "Account {username} already exists, in another spelling.", username)
		case looksOf(a.Username).alike(looks):
			return oplog.Refuse(oplog.CodeConflict, "account-looks-alike", "Account {username} looks like one that already exists; choose another name.", username)
		}
	}
	return nil
}

// looks are what names that look alike have in common, by the table of Unicode's UTS 39: of letters as written, and of
// those without regard to case.
type looks [2]string

func looksOf(username string) looks {
	name := strings.Join(strings.Fields(ComposeName(username)), " ")
	return looks{fold(confusables.Skeleton(name)), confusables.Skeleton(fold(name))}
}

func (l looks) alike(other looks) bool { return l[0] == other[0] || l[1] == other[1] }
