package identity

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestTOTPVectors: the codes are those of RFC 6238, appendix B, for SHA-1.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := totpCode(secret, at/30, 8); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
		app := &TOTP{Secret: secret}
		if !app.accept(want[2:], time.Unix(at, 0)) {
			t.Errorf("at %d: %s is refused", at, want[2:])
		}
	}
}

// TestTOTPOnce: a code is accepted in its step and those beside it, and once (RFC 6238, 5.2).
func TestTOTPOnce(t *testing.T) {
	secret, step := []byte("12345678901234567890"), int64(50_000_000)
	code := func(step int64) string { return totpCode(secret, step, totpDigits) }
	for shift, want := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		app := &TOTP{Secret: secret}
		if got := app.accept(code(step+shift), time.Unix(step*30+29, 0)); got != want {
			t.Errorf("the code of %d steps ahead: accepted %v", shift, got)
		}
	}
	app := &TOTP{Secret: secret}
	now := time.Unix(step*30, 0)
	for _, attempt := range []struct {
		code string
		want bool
	}{
		{"", false}, {"12345", false}, {code(step)[:3] + " " + code(step)[3:], true}, {code(step), false}, {code(step - 1), false}, {code(step + 1), true},
		{code(step + 1), false}, {code(step), false},
	} {
		if got := app.accept(attempt.code, now); got != attempt.want {
			t.Errorf("%q: %v, want %v", attempt.code, got, attempt.want)
		}
	}
}

// TestTOTPURI: apps read the secret, the issuer and the account, whatever is in the name.
func TestTOTPURI(t *testing.T) {
	for _, name := range []string{"ann", "李雷", "a:b", "x y?&=#/%"} {
		u, err := url.Parse(totpURI([]byte("12345678901234567890"), name, "log.example.com"))
		if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/oplog:"+name+"@log.example.com" || strings.Count(u.EscapedPath(), ":") != 1 {
			t.Errorf("%s: %v %v", name, u, err)
		}
		if q := u.Query(); q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || q.Get("issuer") != "oplog" || q.Get("digits") != "6" || q.Get("period") != "30" {
			t.Errorf("%s: %v", name, q)
		}
	}
}
