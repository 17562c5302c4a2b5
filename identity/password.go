package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"oplog/oplog"
)

// The cost of a hash: 19 MiB, two passes, one lane (the OWASP minimum).
const (
	argonMemory = 19 << 10 // KiB
	argonTime   = 2
	argonLanes  = 1
	saltBytes   = 16
	hashBytes   = 32
)

// HashPassword returns the argon2id hash of an account's new password as a PHC string, or CodeInvalid if the password is too short, too long
// or easy to guess.
func HashPassword(username, password string) (string, error) {
	if err := checkPassword(username, password); err != nil {
		return "", err
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	hash := argon2.IDKey([]byte(norm.NFKC.String(password)), salt, argonTime, argonMemory, argonLanes, hashBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonLanes, b64.EncodeToString(salt), b64.EncodeToString(hash)), nil
}

func passwordError(code, message string, args ...any) error {
	return &oplog.Error{Code: oplog.CodeInvalid, Message: "The password cannot be used.", Fields: []oplog.FieldError{
		{Field: "password", Violation: oplog.Violates(code, message, args...)},
	}}
}

// CheckPassword reports whether a password is the one that was hashed, however its characters were composed by the keyboard. A hash of
// another form matches nothing.
func CheckPassword(phc, password string) bool {
	composed := norm.NFKC.String(password)
	return matches(phc, composed) || composed != password && matches(phc, password) // hashed before passwords were composed
}

func matches(phc, password string) bool {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false
	}
	var memory, passes uint32
	var lanes uint8
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil || n != 3 {
		return false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	want, hashErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || hashErr != nil || len(want) < 16 || passes == 0 || lanes == 0 || memory > 1<<20 || passes > 64 {
		return false
	}
	have := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(have, want) == 1
}

// NobodysHash is checked where a name is not known, so that the answer takes
// as long as for one that is. No password is known to have it.
const NobodysHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// SamePassword reports whether two passwords are the same, however their characters are composed.
func SamePassword(a, b string) bool { return norm.NFKC.String(a) == norm.NFKC.String(b) }
