package identity

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	minPasswordLength = 12      // in characters, after composition
	maxPasswordLength = 1024    // in bytes, which bounds the work of a sign-in
	minUsernameInside = 4       // a shorter username within a password is no hint
	minChoices        = 6       // characters of a password that do not follow from the one before
	maxDecoration     = 8       // characters around a common password that do not make it a good one
	maxListSize       = 1 << 20 // of the list, unpacked
)

// The list holds the most common passwords of public leaks, in lower case and sorted: the list of zxcvbn, cut to 10,000 words and all of
// at least 12 characters. Its licence (MIT) is at its start.
//
//go:embed common-passwords.txt.gz
var packedPasswords []byte

// commonPasswords unpacks the list at its first use.
var commonPasswords = sync.OnceValue(func() []string {
	r, err := gzip.NewReader(bytes.NewReader(packedPasswords))
	if err != nil {
		panic(err) // part of the program
	}
	list, err := io.ReadAll(io.LimitReader(r, maxListSize))
	if err != nil {
		panic(err)
	}
	words := strings.Split(strings.TrimSpace(string(list)), "\n")
	return slices.DeleteFunc(words, func(s string) bool { return strings.HasPrefix(s, "# ") || s == "#" })
})

func isCommon(password string) bool {
	_, found := slices.BinarySearch(commonPasswords(), password)
	return found
}

// checkPassword returns CodeInvalid if a new password is too short, too long or easy to guess.
func checkPassword(username, password string) error {
	folded := fold(password)
	switch n := utf8.RuneCountInString(norm.NFKC.String(password)); {
	case len(password) > maxPasswordLength:
		return passwordError("too_large", "is {bytes} bytes long; at most {max}", len(password), maxPasswordLength)
	case n < minPasswordLength:
		return passwordError("too_short", "is {length} characters long; at least {min}", n, minPasswordLength)
	case isCommon(folded) || isCommon(undecorated(folded)):
		return passwordError("common_password", "is one of the most common passwords, or nearly so; choose another")
	case repeats(folded) || choices(folded) < minChoices:
		return passwordError("simple_pattern", "is a simple pattern; choose another")
	case utf8.RuneCountInString(username) >= minUsernameInside && strings.Contains(folded, fold(username)):
		return passwordError("contains_username", "contains the username; choose another")
	}
	return nil
}

// fold returns a text without differences of case, width and composition.
func fold(s string) string { return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s))) }

// undecorated returns a password without the digits and signs before and after its letters, if they are few.
func undecorated(password string) string {
	core := strings.TrimFunc(password, func(r rune) bool { return !unicode.IsLetter(r) })
	if utf8.RuneCountInString(password)-utf8.RuneCountInString(core) > maxDecoration {
		return password
	}
	return core
}

// repeats reports whether a password consists of one short part, said several times.
func repeats(password string) bool {
	runes := []rune(password)
	for part := 1; part < minPasswordLength && part <= len(runes)/2; part++ {
		if slices.Equal(runes[part:], runes[:len(runes)-part]) {
			return true
		}
	}
	return false
}

// keyRows are the keyboard's rows of letters.
var keyRows = []string{"qwertyuiop", "asdfghjkl", "zxcvbnm"}

// choices counts the characters of a password that do not follow from the one before: neither equal to it, nor its neighbour in the
// alphabet, among the digits or on the keyboard.
func choices(password string) int {
	count, last := 0, rune(-1)
	for _, r := range password {
		if d := r - last; last < 0 || d < -1 || d > 1 {
			if !adjacentKeys(last, r) {
				count++
			}
		}
		last = r
	}
	return count
}

func adjacentKeys(a, b rune) bool {
	if a == '9' && b == '0' || a == '0' && b == '9' {
		return true
	}
	for _, row := range keyRows {
		i, j := strings.IndexRune(row, a), strings.IndexRune(row, b)
		if i >= 0 && j >= 0 && (i-j == 1 || j-i == 1) {
			return true
		}
	}
	return false
}
