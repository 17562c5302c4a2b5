package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 uses HMAC-SHA-1, and most authenticator apps know nothing else
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// TOTP is an authenticator app, which shows a new code every 30 seconds (RFC 6238).
type TOTP struct {
	Secret   []byte    `json:"secret"`
	LastStep int64     `json:"last_step"` // of the last accepted code: each is accepted once
	AddedAt  time.Time `json:"added_at"`
}

const (
	totpPeriod = 30 * time.Second
	totpDigits = 6
	totpSkew   = 1 // steps by which the clock of the app may differ
	totpSecret = 20
)

func newTOTPSecret() []byte {
	secret := make([]byte, totpSecret)
	_, _ = rand.Read(secret) // never fails: crypto/rand aborts the program instead
	return secret
}

// totpCode returns the code of a step: the dynamic truncation of its HMAC (RFC 4226, 5.3), to a number of digits.
func totpCode(secret []byte, step int64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // never fails: it writes to a hash
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	text := fmt.Sprintf("%0*d", digits, number)
	return text[len(text)-digits:]
}

// accept reports whether a code is of the current step or one beside it, and later than the last accepted one, which it then is.
func (t *TOTP) accept(code string, now time.Time) bool {
	code = strings.Join(strings.Fields(code), "")
	current := now.Unix() / int64(totpPeriod/time.Second)
	for step := max(current-totpSkew, t.LastStep+1); step <= current+totpSkew; step++ {
		if subtle.ConstantTimeCompare([]byte(totpCode(t.Secret, step, totpDigits)), []byte(code)) == 1 {
			t.LastStep = step
			return true
		}
	}
	return false
}

// totpText returns a secret as people type it into an app.
func totpText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// totpURI returns the URI of a secret, which apps scan as a QR code. The host tells installations apart.
func totpURI(secret []byte, username, host string) string {
	const issuer = "oplog"
	account := strings.ReplaceAll(url.PathEscape(username+"@"+host), ":", "%3A") // a colon ends the issuer
	return fmt.Sprintf("otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d",
		issuer, account, totpText(secret), issuer, totpDigits, int(totpPeriod/time.Second))
}
