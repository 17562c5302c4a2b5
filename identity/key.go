package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"time"

	"oplog/directory"
	"oplog/oplog"
	"oplog/records"
)

// KeyScope is the scope of an API key, which determines its permissions.
type KeyScope string

// The scopes of API keys.
const (
	ScopeWrite     KeyScope = "write"     // record entries
	ScopeRead      KeyScope = "read"      // read and export
	ScopeLaunch    KeyScope = "launch"    // sign launch tokens, end the sessions they started
	ScopeDirectory KeyScope = "directory" // replace the organization tree
	ScopeMetrics   KeyScope = "metrics"   // read the metrics
	ScopeBackup    KeyScope = "backup"    // download the backup, which contains every tenant
)

// KeyScopes lists all scopes.
var KeyScopes = []KeyScope{ScopeWrite, ScopeRead, ScopeLaunch, ScopeDirectory, ScopeMetrics, ScopeBackup}

// APIKey is an API key for one tenant. The key's text is shown once, when it is created; only its hash is stored.
type APIKey struct {
	ID        string    `json:"id"` // the first characters of the key, to tell keys apart
	Hash      string    `json:"hash"`
	Tenant    string    `json:"tenant"`
	Scope     KeyScope  `json:"scope"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	MadeBy    string    `json:"made_by,omitempty"` // the person, or MadeByCommand; "" if an earlier version made it
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	Secret    string    `json:"secret,omitempty"` // launch keys only: verifies signatures

	LastUsedAt time.Time `json:"last_used_at,omitzero"` // accurate to about a minute

	KeyLimits
}

// MadeByCommand is who made a key on the command line; no account can have that name.
const MadeByCommand = "/command"

// KeyLimits restrict the use of an API key.
type KeyLimits struct {
	ExpiresAt    time.Time `json:"expires_at,omitzero"`    // zero for never
	Addresses    []string  `json:"addresses,omitempty"`    // networks that it can be used from; none for anywhere
	Organization string    `json:"organization,omitempty"` // read keys only: restricts access as an account's organization does
}

// MaxKeyAddresses limits the number of networks of a key.
const MaxKeyAddresses = 64

// Expired reports whether a key has expired.
func (l *KeyLimits) Expired(now time.Time) bool {
	return !l.ExpiresAt.IsZero() && !now.Before(l.ExpiresAt)
}

// Allows reports whether a key can be used from an address.
func (l *KeyLimits) Allows(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return len(l.Addresses) == 0 || slices.ContainsFunc(l.Addresses, func(text string) bool {
		network, ok := oplog.ParseNetwork(text)
		return ok && network.Contains(a)
	})
}

// check validates the limits of a key of a scope, and normalizes the addresses.
func (l *KeyLimits) check(v *oplog.Validation, scope KeyScope, now time.Time) {
	if l.Expired(now) {
		v.Fail("expires_at", l.ExpiresAt, "in_the_past", "is in the past")
	}
	l.ExpiresAt = l.ExpiresAt.UTC()
	if len(l.Addresses) > MaxKeyAddresses {
		v.Fail("addresses", nil, "too_many", "has more than {max} networks", MaxKeyAddresses)
		return
	}
	l.Addresses = slices.Clone(l.Addresses)
	for i, text := range l.Addresses {
		network, ok := oplog.ParseNetwork(text)
		if !ok {
			v.Fail(fmt.Sprintf("addresses[%d]", i), text, "not_a_network", "is neither an address such as 192.0.2.7 nor a network such as 192.0.2.0/24")
			continue
		}
		l.Addresses[i] = network.String()
	}
	if l.Organization != "" && scope != ScopeRead {
		v.Fail("organization", l.Organization, "not_a_read_key", "applies to keys of scope read only")
	}
}

// newSecret returns 32 random bytes as text, and the hash to store.
func newSecret(prefix string) (text, hash string) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: crypto/rand aborts the program instead
	text = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return text, hashOf(text)
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// AddKey creates an API key without limits; see AddLimitedKey.
func (i *Identity) AddKey(tenant string, scope KeyScope, name string) (APIKey, string, error) {
	return i.AddLimitedKey(tenant, scope, name, MadeByCommand, KeyLimits{})
}

// AddLimitedKey creates an API key, which a person makes, and returns it with its text, which is not stored.
func (i *Identity) AddLimitedKey(tenant string, scope KeyScope, name, madeBy string, limits KeyLimits, checks ...directory.May) (APIKey, string, error) {
	if err := i.checkTenant(Account{Tenant: tenant, Organization: limits.Organization}); err != nil {
		return APIKey{}, "", err
	}
	v := oplog.Validation{}
	v.Name("name", name, 1, oplog.MaxUserLength)
	if !slices.Contains(KeyScopes, scope) {
		v.Fail("scope", string(scope), "not_one_of", "is not one of {allowed}", []string{"write", "read", "launch", "directory", "metrics", "backup"})
	}
	limits.check(&v, scope, i.now())
	if len(v.Errors) > 0 {
		return APIKey{}, "", &oplog.Error{Code: oplog.CodeInvalid, Message: "The key is invalid.", Fields: v.Errors}
	}
	i.newKeysMu.Lock()
	defer i.newKeysMu.Unlock()
	if err := i.checkRoomForKey(tenant); err != nil {
		return APIKey{}, "", err
	}
	text, hash := newSecret("oplog_" + string(scope) + "_")
	key := APIKey{
		ID: text[:len("oplog_")+len(scope)+1+8], Hash: hash, Tenant: tenant, Scope: scope, Name: name, CreatedAt: i.now().UTC(),
		MadeBy: madeBy, KeyLimits: limits,
	}
	if scope == ScopeLaunch {
		key.Secret = text // needed to verify signatures
	}
	return key, text, records.Create(i.changes, oplog.RecordKey, hash, key, func() error { return directory.Allowed(checks) })
}

// Reasons for rejecting a key, for programs.
const (
	ReasonKeyExpired = "key-expired"
	ReasonKeyAddress = "key-address"
)

// Key returns the API key with the given text if it can be used from an address, and records its use. The error is CodeUnauthenticated if it
// is unknown, revoked or expired, and CodeForbidden if it is used from elsewhere; the key is returned with both of the latter.
func (i *Identity) Key(text string, from netip.Addr) (APIKey, error) {
	key, err := i.KeyByHash(hashOf(text))
	if err == nil && !key.Allows(from) {
		err = &oplog.Error{Code: oplog.CodeForbidden, Reason: ReasonKeyAddress, Message: "This API key cannot be used from this address."}
	}
	if err == nil {
		i.keyUsed(key)
	}
	return key, err
}

func (i *Identity) keyUsed(key APIKey) {
	markUsed(i, oplog.RecordKey, key.Hash, key.LastUsedAt, func(k *APIKey) *time.Time { return &k.LastUsedAt })
}

func (i *Identity) forgetKey(hash string) {
	i.keysMu.Lock()
	defer i.keysMu.Unlock()
	delete(i.keys, hash)
}

// KeyByHash is like Key, but takes the hash, and neither checks the address nor records a use.
func (i *Identity) KeyByHash(hash string) (APIKey, error) {
	key, err := i.unrevokedKey(hash)
	if err == nil && key.Expired(i.now()) {
		err = &oplog.Error{
			Code: oplog.CodeUnauthenticated, Reason: ReasonKeyExpired, Message: "This API key has expired; ask an admin for a new one.",
		}
	}
	return key, err
}

func (i *Identity) unrevokedKey(hash string) (APIKey, error) {
	i.keysMu.Lock() // also during the read, so that a key revoked meanwhile is not cached
	defer i.keysMu.Unlock()
	if key, known := i.keys[hash]; known {
		return key, nil
	}
	key, err := records.Read[APIKey](i.records, oplog.RecordKey, hash)
	if oplog.CodeOf(err) == oplog.CodeNotFound || err == nil && !key.RevokedAt.IsZero() {
		return key, oplog.Errorf(oplog.CodeUnauthenticated, "This API key is unknown or was revoked.")
	}
	if err == nil {
		i.keys[hash] = key
	}
	return key, err
}

// Keys lists the API keys of a tenant, including revoked ones, or all keys if tenant is "". It leaves out those whose records are damaged, as
// their tenants are not known; see Damage.
func (i *Identity) Keys(tenant string) ([]APIKey, error) {
	return i.keysWhere(func(k *APIKey) bool { return tenant == "" || k.Tenant == tenant })
}

// keysWhere lists the API keys for which keep returns true, oldest first.
func (i *Identity) keysWhere(keep func(*APIKey) bool) ([]APIKey, error) {
	all, err := records.WithoutDamage(records.Where(i.records, oplog.RecordKey, "", keep))
	if err != nil {
		return nil, err
	}
	sort.Slice(all, func(i, j int) bool { return all[i].CreatedAt.Before(all[j].CreatedAt) })
	return all, nil
}

// RevokeKey revokes a key immediately.
func (i *Identity) RevokeKey(tenant, id string, checks ...directory.May) (APIKey, error) {
	keys, err := i.Keys(tenant)
	if err != nil {
		return APIKey{}, err
	}
	at := slices.IndexFunc(keys, func(k APIKey) bool { return k.ID == id })
	if at < 0 {
		if err := records.Damage[APIKey](i.records, oplog.RecordKey); err != nil {
			return APIKey{}, err // it may be that one
		}
		return APIKey{}, oplog.Errorf(oplog.CodeNotFound, "There is no key %s.", id)
	}
	return records.Change(i.changes, oplog.RecordKey, keys[at].Hash, func(k *APIKey, _ bool) (bool, error) {
		if k.RevokedAt.IsZero() {
			k.RevokedAt = i.now().UTC()
		}
		return false, directory.Allowed(checks)
	})
}
