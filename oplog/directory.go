package oplog

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
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
	own, err := readRecord[Catalog](l.store, RecordCatalog, id)
	switch {
	case CodeOf(err) == CodeNotFound:
		t.catalog = BuiltInCatalog()
	case err != nil:
		return tenantState{}, err
	default:
		t.catalog = extended(own)
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
	t, err := l.tenant(tenant)
	return t.catalog, err
}

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

// Empty tells whether there is no account yet.
func (l *Log) Empty() (bool, error) {
	all, err := l.store.Records(RecordAccount, "")
	return len(all) == 0, err
}

// SetUp makes the first owner and the first tenant; CodeNotFound
// where there is an account.
func (l *Log) SetUp(owner Account, t Tenant) (Account, error) {
	l.accounts.Lock()
	defer l.accounts.Unlock()
	empty, err := l.Empty()
	if err == nil && !empty {
		err = Errorf(CodeNotFound, "There is an account already.")
	}
	if err != nil {
		return owner, err
	}
	if owner.Role != RoleOwner {
		return owner, fieldError("role", string(owner.Role), "is not owner, as the first account is")
	}
	broken := owner.validate()
	for _, f := range t.validate() {
		f.Location = "tenant." + f.Location
		broken = append(broken, f)
	}
	if len(broken) > 0 {
		return owner, &Error{Code: CodeInvalid, Message: "The set-up breaks a rule; nothing was made.", Fields: broken}
	}
	if _, err := l.AddTenant(t); err != nil {
		return owner, err
	}
	return l.addAccount(owner)
}

// AddAccount makes an account.
func (l *Log) AddAccount(a Account) (Account, error) {
	l.accounts.Lock()
	defer l.accounts.Unlock()
	return l.addAccount(a)
}

func (l *Log) addAccount(a Account) (Account, error) {
	if broken := a.validate(); len(broken) > 0 {
		return a, &Error{Code: CodeInvalid, Message: "The account breaks a rule.", Fields: broken}
	}
	if err := l.checkPlace(a); err != nil {
		return a, err
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

// checkPlace checks that an account's tenant and organization exist.
func (l *Log) checkPlace(a Account) error {
	if a.Tenant == "" {
		return nil
	}
	t, err := l.tenant(a.Tenant)
	if err != nil {
		return err
	}
	if _, known := t.tree.Find(a.Organization); a.Organization != "" && !known {
		return fieldError("organization", a.Organization, "is not in the tenant's tree")
	}
	return nil
}

// ChangeAccount changes an account; its name stays. Where that changes what it
// may do or how it signs in, its sessions end. The last owner that can sign in
// stays one: CodeConflict.
func (l *Log) ChangeAccount(username string, change func(*Account)) (Account, error) {
	l.accounts.Lock()
	defer l.accounts.Unlock()
	before, err := l.Account(username)
	if CodeOf(err) == CodeNotFound {
		return before, Errorf(CodeNotFound, "There is no account %s.", username)
	}
	if err != nil {
		return before, err
	}
	a := before
	change(&a)
	a.Username = username
	if broken := a.validate(); len(broken) > 0 {
		return before, &Error{Code: CodeInvalid, Message: "The account breaks a rule.", Fields: broken}
	}
	if a.Tenant != before.Tenant || a.Organization != before.Organization {
		if err := l.checkPlace(a); err != nil {
			return before, err
		}
	}
	if before.owns() && !a.owns() {
		if err := l.anotherOwner(username); err != nil {
			return before, err
		}
	}
	if _, err := changeRecord(l.store, RecordAccount, username, func(stored *Account, _ bool) (bool, error) {
		*stored = a
		return false, nil
	}); err != nil {
		return before, err
	}
	if a.Disabled != before.Disabled || a.stamp() != before.stamp() {
		return a, l.EndSessions(username)
	}
	return a, nil
}

// anotherOwner tells whether somebody else can do what an owner does.
func (l *Log) anotherOwner(username string) error {
	all, err := l.Accounts("")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(a Account) bool { return a.owns() && a.Username != username }) {
		return Errorf(CodeConflict, "%s is the only owner who can sign in; make another one first.", username)
	}
	return nil
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
	markUsed(l, RecordKey, key.Hash, key.LastUsedAt, func(k *APIKey, at time.Time) { k.LastUsedAt = at })
}

// KeyByHash is Key for who has kept the hash; it notes no use.
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
