package oplog

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"time"
)

// KeyScope is what a program may do with an API key.
type KeyScope string

// The scopes of API keys.
const (
	ScopeWrite  KeyScope = "write"  // record entries, replace the organization tree
	ScopeRead   KeyScope = "read"   // read and export
	ScopeLaunch KeyScope = "launch" // sign launch tokens
)

// KeyScopes lists all scopes.
var KeyScopes = []KeyScope{ScopeWrite, ScopeRead, ScopeLaunch}

// APIKey is a program's key to one tenant. The key itself is shown once, when
// it is made; what is kept is its hash.
type APIKey struct {
	ID        string    `json:"id"` // the first characters of the key, to tell keys apart
	Hash      string    `json:"hash"`
	Tenant    string    `json:"tenant"`
	Scope     KeyScope  `json:"scope"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	Secret    string    `json:"secret,omitempty"` // of launch keys alone, whose signatures it checks

	LastUsedAt time.Time `json:"last_used_at,omitzero"` // to about a minute
}

// secret returns 32 random bytes as text, and the hash that is kept of it.
func secret(prefix string) (text, hash string) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	text = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return text, hashOf(text)
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// AddKey makes an API key and returns it with its text, which is shown this
// once.
func (l *Log) AddKey(tenant string, scope KeyScope, name string) (APIKey, string, error) {
	if _, err := l.tenant(tenant); err != nil {
		return APIKey{}, "", err
	}
	v := validation{}
	v.text("name", name, 1, MaxUserLength)
	if !slices.Contains(KeyScopes, scope) {
		v.fail("scope", string(scope), "is not one of write, read, launch")
	}
	if len(v.errors) > 0 {
		return APIKey{}, "", &Error{Code: CodeInvalid, Message: "The key breaks a rule.", Fields: v.errors}
	}
	text, hash := secret("oplog_" + string(scope) + "_")
	key := APIKey{
		ID: text[:len("oplog_")+len(scope)+1+8], Hash: hash, Tenant: tenant, Scope: scope, Name: name, CreatedAt: l.now().UTC(),
	}
	if scope == ScopeLaunch {
		key.Secret = text // signatures are checked with the key itself
	}
	return key, text, createRecord(l.store, RecordKey, hash, key)
}

// Key returns the API key with that text, or CodeUnauthenticated for one that
// does not exist or was revoked. That it was used is noted.
func (l *Log) Key(text string) (APIKey, error) {
	key, err := l.KeyByHash(hashOf(text))
	if err == nil {
		l.keyUsed(key)
	}
	return key, err
}

func (l *Log) keyUsed(key APIKey) {
	markUsed(l, RecordKey, key.Hash, key.LastUsedAt, func(k *APIKey, at time.Time) {
		k.LastUsedAt = at
		l.forgetKey(k.Hash)
	})
}

func (l *Log) forgetKey(hash string) {
	l.keysMu.Lock()
	defer l.keysMu.Unlock()
	delete(l.keys, hash)
}

// KeyByHash is Key for who has kept the hash; it notes no use.
func (l *Log) KeyByHash(hash string) (APIKey, error) {
	l.keysMu.Lock() // also while it is read, so that nobody keeps what was revoked meanwhile
	defer l.keysMu.Unlock()
	if key, known := l.keys[hash]; known {
		return key, nil
	}
	key, err := readRecord[APIKey](l.store, RecordKey, hash)
	if CodeOf(err) == CodeNotFound || err == nil && !key.RevokedAt.IsZero() {
		return APIKey{}, Errorf(CodeUnauthenticated, "This key is not known, or was revoked.")
	}
	if err == nil {
		l.keys[hash] = key
	}
	return key, err
}

// Keys lists the API keys of a tenant, revoked ones too, or all where tenant
// is "".
func (l *Log) Keys(tenant string) ([]APIKey, error) {
	all, err := listRecords[APIKey](l.store, RecordKey, "")
	if err != nil {
		return nil, err
	}
	if tenant != "" {
		all = slices.DeleteFunc(all, func(k APIKey) bool { return k.Tenant != tenant })
	}
	slices.SortFunc(all, func(a, b APIKey) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, nil
}

// RevokeKey ends the key with that id, at once.
func (l *Log) RevokeKey(tenant, id string) (APIKey, error) {
	keys, err := l.Keys(tenant)
	if err != nil {
		return APIKey{}, err
	}
	i := slices.IndexFunc(keys, func(k APIKey) bool { return k.ID == id })
	if i < 0 {
		return APIKey{}, Errorf(CodeNotFound, "There is no key %s.", id)
	}
	defer l.forgetKey(keys[i].Hash)
	return changeRecord(l.store, RecordKey, keys[i].Hash, func(k *APIKey, _ bool) (bool, error) {
		if k.RevokedAt.IsZero() {
			k.RevokedAt = l.now().UTC()
		}
		return false, nil
	})
}
