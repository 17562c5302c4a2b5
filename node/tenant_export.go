package node

import (
	"context"
	"io"
	"slices"
	"time"

	"oplog/exports"
	"oplog/identity"
	"oplog/oplog"
	"oplog/records"
	"oplog/views"
)

// exportedAccount is an account without what it signs in with.
type exportedAccount struct {
	Username     string        `json:"username"`
	Name         string        `json:"name,omitempty"`
	Role         identity.Role `json:"role"`
	Organization string        `json:"organization,omitempty"`
	Locale       string        `json:"locale,omitempty"`
	Disabled     bool          `json:"disabled,omitempty"`
	SecondFactor bool          `json:"second_factor,omitempty"`
	CreatedAt    time.Time     `json:"created_at"`
	LastSignInAt time.Time     `json:"last_sign_in_at,omitzero"`
	ClosedAt     time.Time     `json:"closed_at,omitzero"`
}

// exportedKey is an API key without what it is checked by.
type exportedKey struct {
	ID         string            `json:"id"`
	Scope      identity.KeyScope `json:"scope"`
	Name       string            `json:"name"`
	CreatedAt  time.Time         `json:"created_at"`
	MadeBy     string            `json:"made_by,omitempty"`
	RevokedAt  time.Time         `json:"revoked_at,omitzero"`
	LastUsedAt time.Time         `json:"last_used_at,omitzero"`
	identity.KeyLimits
}

// ExportTenant writes a ZIP with everything of a tenant, which can be checked without the log; see [exports.TenantManifest]. The trail has to be told
// before, so that it has that entry, too. done is called now and then; nil for nobody.
func (l *Node) ExportTenant(ctx context.Context, tenant, by string, w io.Writer, done func(entries, of uint64)) (exports.TenantManifest, error) {
	t, err := l.Directory.Tenant(tenant)
	if err != nil {
		return exports.TenantManifest{}, err
	}
	l.Trail.Flush()
	return l.Exports.WriteTenant(ctx, exports.TenantExport{Tenant: t, By: by, Encode: l.encode, Parts: l.partsOf(tenant), Done: done}, w)
}

// partsOf returns what is set up of a tenant.
func (l *Node) partsOf(tenant string) []exports.TenantPart {
	of := func(read func(t oplog.TenantState) any) func() (any, error) {
		return func() (any, error) {
			t, err := l.Directory.State(tenant)
			return read(t), err
		}
	}
	return []exports.TenantPart{
		{Name: "tenant.json", Read: of(func(t oplog.TenantState) any { return t.Tenant })},
		{Name: "organizations.json", Read: of(func(t oplog.TenantState) any { return listed(t.Tree.List()) })},
		{Name: "catalog.json", Read: of(func(t oplog.TenantState) any { return t.Catalog })},
		{Name: "accounts.json", Read: func() (any, error) { return l.accountsOf(tenant) }},
		{Name: "keys.json", Read: func() (any, error) { return l.keysOf(tenant) }},
		{Name: "views.json", Read: func() (any, error) { return records.List[views.View](l.store, oplog.RecordView, tenant+"/") }},
		{Name: "holds.json", Read: of(func(t oplog.TenantState) any { return listed(t.Holds) })},
		{Name: exports.TenantDeletionsFile, Read: of(func(t oplog.TenantState) any { return listed(slices.Concat(t.Deletions, t.AccessDeletions)) })},
	}
}

// listed returns a list that is written as [] if it is empty.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (l *Node) accountsOf(tenant string) ([]exportedAccount, error) {
	accounts, err := l.Identity.Accounts(tenant)
	exported := make([]exportedAccount, len(accounts))
	for i := range accounts {
		a := &accounts[i]
		exported[i] = exportedAccount{
			a.Username, a.Name, a.Role, a.Organization, a.Locale, a.Disabled, a.Factors.Any(), a.CreatedAt, a.LastSignInAt, a.ClosedAt,
		}
	}
	return exported, err
}

func (l *Node) keysOf(tenant string) ([]exportedKey, error) {
	keys, err := l.Identity.Keys(tenant)
	exported := make([]exportedKey, len(keys))
	for i, k := range keys {
		exported[i] = exportedKey{k.ID, k.Scope, k.Name, k.CreatedAt, k.MadeBy, k.RevokedAt, k.LastUsedAt, k.KeyLimits}
	}
	return exported, err
}
