package identity

import (
	"slices"
	"strings"
	"time"

	"oplog/oplog"
	"oplog/records"
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
	Name         string    `json:"name,omitempty"` // to show; "" for the username
	Role         Role      `json:"role"`
	Tenant       string    `json:"tenant,omitempty"`       // "" for an owner
	Organization string    `json:"organization,omitempty"` // sees only what is below it; "" for all
	Locale       string    `json:"locale"`                 // "" until the first sign-in chooses it
	PasswordHash string    `json:"password_hash"`          // argon2id, in PHC form
	Disabled     bool      `json:"disabled,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	LastSignInAt time.Time `json:"last_sign_in_at,omitzero"`
	Launched     bool      `json:"launched,omitempty"` // no stored account: the host system vouches for the person
}

// owns reports whether the account can do what an owner does.
func (a *Account) owns() bool { return a.Role == RoleOwner && !a.Disabled }

// stamp changes with whatever a session of the account rests on.
func (a *Account) stamp() string {
	return hashOf(strings.Join([]string{a.PasswordHash, string(a.Role), a.Tenant, a.Organization}, "\x00"))
}

func (a *Account) validate() []oplog.FieldError {
	v := oplog.Validation{}
	v.Text("username", a.Username, 1, oplog.MaxIDLength)
	v.Text("name", a.Name, 0, oplog.MaxUserLength)
	if strings.Contains(a.Username, "/") {
		v.Fail("username", a.Username, "holds a slash, which addresses cannot have in a name")
	}
	if !slices.Contains(Roles, a.Role) {
		v.Fail("role", string(a.Role), "is not one of owner, admin, auditor, member")
	}
	if a.Role == RoleOwner && a.Tenant != "" {
		v.Fail("tenant", a.Tenant, "is not for an owner, who sees every tenant; leave it out")
	}
	if a.Role != RoleOwner && a.Tenant == "" {
		v.Fail("tenant", nil, "is required for role %s", a.Role)
	}
	if a.Organization != "" && a.Role != RoleAdmin && a.Role != RoleAuditor {
		v.Fail("organization", a.Organization, "narrows what an admin or auditor sees; role %s has none", a.Role)
	}
	if a.Locale != "" && a.Locale != oplog.LocaleEN && a.Locale != oplog.LocaleZH {
		v.Fail("locale", a.Locale, "is not one of en, zh-CN")
	}
	return v.Errors
}

// Accounts lists the accounts of a tenant, or all where tenant is "".
func (i *Identity) Accounts(tenant string) ([]Account, error) {
	all, err := records.List[Account](i.records, oplog.RecordAccount, "")
	if err != nil || tenant == "" {
		return all, err
	}
	return slices.DeleteFunc(all, func(a Account) bool { return a.Tenant != tenant }), nil
}

// Account returns an account, or CodeNotFound.
func (i *Identity) Account(username string) (Account, error) {
	return records.Read[Account](i.records, oplog.RecordAccount, username)
}

// Empty reports whether there is no account yet.
func (i *Identity) Empty() (bool, error) {
	all, err := i.records.Records(oplog.RecordAccount, "")
	return len(all) == 0, err
}

// SetUp makes the first owner and the first tenant; CodeNotFound
// where there is an account.
func (i *Identity) SetUp(owner Account, t oplog.Tenant) (Account, error) {
	i.accounts.Lock()
	defer i.accounts.Unlock()
	empty, err := i.Empty()
	if err == nil && !empty {
		err = oplog.Errorf(oplog.CodeNotFound, "There is an account already.")
	}
	if err != nil {
		return owner, err
	}
	if owner.Role != RoleOwner {
		return owner, oplog.InvalidField("role", string(owner.Role), "is not owner, as the first account is")
	}
	broken := owner.validate()
	for _, f := range t.Validate() {
		f.Field = "tenant." + f.Field
		broken = append(broken, f)
	}
	if len(broken) > 0 {
		return owner, &oplog.Error{Code: oplog.CodeInvalid, Message: "Setup failed: some fields are invalid.", Fields: broken}
	}
	if _, err := i.directory.AddTenant(t); err != nil {
		return owner, err
	}
	return i.addAccount(owner)
}

// AddAccount makes an account.
func (i *Identity) AddAccount(a Account) (Account, error) {
	i.accounts.Lock()
	defer i.accounts.Unlock()
	return i.addAccount(a)
}

func (i *Identity) addAccount(a Account) (Account, error) {
	if broken := a.validate(); len(broken) > 0 {
		return a, &oplog.Error{Code: oplog.CodeInvalid, Message: "The account is invalid.", Fields: broken}
	}
	if err := i.checkPlace(a); err != nil {
		return a, err
	}
	a.CreatedAt = i.now().UTC()
	if err := records.Create(i.records, oplog.RecordAccount, a.Username, a); err != nil {
		if oplog.CodeOf(err) == oplog.CodeConflict {
			return a, oplog.Errorf(oplog.CodeConflict, "Account %s already exists.", a.Username)
		}
		return a, err
	}
	return a, nil
}

// checkPlace checks that an account's tenant and organization exist. A tenant
// without a tree, which is told to a running server alone, may have accounts
// first: they see nothing until their organization is there.
func (i *Identity) checkPlace(a Account) error {
	if a.Tenant == "" {
		return nil
	}
	t, err := i.directory.State(a.Tenant)
	if err != nil {
		return err
	}
	if _, known := t.Tree.Find(a.Organization); a.Organization != "" && !known && len(t.Tree) > 0 {
		return oplog.InvalidField("organization", a.Organization, "is not in the tenant's tree")
	}
	return nil
}

// ChangeAccount changes an account; its name stays. Where that changes what it
// may do or how it signs in, its sessions end. The last owner that can sign in
// stays one: CodeConflict.
func (i *Identity) ChangeAccount(username string, change func(*Account)) (Account, error) {
	i.accounts.Lock()
	defer i.accounts.Unlock()
	before, err := i.Account(username)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return before, oplog.Errorf(oplog.CodeNotFound, "There is no account %s.", username)
	}
	if err != nil {
		return before, err
	}
	a := before
	change(&a)
	a.Username = username
	if broken := a.validate(); len(broken) > 0 {
		return before, &oplog.Error{Code: oplog.CodeInvalid, Message: "The account is invalid.", Fields: broken}
	}
	if a.Tenant != before.Tenant || a.Organization != before.Organization {
		if err := i.checkPlace(a); err != nil {
			return before, err
		}
	}
	if before.owns() && !a.owns() {
		if err := i.anotherOwner(username); err != nil {
			return before, err
		}
	}
	if _, err := records.Change(i.records, oplog.RecordAccount, username, func(stored *Account, _ bool) (bool, error) {
		a.LastSignInAt = stored.LastSignInAt // who signs in meanwhile has done so
		*stored = a
		return false, nil
	}); err != nil {
		return before, err
	}
	if a.Disabled != before.Disabled || a.stamp() != before.stamp() {
		return a, i.EndSessions(username)
	}
	return a, nil
}

// anotherOwner reports whether somebody else can do what an owner does.
func (i *Identity) anotherOwner(username string) error {
	all, err := i.Accounts("")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(a Account) bool { return a.owns() && a.Username != username }) {
		return oplog.Errorf(oplog.CodeConflict, "%s is the only owner who can sign in; make another one first.", username)
	}
	return nil
}

// Person names who somebody is, across sessions. People whom the host system
// vouches for have no account, and may be called as one is.
func (a *Account) Person() string {
	if a.Launched {
		return "host/" + a.Username
	}
	return a.Username
}
