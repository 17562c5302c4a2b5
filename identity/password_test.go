package identity_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"oplog/identity"
	"oplog/oplog"
)

func hashed(t *testing.T, password string) string {
	t.Helper()
	hash, err := identity.HashPassword("ann", password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestPasswords(t *testing.T) {
	hash := hashed(t, "我家门前的柳树今年又发芽了")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s", hash)
	}
	if again := hashed(t, "我家门前的柳树今年又发芽了"); again == hash {
		t.Error("two hashes are alike")
	}
	check := func(phc, password string, want bool) {
		t.Helper()
		if got := identity.CheckPassword(phc, password); got != want {
			t.Errorf("%s with %q: %v", phc, password, got)
		}
	}
	check(hash, "我家门前的柳树今年又发芽了", true)
	check(hash, "我家门前的柳树今年又发芽", false)
	check(hash, "", false)
	check(identity.NobodysHash, "", false)
	check("", "", false)
	check(hash[:len(hash)-2], "我家门前的柳树今年又发芽了", false)
	check(strings.Replace(hash, "argon2id", "argon2i", 1), "我家门前的柳树今年又发芽了", false)
	check(strings.Replace(hash, "m=19456", "m=4294967295", 1), "我家门前的柳树今年又发芽了", false)
	check("$argon2id$v=19$m=19456,t=2,p=1$AAAA$", "", false)
	if parts := strings.Split(identity.NobodysHash, "$"); len(parts) != 6 || parts[3] != strings.Split(hash, "$")[3] || len(identity.NobodysHash) != len(hash) {
		t.Error("an unknown name takes another time than a wrong password")
	}
}

// TestGuessablePasswords: a new password is long enough, uncommon, no pattern, and does not contain the username.
func TestGuessablePasswords(t *testing.T) {
	f := func(username, password, want string) {
		t.Helper()
		_, err := identity.HashPassword(username, password)
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", password, err)
			}
			return
		}
		var refused *oplog.Error
		if !errors.As(err, &refused) || refused.Code != oplog.CodeInvalid || len(refused.Fields) != 1 || !strings.Contains(refused.Fields[0].Message, want) {
			t.Errorf("%q: %v, want %s", password, err, want)
		}
	}
	const short, common, pattern, name = "at least 12", "common", "pattern", "username"
	f("ann", "", short)
	f("ann", "elevenchars", short)
	f("ann", "十一个汉字太短不够用呀", short)
	f("ann", "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301", short) // six letters, composed
	f("ann", strings.Repeat("xy", 513), "at most 1024")
	f("ann", "1qaz2wsx3edc", common)
	f("ann", "Unbelievable", common)
	f("ann", "ｕｎｂｅｌｉｅｖａｂｌｅ", common)
	f("ann", "Password1234", common)
	f("ann", "123!Sunshine2024", common)
	f("ann", "aaaaaaaaaaaa", pattern)
	f("ann", "abcabcabcabca", pattern)
	f("ann", "密码密码密码密码密码密码", pattern)
	f("ann", "abcdefghijklmn", pattern)
	f("ann", "98765432109876", pattern)
	f("ann", "QwertyUIOPlkjhgf", pattern)
	f("ann", "aaaabbbbccccdddd", pattern)
	f("annabel", "hello-ANNABEL-7", name)
	f("ＡＮＮＡ", "with anna inside", name)
	f("ann", "cannot be guessed", "") // three letters prove nothing
	f("ann", "correct horse", "")
	f("ann", "sunshine over 47 hills", "")
	f("ann", "Sunshine 8351-9047", "") // much more than a common one
	f("ann", "我家门前的柳树今年又发芽了", "")
}

// TestComposedPasswords: keyboards that compose characters differently produce the same password, and passwords hashed uncomposed still
// work.
func TestComposedPasswords(t *testing.T) {
	const composed, decomposed = "caf\u00e9 au lait", "cafe\u0301 au lait"
	hash := hashed(t, decomposed)
	salt := make([]byte, 16)
	b64 := base64.RawStdEncoding.EncodeToString
	old := "$argon2id$v=19$m=8,t=1,p=1$" + b64(salt) + "$" + b64(argon2.IDKey([]byte(decomposed), salt, 1, 8, 1, 32))
	if !identity.CheckPassword(hash, composed) || !identity.CheckPassword(hash, decomposed) || !identity.CheckPassword(old, decomposed) {
		t.Error("a password that is composed otherwise does not fit")
	}
}
