package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// KeyScope is the scope of an API key, which determines its permissions.
type KeyScope string

// The scopes of API keys.
const (
	ScopeWrite  KeyScope = "write"  // record entries, replace the organization tree
	ScopeRead   KeyScope = "read"   // read and export
	ScopeLaunch KeyScope = "launch" // sign launch tokens
)

// KeyScopes lists all scopes.
var KeyScopes = []KeyScope{ScopeWrite, ScopeRead, ScopeLaunch}

// APIKey is an API key for one tenant. The key's text is shown once, when it is created; only its hash is stored.
type APIKey struct {
	ID        string    `json:"id"` // the first characters of the key, to tell keys apart
	Hash      string    `json:"hash"`
	Tenant    string    `json:"tenant"`
	Scope     KeyScope  `json:"scope"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	Secret    string    `json:"secret,omitempty"` // launch keys only: verifies signatures

	LastUsedAt time.Time `json:"last_used_at,omitzero"` // accurate to about a minute
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

// AddKey creates an API key and returns it with its text, which is not stored.
func (i *Identity) AddKey(tenant string, scope KeyScope, name string) (APIKey, string, error) {
	if _, err := i.directory.State(tenant); err != nil {
		return APIKey{}, "", err
	}
	v := oplog.Validation{}
	v.Text("name", name, 1, oplog.MaxUserLength)
	if !slices.Contains(KeyScopes, scope) {
		v.Fail("scope", string(scope), "is not one of write, read, launch")
	}
	if len(v.Errors) > 0 {
		return APIKey{}, "", &oplog.Error{Code: oplog.CodeInvalid, Message: "The key is invalid.", Fields: v.Errors}
	}
	text, hash := newSecret("oplog_" + string(scope) + "_")
	key := APIKey{
		ID: text[:len("oplog_")+len(scope)+1+8], Hash: hash, Tenant: tenant, Scope: scope, Name: name, CreatedAt: i.now().UTC(),
	}
	if scope == ScopeLaunch {
		key.Secret = text // needed to verify signatures
	}
	return key, text, records.Create(i.records, oplog.RecordKey, hash, key)
}

// Key returns the API key with the given text and records its use; CodeUnauthenticated if it is unknown or revoked.
func (i *Identity) Key(text string) (APIKey, error) {
	key, err := i.KeyByHash(hashOf(text))
	if err == nil {
		i.keyUsed(key)
	}
	return key, err
}

func (i *Identity) keyUsed(key APIKey) {
	markUsed(i, oplog.RecordKey, key.Hash, key.LastUsedAt, func(k *APIKey, at time.Time) {
		k.LastUsedAt = at
	})
}

func (i *Identity) forgetKey(hash string) {
	i.keysMu.Lock()
	defer i.keysMu.Unlock()
	delete(i.keys, hash)
}

// KeyByHash is like Key, but takes the hash and does not record a use.
func (i *Identity) KeyByHash(hash string) (APIKey, error) {
	i.keysMu.Lock() // also during the read, so that a key revoked meanwhile is not cached
	defer i.keysMu.Unlock()
	if key, known := i.keys[hash]; known {
		return key, nil
	}
	key, err := records.Read[APIKey](i.records, oplog.RecordKey, hash)
	if oplog.CodeOf(err) == oplog.CodeNotFound || err == nil && !key.RevokedAt.IsZero() {
		return APIKey{}, oplog.Errorf(oplog.CodeUnauthenticated, "This API key is unknown or was revoked.")
	}
	if err == nil {
		i.keys[hash] = key
	}
	return key, err
}

// Keys lists the API keys of a tenant, including revoked ones, or all keys if tenant is "".
func (i *Identity) Keys(tenant string) ([]APIKey, error) {
	all, err := records.List[APIKey](i.records, oplog.RecordKey, "")
	if err != nil {
		return nil, err
	}
	if tenant != "" {
		all = slices.DeleteFunc(all, func(k APIKey) bool { return k.Tenant != tenant })
	}
	slices.SortFunc(all, func(a, b APIKey) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, nil
}

// RevokeKey revokes a key immediately.
func (i *Identity) RevokeKey(tenant, id string) (APIKey, error) {
	keys, err := i.Keys(tenant)
	if err != nil {
		return APIKey{}, err
	}
	at := slices.IndexFunc(keys, func(k APIKey) bool { return k.ID == id })
	if at < 0 {
		return APIKey{}, oplog.Errorf(oplog.CodeNotFound, "There is no key %s.", id)
	}
	return records.Change(i.records, oplog.RecordKey, keys[at].Hash, func(k *APIKey, _ bool) (bool, error) {
		if k.RevokedAt.IsZero() {
			k.RevokedAt = i.now().UTC()
		}
		return false, nil
	})
}
