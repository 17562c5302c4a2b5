package identity_test

import (
	"strings"
	"testing"

	"oplog/identity"
	"oplog/oplog"
)

func hashed(t *testing.T, password string) string {
	t.Helper()
	hash, err := identity.HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestPasswords(t *testing.T) {
	hash := hashed(t, "密码密码密码密码")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s", hash)
	}
	if again := hashed(t, "密码密码密码密码"); again == hash {
		t.Error("two hashes are alike")
	}
	check := func(phc, password string, want bool) {
		t.Helper()
		if got := identity.CheckPassword(phc, password); got != want {
			t.Errorf("%s with %q: %v", phc, password, got)
		}
	}
	check(hash, "密码密码密码密码", true)
	check(hash, "密码密码密码密", false)
	check(hash, "", false)
	check(identity.NobodysHash, "", false)
	check("", "", false)
	check(hash[:len(hash)-2], "密码密码密码密码", false)
	check(strings.Replace(hash, "argon2id", "argon2i", 1), "密码密码密码密码", false)
	check(strings.Replace(hash, "m=19456", "m=4294967295", 1), "密码密码密码密码", false)
	check("$argon2id$v=19$m=19456,t=2,p=1$AAAA$", "", false)
	if parts := strings.Split(identity.NobodysHash, "$"); len(parts) != 6 || parts[3] != strings.Split(hash, "$")[3] || len(identity.NobodysHash) != len(hash) {
		t.Error("an unknown name takes another time than a wrong password")
	}
	for _, bad := range []string{"", "1234567", "七个字的密码字", strings.Repeat("x", 1025)} {
		if _, err := identity.HashPassword(bad); oplog.CodeOf(err) != oplog.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
