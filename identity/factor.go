package identity

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// Factors are the second factors of an account: what its owner has besides the password.
type Factors struct {
	Since    time.Time `json:"since,omitzero"` // when the first one was added; zero if there is none
	TOTP     *TOTP     `json:"totp,omitempty"`
	Passkeys []Passkey `json:"passkeys,omitempty"`
	Recovery []string  `json:"recovery,omitempty"` // hashes of the recovery codes that were not used
}

// Any reports whether there is a second factor.
func (f *Factors) Any() bool { return f.TOTP != nil || len(f.Passkeys) > 0 }

// normalize removes recovery codes that are left without a factor, and sets since when there is one.
func (f *Factors) normalize(now time.Time) {
	switch {
	case !f.Any():
		*f = Factors{}
	case f.Since.IsZero():
		f.Since = now
	}
}

// ErrWrongFactor means that a code, or another proof of a second factor, is wrong or was used before.
var ErrWrongFactor = errors.New("the second factor is wrong")

// ReasonSecondFactor is the reason of the error for sessions whose second factor is still missing.
const ReasonSecondFactor = "second-factor"

var errPending = &oplog.Error{
	Code: oplog.CodeUnauthenticated, Reason: ReasonSecondFactor, Message: "Complete the sign-in with the second factor: POST /api/v1/session/second-factor.",
}

// IsPending reports whether an error means that the second factor of a session is still missing.
func IsPending(err error) bool { return errors.Is(err, errPending) }

// pendingLife is how long a session waits for its second factor.
const pendingLife = 10 * time.Minute

// StartPending starts a session for an account whose password was checked, which waits for the second factor. locale is set when that comes,
// if the account has none.
func (i *Identity) StartPending(a Account, provider *ProviderSession, locale, ip, userAgent string) (Session, string, error) {
	return i.startSession(Session{Username: a.Username, Stamp: a.stamp(), IP: ip, UserAgent: userAgent, Pending: true, Locale: locale, Provider: provider})
}

// SecondFactorDue reports whether a password is not enough to sign in to an account.
func (i *Identity) SecondFactorDue(a Account) (bool, error) {
	if a.Factors.Any() {
		return true, nil
	}
	return i.RequiresSecondFactor(a)
}

// RequiresSecondFactor reports whether an account must have a second factor: by its role or by its tenant.
func (i *Identity) RequiresSecondFactor(a Account) (bool, error) {
	rule, err := i.SecondFactorRule()
	if err != nil || slices.Contains(rule.Roles, a.Role) || a.Tenant == "" {
		return err == nil && slices.Contains(rule.Roles, a.Role), err
	}
	t, err := i.directory.Tenant(a.Tenant)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return false, nil
	}
	return t.RequireSecondFactor, err
}

// SecondFactorRule says which accounts of the installation must have a second factor, besides those of tenants that require one.
type SecondFactorRule struct {
	Roles []Role `json:"roles"`
}

const secondFactorRule = "second_factor"

// SecondFactorRule returns the installation's rule. If it is damaged, it is all roles: a flipped bit must not let people in with less.
func (i *Identity) SecondFactorRule() (SecondFactorRule, error) {
	rule, err := records.Read[SecondFactorRule](i.records, oplog.RecordServer, secondFactorRule)
	switch oplog.CodeOf(err) {
	case oplog.CodeNotFound:
		return rule, nil
	case oplog.CodeDamaged:
		faults.Report("reading which roles require a second factor; all do until an owner sets it again", err)
		return SecondFactorRule{Roles: slices.Clone(Roles)}, nil
	}
	return rule, err
}

// SetSecondFactorRule replaces the installation's rule. The callback is called before; its error is returned and nothing changes.
func (i *Identity) SetSecondFactorRule(rule SecondFactorRule, may func() error) error {
	if err := may(); err != nil {
		return err
	}
	if err := records.Mend(i.changes, oplog.RecordServer, secondFactorRule, &rule); err != nil {
		return err
	}
	_, err := records.Change(i.changes, oplog.RecordServer, secondFactorRule, func(stored *SecondFactorRule, _ bool) (bool, error) {
		*stored = rule
		return len(rule.Roles) == 0, may()
	})
	return err
}

const (
	recoveryCodes = 10
	recoveryBytes = 10 // 80 bits: a plain hash of them cannot be reversed
	recoveryGroup = 4
)

// newRecoveryCodes returns recovery codes, and their hashes.
func newRecoveryCodes() (codes, hashes []string) {
	for range recoveryCodes {
		raw := make([]byte, recoveryBytes)
		_, _ = rand.Read(raw) // never fails: crypto/rand aborts the program instead
		text := strings.ToLower(totpText(raw))
		hashes = append(hashes, recoveryHash(text))
		var groups []string
		for group := range slices.Chunk([]byte(text), recoveryGroup) {
			groups = append(groups, string(group))
		}
		codes = append(codes, strings.Join(groups, "-"))
	}
	return codes, hashes
}

// recoveryHash returns the hash of a recovery code, however it was typed.
func recoveryHash(code string) string {
	return hashOf("recovery " + strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code)))
}

// useRecovery reports whether a code is one of the unused recovery codes, and uses it up.
func (f *Factors) useRecovery(code string) bool {
	at := slices.Index(f.Recovery, recoveryHash(code))
	if at < 0 {
		return false
	}
	f.Recovery = slices.Delete(f.Recovery, at, at+1)
	return true
}
