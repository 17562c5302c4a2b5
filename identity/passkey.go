package identity

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"oplog/oplog"
)

// Passkey is a key in a person's device, phone or security key, which signs in to one host (WebAuthn).
type Passkey struct {
	Name       string              `json:"name"`
	Host       string              `json:"host"` // the only one that it signs in to
	Credential webauthn.Credential `json:"credential"`
	CreatedAt  time.Time           `json:"created_at"`
	LastUsedAt time.Time           `json:"last_used_at,omitzero"`
}

// ID identifies the passkey.
func (p Passkey) ID() string { return base64.RawURLEncoding.EncodeToString(p.Credential.ID) }

const (
	maxPasskeys    = 10
	maxPasskeyName = 64
)

// Site is the address of the console as browsers see it.
type Site struct {
	Host   string // without the port
	Origin string // with the scheme, and the port if it is not the usual one
}

// relyingParty returns what checks the passkeys of a site. Browsers ask for a fingerprint or a PIN if the device has one.
func (s Site) relyingParty() (*webauthn.WebAuthn, error) {
	return webauthn.New(&webauthn.Config{
		RPID: s.Host, RPDisplayName: "oplog", RPOrigins: []string{s.Origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
	})
}

// passkeyOwner is an account with its passkeys of a site, as the library wants it.
type passkeyOwner struct {
	account *Account
	host    string
}

// WebAuthnID returns the id of the account in authenticators, which does not disclose its name.
func (o passkeyOwner) WebAuthnID() []byte {
	sum := sha256.Sum256([]byte("oplog account " + o.account.Username))
	return sum[:]
}

// WebAuthnName returns the username.
func (o passkeyOwner) WebAuthnName() string { return o.account.Username }

// WebAuthnDisplayName returns the name that browsers show.
func (o passkeyOwner) WebAuthnDisplayName() string {
	if o.account.Name != "" {
		return o.account.Name
	}
	return o.account.Username
}

// WebAuthnCredentials returns the account's keys for the site.
func (o passkeyOwner) WebAuthnCredentials() []webauthn.Credential {
	var keys []webauthn.Credential
	for _, p := range o.account.Factors.Passkeys {
		if p.Host == o.host {
			keys = append(keys, p.Credential)
		}
	}
	return keys
}

// HasPasskey reports whether the account has a passkey for a host.
func (f *Factors) HasPasskey(host string) bool {
	return slices.ContainsFunc(f.Passkeys, func(p Passkey) bool { return p.Host == host })
}

// roomForPasskey returns an error if there are as many passkeys as an account can have.
func (f *Factors) roomForPasskey() error {
	if len(f.Passkeys) >= maxPasskeys {
		return oplog.Refuse(oplog.CodeConflict, "too-many-passkeys", "An account can have {max} passkeys; remove one first.", maxPasskeys)
	}
	return nil
}

// BeginPasskey returns what a browser needs to make a passkey for a session's account. AddPasskey adds it.
func (i *Identity) BeginPasskey(token string, site Site, up StepUp) (*protocol.PublicKeyCredentialCreationOptions, error) {
	_, account, err := i.ownSession(token)
	if err != nil {
		return nil, err
	}
	if err := account.Factors.roomForPasskey(); err != nil {
		return nil, err // before the device makes one that cannot be added
	}
	party, err := site.relyingParty()
	if err != nil {
		return nil, err
	}
	owner := passkeyOwner{&account, site.Host}
	exclude := webauthn.Credentials(owner.WebAuthnCredentials()).CredentialDescriptors()
	options, data, err := party.BeginRegistration(owner, webauthn.WithExclusions(exclude))
	if err != nil {
		return nil, fmt.Errorf("begin adding a passkey: %w", err)
	}
	if _, err := i.beginSetup(token, up, factorSetup{Passkey: data}); err != nil {
		return nil, err
	}
	return &options.Response, nil
}

// AddPasskey adds the passkey of BeginPasskey, which the browser made, to a session's account. As with ConfirmTOTP, the first factor comes
// with recovery codes, and a session that waited for it is signed in.
func (i *Identity) AddPasskey(token string, site Site, name string, made []byte) (in SignedIn, added Passkey, recovery []string, err error) {
	v := oplog.Validation{}
	if v.Name("name", name, 1, maxPasskeyName); len(v.Errors) > 0 {
		return in, added, nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The passkey is invalid.", Fields: v.Errors}
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(made)
	if err != nil {
		return in, added, nil, invalidPasskey(err)
	}
	party, err := site.relyingParty()
	if err != nil {
		return in, added, nil, err
	}
	codes, hashes := newRecoveryCodes()
	in, err = i.changeFactors(token, func(a *Account) error {
		setup, err := i.setup(token, a, setupPasskey)
		if err != nil {
			return err
		}
		key, err := party.CreateCredential(passkeyOwner{a, site.Host}, *setup.Passkey, parsed)
		if err != nil {
			return invalidPasskey(err)
		}
		key.Attestation = webauthn.CredentialAttestation{} // is not checked
		f := &a.Factors
		if err := f.roomForPasskey(); err != nil {
			return err
		}
		if slices.ContainsFunc(f.Passkeys, func(p Passkey) bool { return bytes.Equal(p.Credential.ID, key.ID) }) {
			return oplog.Refuse(oplog.CodeConflict, "passkey-exists", "The account has this passkey already.")
		}
		if recovery = nil; !f.Any() {
			recovery, f.Recovery = codes, hashes
		}
		added = Passkey{Name: name, Host: site.Host, Credential: *key, CreatedAt: i.now().UTC()}
		f.Passkeys = append(slices.Clone(f.Passkeys), added)
		return nil
	})
	if err == nil {
		err = i.endSetup(in.Session)
	}
	return in, added, recovery, err
}

// invalidPasskey returns the error for a passkey that its browser did not make for this account, site and request.
func invalidPasskey(err error) error {
	reason := err.Error()
	var told *protocol.Error
	if errors.As(err, &told) {
		reason = told.Details
	}
	return oplog.InvalidField("credential", nil, "passkey_invalid", "is not a passkey made for this request: {reason}", reason)
}

// RemovePasskey removes a passkey of a session's account.
func (i *Identity) RemovePasskey(token, id string, up StepUp) (in SignedIn, removed Passkey, err error) {
	in, err = i.changeFactors(token, func(a *Account) error {
		if err := i.stepUp(token, a, up); err != nil {
			return err
		}
		at := slices.IndexFunc(a.Factors.Passkeys, func(p Passkey) bool { return p.ID() == id })
		if at < 0 {
			return oplog.Refuse(oplog.CodeNotFound, "passkey-unknown", "The account has no such passkey.")
		}
		removed = a.Factors.Passkeys[at]
		a.Factors.Passkeys = slices.Delete(slices.Clone(a.Factors.Passkeys), at, at+1)
		return nil
	})
	return in, removed, err
}

// BeginAssertion returns what a browser needs to prove a passkey, in a session that waits for it or to confirm who it is.
func (i *Identity) BeginAssertion(token string, site Site) (*protocol.PublicKeyCredentialRequestOptions, error) {
	session, account, err := i.ownSession(token)
	switch {
	case err != nil:
		return nil, err
	case !account.Factors.HasPasskey(site.Host):
		return nil, oplog.Refuse(oplog.CodeConflict, "passkey-missing", "The account has no passkey for {host}.", site.Host)
	}
	party, err := site.relyingParty()
	if err != nil {
		return nil, err
	}
	options, data, err := party.BeginLogin(passkeyOwner{&account, site.Host})
	if err != nil {
		return nil, fmt.Errorf("begin signing in with a passkey: %w", err)
	}
	return &options.Response, i.storeSetup(session, factorSetup{Assertion: data})
}

// usePasskey checks what a browser signed with a passkey, and keeps its counter: one that does not grow may be that of a copied key.
func (i *Identity) usePasskey(a *Account, session Session, p Proof) error {
	setup := session.Setup
	if setup == nil || setup.Assertion == nil || i.now().Sub(setup.At) >= setupLife {
		return ErrWrongFactor
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(p.Passkey)
	if err != nil {
		return ErrWrongFactor
	}
	party, err := p.Site.relyingParty()
	if err != nil {
		return err
	}
	key, err := party.ValidateLogin(passkeyOwner{a, p.Site.Host}, *setup.Assertion, parsed)
	if err != nil || key.Authenticator.CloneWarning {
		return ErrWrongFactor
	}
	a.Factors.Passkeys = slices.Clone(a.Factors.Passkeys)
	for at := range a.Factors.Passkeys {
		if used := &a.Factors.Passkeys[at]; used.Host == p.Site.Host && bytes.Equal(used.Credential.ID, key.ID) {
			used.Credential, used.LastUsedAt = *key, i.now().UTC()
		}
	}
	return nil
}
