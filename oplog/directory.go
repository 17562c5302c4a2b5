package oplog

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// tenant returns a tenant's state, reading it on first use.
func (l *Log) tenant(id string) (tenantState, error) {
	l.mu.RLock()
	t, ok := l.tenants[id]
	l.mu.RUnlock()
	if ok {
		return t, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.readTenant(id)
}

// readTenant reads a tenant's state, and is called with the lock held.
func (l *Log) readTenant(id string) (tenantState, error) {
	record, err := readRecord[Tenant](l.store, RecordTenant, id)
	if CodeOf(err) == CodeNotFound {
		return tenantState{}, Errorf(CodeNotFound, "There is no tenant %s.", id)
	}
	if err != nil {
		return tenantState{}, err
	}
	t := tenantState{Tenant: record}
	t.tree, err = readRecord[Tree](l.store, RecordOrganizations, id)
	if err != nil && CodeOf(err) != CodeNotFound {
		return tenantState{}, err
	}
	l.tenants[id] = t
	return t, nil
}

// Tenant returns a tenant.
func (l *Log) Tenant(id string) (Tenant, error) {
	t, err := l.tenant(id)
	return t.Tenant, err
}

// Tenants lists all tenants, by id.
func (l *Log) Tenants() ([]Tenant, error) { return listRecords[Tenant](l.store, RecordTenant, "") }

// AddTenant makes a tenant.
func (l *Log) AddTenant(t Tenant) (Tenant, error) {
	if broken := t.validate(); len(broken) > 0 {
		return t, &Error{Code: CodeInvalid, Message: "The tenant breaks a rule.", Fields: broken}
	}
	if err := createRecord(l.store, RecordTenant, t.ID, t); err != nil {
		if CodeOf(err) == CodeConflict {
			return t, Errorf(CodeConflict, "Tenant %s already exists.", t.ID)
		}
		return t, err
	}
	return t, nil
}

// ChangeTenant changes a tenant's settings; its id stays.
func (l *Log) ChangeTenant(id string, change func(*Tenant)) (Tenant, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, err := changeRecord(l.store, RecordTenant, id, func(t *Tenant, exists bool) (bool, error) {
		if !exists {
			return false, Errorf(CodeNotFound, "There is no tenant %s.", id)
		}
		change(t)
		t.ID = id
		if broken := t.validate(); len(broken) > 0 {
			return false, &Error{Code: CodeInvalid, Message: "The tenant breaks a rule.", Fields: broken}
		}
		return false, nil
	})
	delete(l.tenants, id)
	return t, err
}

// Catalog returns the catalog of a tenant.
func (l *Log) Catalog(tenant string) (*Catalog, error) {
	if _, err := l.tenant(tenant); err != nil {
		return nil, err
	}
	return l.catalog(tenant), nil
}

func (l *Log) catalog(string) *Catalog { return BuiltInCatalog() }

// Organizations returns a tenant's tree, or the part of it that a scope (an
// organization, "" for all) lets see. Where data permission is off there is
// none: CodeInvalid.
func (l *Log) Organizations(tenant, scope string) (Tree, error) {
	t, err := l.tenant(tenant)
	if err != nil {
		return nil, err
	}
	if !t.DataPermission {
		return nil, Errorf(CodeInvalid, "This tenant's data permission is off, so it has no tree of organizations.")
	}
	if scope != "" {
		return t.tree.Subtree(scope), nil
	}
	return t.tree, nil
}

// changeTree replaces a tenant's tree by what change makes of it.
func (l *Log) changeTree(tenant string, change func(Tree) Tree) (Tree, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, err := l.readTenant(tenant)
	if err != nil {
		return nil, err
	}
	t.tree, err = changeRecord(l.store, RecordOrganizations, tenant, func(tree *Tree, _ bool) (bool, error) {
		*tree = change(*tree)
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	l.tenants[tenant] = t
	return t.tree, nil
}

// SetOrganizations replaces a tenant's tree. An organization that is left out
// and still has entries stays, marked as archived.
func (l *Log) SetOrganizations(ctx context.Context, tenant string, next Tree) (Tree, error) {
	if broken := next.validate(); len(broken) > 0 {
		return nil, &Error{Code: CodeInvalid, Message: "The tree of organizations breaks a rule; it was not changed.", Fields: broken}
	}
	if _, err := l.tenant(tenant); err != nil {
		return nil, err
	}
	counts, err := l.index.Count(ctx, tenant, Match{}, nil)
	if err != nil {
		return nil, err
	}
	return l.changeTree(tenant, func(tree Tree) Tree {
		return tree.replacedBy(next, func(id string) bool { return counts.Organizations[id] > 0 })
	})
}

// learnOrganizations adds organizations that entries name and the tree does
// not know.
func (l *Log) learnOrganizations(t tenantState, entries []Entry) error {
	known := make(map[string]bool, len(t.tree))
	for _, o := range t.tree {
		known[o.ID] = true
	}
	var unknown []Ref
	for i := range entries {
		if ref := entries[i].Organization; ref.ID != "" && !known[ref.ID] {
			known[ref.ID] = true
			unknown = append(unknown, ref)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	_, err := l.changeTree(t.ID, func(tree Tree) Tree { return tree.with(unknown) })
	return err
}

// Accounts lists the accounts of a tenant, or all where tenant is "".
func (l *Log) Accounts(tenant string) ([]Account, error) {
	all, err := listRecords[Account](l.store, RecordAccount, "")
	if err != nil || tenant == "" {
		return all, err
	}
	return slices.DeleteFunc(all, func(a Account) bool { return a.Tenant != tenant }), nil
}

// Account returns an account, or CodeNotFound.
func (l *Log) Account(username string) (Account, error) {
	return readRecord[Account](l.store, RecordAccount, username)
}

// AddAccount makes an account.
func (l *Log) AddAccount(a Account) (Account, error) {
	if broken := a.validate(); len(broken) > 0 {
		return a, &Error{Code: CodeInvalid, Message: "The account breaks a rule.", Fields: broken}
	}
	if a.Tenant != "" {
		t, err := l.tenant(a.Tenant)
		if err != nil {
			return a, err
		}
		if _, known := t.tree.Find(a.Organization); a.Organization != "" && !known {
			return a, fieldError("organization", a.Organization, "is not in the tenant's tree")
		}
	}
	a.CreatedAt = l.now().UTC()
	if err := createRecord(l.store, RecordAccount, a.Username, a); err != nil {
		if CodeOf(err) == CodeConflict {
			return a, Errorf(CodeConflict, "Account %s already exists.", a.Username)
		}
		return a, err
	}
	return a, nil
}

// ChangeAccount changes an account; its name stays.
func (l *Log) ChangeAccount(username string, change func(*Account)) (Account, error) {
	return changeRecord(l.store, RecordAccount, username, func(a *Account, exists bool) (bool, error) {
		if !exists {
			return false, Errorf(CodeNotFound, "There is no account %s.", username)
		}
		change(a)
		a.Username = username
		if broken := a.validate(); len(broken) > 0 {
			return false, &Error{Code: CodeInvalid, Message: "The account breaks a rule.", Fields: broken}
		}
		return false, nil
	})
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
// does not exist or was revoked.
func (l *Log) Key(text string) (APIKey, error) { return l.KeyByHash(hashOf(text)) }

// KeyByHash is Key for who has kept the hash.
func (l *Log) KeyByHash(hash string) (APIKey, error) {
	key, err := readRecord[APIKey](l.store, RecordKey, hash)
	if CodeOf(err) == CodeNotFound || err == nil && !key.RevokedAt.IsZero() {
		return APIKey{}, Errorf(CodeUnauthenticated, "This key is not known, or was revoked.")
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
	return changeRecord(l.store, RecordKey, keys[i].Hash, func(k *APIKey, _ bool) (bool, error) {
		if k.RevokedAt.IsZero() {
			k.RevokedAt = l.now().UTC()
		}
		return false, nil
	})
}

// sessionLife is how long a session lasts.
const sessionLife = 12 * time.Hour

// StartSession signs an account in and returns the session's token, of which
// only the hash is kept.
func (l *Log) StartSession(username string) (Session, string, error) {
	token, hash := secret("")
	now := l.now().UTC()
	session := Session{Username: username, CreatedAt: now, ExpiresAt: now.Add(sessionLife)}
	return session, token, createRecord(l.store, RecordSession, hash, session)
}

// SessionAccount returns the account that a session's token stands for, or
// CodeUnauthenticated.
func (l *Log) SessionAccount(token string) (Account, error) {
	ended := Errorf(CodeUnauthenticated, "Sign in to go on.")
	session, err := readRecord[Session](l.store, RecordSession, hashOf(token))
	if CodeOf(err) == CodeNotFound {
		return Account{}, ended
	}
	if err != nil {
		return Account{}, err
	}
	if !l.now().Before(session.ExpiresAt) {
		return Account{}, ended
	}
	account, err := l.Account(session.Username)
	if CodeOf(err) == CodeNotFound || err == nil && account.Disabled {
		return Account{}, ended
	}
	return account, err
}

// EndSession signs out.
func (l *Log) EndSession(token string) error {
	return l.store.ChangeRecord(RecordSession, hashOf(token), func([]byte) ([]byte, error) { return nil, nil })
}

// EndSessions signs an account out everywhere, and clears what has expired.
func (l *Log) EndSessions(username string) error {
	found, err := l.store.Records(RecordSession, "")
	if err != nil {
		return err
	}
	for _, r := range found {
		var s Session
		if err := json.Unmarshal(r.Data, &s); err == nil && s.Username != username && l.now().Before(s.ExpiresAt) {
			continue
		}
		if err := l.store.ChangeRecord(RecordSession, r.Name, func([]byte) ([]byte, error) { return nil, nil }); err != nil {
			return err
		}
	}
	return nil
}
