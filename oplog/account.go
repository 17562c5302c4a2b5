package oplog

import (
	"slices"
	"strings"
	"time"
)

// Role is what an account may do.
type Role string

// The roles, from the most to the least.
const (
	RoleOwner   Role = "owner"   // every tenant, everything
	RoleAdmin   Role = "admin"   // own tenant: sees, exports, administers
	RoleAuditor Role = "auditor" // own tenant: sees and exports
	RoleMember  Role = "member"  // nothing
)

// Roles lists all roles.
var Roles = []Role{RoleOwner, RoleAdmin, RoleAuditor, RoleMember}

// Account is a person who may sign in.
type Account struct {
	Username     string    `json:"username"`
	Name         string    `json:"name,omitempty"` // to show; of people whom the host system vouches for
	Role         Role      `json:"role"`
	Tenant       string    `json:"tenant,omitempty"`       // "" for an owner
	Organization string    `json:"organization,omitempty"` // sees only what is below it; "" for all
	Locale       string    `json:"locale"`
	PasswordHash string    `json:"password_hash"` // argon2id, in PHC form
	Disabled     bool      `json:"disabled,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
}

// owns tells whether the account can do what an owner does.
func (a *Account) owns() bool { return a.Role == RoleOwner && !a.Disabled }

// stamp changes with whatever a session of the account rests on.
func (a *Account) stamp() string {
	return hashOf(strings.Join([]string{a.PasswordHash, string(a.Role), a.Tenant, a.Organization}, "\x00"))
}

func (a *Account) validate() []FieldError {
	v := validation{}
	v.text("username", a.Username, 1, MaxIDLength)
	if strings.Contains(a.Username, "/") {
		v.fail("username", a.Username, "holds a slash, which addresses cannot have in a name")
	}
	if !slices.Contains(Roles, a.Role) {
		v.fail("role", string(a.Role), "is not one of owner, admin, auditor, member")
	}
	if a.Role == RoleOwner && a.Tenant != "" {
		v.fail("tenant", a.Tenant, "is not for an owner, who sees every tenant; leave it out")
	}
	if a.Role != RoleOwner && a.Tenant == "" {
		v.fail("tenant", nil, "is needed for role %s", a.Role)
	}
	if a.Organization != "" && a.Role != RoleAdmin && a.Role != RoleAuditor {
		v.fail("organization", a.Organization, "narrows what an admin or auditor sees; role %s has none", a.Role)
	}
	if a.Locale == "" {
		a.Locale = LocaleEN
	}
	if a.Locale != LocaleEN && a.Locale != LocaleZH {
		v.fail("locale", a.Locale, "is not one of en, zh-CN")
	}
	return v.errors
}

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
