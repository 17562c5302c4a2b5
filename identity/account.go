package identity

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"oplog/directory"
	"oplog/oplog"
	"oplog/records"
)

// Role is the role of an account, which determines its permissions.
type Role string

// The roles, from most to least privileged.
const (
	RoleOwner   Role = "owner"   // all tenants, all permissions
	RoleAdmin   Role = "admin"   // own tenant: read, export, administer
	RoleAuditor Role = "auditor" // own tenant: read and export
	RoleMember  Role = "member"  // no access
)

// Roles lists all roles.
var Roles = []Role{RoleOwner, RoleAdmin, RoleAuditor, RoleMember}

// Account is a person who may sign in.
type Account struct {
	Username     string    `json:"username"`
	Name         string    `json:"name,omitempty"` // display name; "" for the username
	Role         Role      `json:"role"`
	Tenant       string    `json:"tenant,omitempty"`       // "" for an owner
	Organization string    `json:"organization,omitempty"` // restricts access to this organization and its descendants; "" for all
	Locale       string    `json:"locale"`                 // "" until the first sign-in sets it
	PasswordHash string    `json:"password_hash"`          // argon2id, in PHC format
	Disabled     bool      `json:"disabled,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	LastSignInAt time.Time `json:"last_sign_in_at,omitzero"`
	MustChange   bool      `json:"must_change,omitempty"`  // the password, before anything else
	SignedOutAt  time.Time `json:"signed_out_at,omitzero"` // everywhere, by an admin
	Factors      Factors   `json:"factors,omitzero"`
	ClosedAt     time.Time `json:"closed_at,omitzero"` // for good; see CloseAccount
	Launched     bool      `json:"launched,omitempty"` // not stored: authenticated by the host system

	// Of people of a directory or an identity provider; see Admit.
	Source           string    `json:"source,omitempty"`             // its name; "" for local accounts
	Subject          string    `json:"subject,omitempty"`            // see [Person]
	Rule             int       `json:"rule,omitempty"`               // the rule that gave the role, from 1
	Groups           []string  `json:"groups,omitempty"`             // as last seen, at most MaxGroups
	Said             string    `json:"said,omitempty"`               // the organization that the source said last
	CheckedAt        time.Time `json:"checked_at,omitzero"`          // when the source last answered; accurate to ten minutes
	DisabledBySource bool      `json:"disabled_by_source,omitempty"` // by the source or the rules, which may take it back
}

// isActiveOwner reports whether the account has the permissions of an owner whatever becomes of sources: one by a directory is no way back in.
func (a *Account) isActiveOwner() bool { return a.Role == RoleOwner && !a.Disabled && a.Source == "" }

// stamp returns a digest of the properties that invalidate the account's sessions when they change.
func (a *Account) stamp() string {
	properties := []string{a.PasswordHash, string(a.Role), a.Tenant, a.Organization}
	if !a.SignedOutAt.IsZero() {
		properties = append(properties, a.SignedOutAt.Format(time.RFC3339Nano))
	}
	if !a.Factors.Since.IsZero() {
		properties = append(properties, "second factor "+a.Factors.Since.Format(time.RFC3339Nano))
	}
	if a.Source != "" {
		properties = append(properties, "source "+a.Source, a.Subject)
	}
	return hashOf(strings.Join(properties, "\x00"))
}

func (a *Account) validate() []oplog.FieldError {
	v := oplog.Validation{}
	a.validateUsername(&v)
	if !slices.Contains(Roles, a.Role) {
		v.Fail("role", string(a.Role), "not_one_of", "is not one of {allowed}", []string{"owner", "admin", "auditor", "member"})
	}
	if a.Role == RoleOwner && a.Tenant != "" {
		v.Fail("tenant", a.Tenant, "owner_has_no_tenant", "must be empty for an owner, who has access to every tenant")
	}
	if a.Role != RoleOwner && a.Tenant == "" {
		v.Fail("tenant", nil, "tenant_required", "is required for role {role}", a.Role)
	}
	if a.Organization != "" && a.Role != RoleAdmin && a.Role != RoleAuditor {
		v.Fail("organization", a.Organization, "organization_not_of_role", "applies to admins and auditors only, not to role {role}", a.Role)
	}
	if a.Locale != "" && a.Locale != oplog.LocaleEN && a.Locale != oplog.LocaleZH {
		v.Fail("locale", a.Locale, "not_one_of", "is not one of {allowed}", []string{"en", "zh-CN"})
	}
	return v.Errors
}

func (a *Account) validateDisplayName() []oplog.FieldError {
	v := oplog.Validation{}
	v.Name("name", a.Name, 0, oplog.MaxUserLength)
	return v.Errors
}

// Accounts lists the accounts of a tenant, or all accounts if tenant is "". It leaves out those whose records are damaged; see Damage.
func (i *Identity) Accounts(tenant string) ([]Account, error) {
	if tenant == "" {
		return i.AccountsWhere(nil)
	}
	return i.AccountsWhere(func(a *Account) bool { return a.Tenant == tenant })
}

// AccountsWhere lists the accounts for which keep returns true, as Accounts does; nil keeps all.
func (i *Identity) AccountsWhere(keep func(*Account) bool) ([]Account, error) {
	return records.WithoutDamage(records.Where(i.records, oplog.RecordAccount, "", keep))
}

// AccountsAfter lists the first accounts, at most limit, after a username ("" for none), as Accounts does; CodeNotFound if that is not in the
// list.
func (i *Identity) AccountsAfter(tenant, username string, limit int) ([]Account, error) {
	if username != "" {
		a, err := i.Account(username)
		if err == nil && tenant != "" && a.Tenant != tenant {
			err = oplog.Errorf(oplog.CodeNotFound, "There is no account %s.", username)
		}
		if err != nil {
			return nil, err
		}
	}
	var ofTenant func(*Account) bool
	if tenant != "" {
		ofTenant = func(a *Account) bool { return a.Tenant == tenant }
	}
	return records.WithoutDamage(records.After(i.records, oplog.RecordAccount, "", username, limit, ofTenant))
}

// Account returns an account, or CodeNotFound.
func (i *Identity) Account(username string) (Account, error) {
	return records.Read[Account](i.records, oplog.RecordAccount, username)
}

// Empty reports whether there are no accounts yet.
func (i *Identity) Empty() (bool, error) {
	first, err := i.records.RecordsAfter(oplog.RecordAccount, "", "", 1)
	if oplog.IsDamagedRecord(err) {
		return false, nil // a damaged account is one, too
	}
	return len(first) == 0, err
}

// Damage returns the error of an account or a key whose record is damaged, or nil if there is none.
func (i *Identity) Damage() error {
	return errors.Join(records.Damage[Account](i.records, oplog.RecordAccount), records.Damage[APIKey](i.records, oplog.RecordKey))
}

// SetUp creates the first owner and the first tenant; CodeNotFound if there is an account already.
func (i *Identity) SetUp(owner Account, t oplog.Tenant) (Account, error) {
	i.accountsMu.Lock()
	defer i.accountsMu.Unlock()
	empty, err := i.Empty()
	if err == nil && !empty {
		err = oplog.Errorf(oplog.CodeNotFound, "An account already exists.")
	}
	if err != nil {
		return owner, err
	}
	if owner.Role != RoleOwner {
		return owner, oplog.InvalidField("role", string(owner.Role), "first_account_is_owner", "must be owner for the first account")
	}
	errs := append(owner.validate(), owner.validateDisplayName()...)
	for _, f := range t.Validate() {
		f.Field = "tenant." + f.Field
		errs = append(errs, f)
	}
	if len(errs) > 0 {
		return owner, &oplog.Error{Code: oplog.CodeInvalid, Message: "Setup failed: some fields are invalid.", Fields: errs}
	}
	return i.addFirst(owner, t)
}

// addFirst creates the first account and tenant, both or none.
func (i *Identity) addFirst(owner Account, t oplog.Tenant) (Account, error) {
	owner, err := i.newAccount(owner)
	if err != nil {
		return owner, err
	}
	account, err := json.Marshal(owner)
	tenant, errs := json.Marshal(t)
	if err = errors.Join(err, errs); err != nil {
		return owner, err
	}
	err = i.changes.PutRecords([]oplog.RecordChange{
		{Kind: oplog.RecordTenant, Name: t.ID, Data: tenant}, {Kind: oplog.RecordAccount, Name: owner.Username, Data: account},
	})
	if errors.Is(err, oplog.ErrRevision) { // there is no account
		err = directory.TenantExists(t.ID)
	}
	return owner, err
}

// AddAccount creates an account. If the callback is not nil, it is called while no other account changes; its error is returned and nothing
// is created.
func (i *Identity) AddAccount(a Account, may func() error) (Account, error) {
	i.accountsMu.Lock()
	defer i.accountsMu.Unlock()
	if may != nil {
		if err := may(); err != nil {
			return a, err
		}
	}
	return i.addAccount(a)
}

func (i *Identity) addAccount(a Account) (Account, error) {
	a, err := i.newAccount(a)
	if err != nil {
		return a, err
	}
	if err := records.Create(i.changes, oplog.RecordAccount, a.Username, a); err != nil {
		if oplog.CodeOf(err) == oplog.CodeConflict {
			return a, oplog.Refuse(oplog.CodeConflict, "account-exists", "Account {username} already exists.", a.Username)
		}
		return a, err
	}
	return a, nil
}

// newAccount validates a new account and completes it.
func (i *Identity) newAccount(a Account) (Account, error) {
	a.Username = norm.NFKC.String(a.Username)
	if errs := slices.Concat(a.validate(), a.validateNewName(), a.validateDisplayName()); len(errs) > 0 {
		return a, &oplog.Error{Code: oplog.CodeInvalid, Message: "The account is invalid.", Fields: errs}
	}
	all, err := i.Accounts("")
	if err != nil {
		return a, err
	}
	if err := checkUnlike(all, a.Username); err != nil {
		return a, err
	}
	if err := checkRoomForAccount(all, a.Tenant); err != nil {
		return a, err
	}
	if err := i.checkTenant(a); err != nil {
		return a, err
	}
	a.CreatedAt = i.now().UTC()
	return a, nil
}

// checkTenant checks that an account's tenant and organization exist. Accounts may be created before the tenant's organization tree has
// been sent: they see nothing until their organization exists.
func (i *Identity) checkTenant(a Account) error {
	if a.Tenant == "" {
		return nil
	}
	t, err := i.directory.State(a.Tenant)
	if err != nil {
		return err
	}
	if _, known := t.Tree.Find(a.Organization); a.Organization != "" && !known && t.Tree.Len() > 0 {
		return oplog.InvalidField("organization", a.Organization, "not_in_tree", "is not in the tenant's tree")
	}
	return nil
}

// ChangeAccount changes an account, except the username. The callback gets the stored account while no other account changes; if it returns
// an error, nothing changes. If permissions or credentials change, the account's sessions end. Removing the last active owner fails with
// CodeConflict.
func (i *Identity) ChangeAccount(username string, change func(*Account) error) (Account, error) {
	return i.changeAccount(i.changes, username, change)
}

func (i *Identity) changeAccount(r oplog.Records, username string, change func(*Account) error) (Account, error) {
	i.accountsMu.Lock()
	defer i.accountsMu.Unlock()
	var before Account
	a, err := records.Change(r, oplog.RecordAccount, username, func(stored *Account, exists bool) (bool, error) {
		if !exists {
			return false, oplog.Errorf(oplog.CodeNotFound, "There is no account %s.", username)
		}
		before = *stored
		if err := change(stored); err != nil {
			return false, err
		}
		stored.Username = username
		return false, i.checkChange(before, *stored)
	})
	if err != nil {
		return before, err
	}
	if a.isActive() != before.isActive() || a.stamp() != before.stamp() {
		return a, i.EndSessions(username)
	}
	return a, nil
}

// changeAlone is changeAccount for changes that concern no other account, such as a sign-in. It does not wait for changes of others, which are synced
// under accountsMu: a change of the same account meanwhile is seen by the callback, which is called again.
func (i *Identity) changeAlone(r oplog.Records, username string, change func(*Account) error) (Account, error) {
	return records.Change(r, oplog.RecordAccount, username, func(stored *Account, exists bool) (bool, error) {
		if !exists {
			return false, oplog.Errorf(oplog.CodeNotFound, "There is no account %s.", username)
		}
		before := *stored
		if err := change(stored); err != nil {
			return false, err
		}
		return false, i.checkChange(before, *stored)
	})
}

// DecideAbout calls do with an account while no account changes.
func (i *Identity) DecideAbout(username string, do func(Account) error) error {
	i.accountsMu.Lock()
	defer i.accountsMu.Unlock()
	a, err := i.Account(username)
	if err != nil {
		return err
	}
	return do(a)
}

// checkChange validates a changed account.
func (i *Identity) checkChange(before, after Account) error {
	if err := checkNotClosed(before, after); err != nil {
		return err
	}
	if err := checkOfSource(&before, &after); err != nil {
		return err
	}
	errs := after.validate()
	if after.Name != before.Name {
		errs = append(errs, after.validateDisplayName()...)
	}
	if len(errs) > 0 {
		return &oplog.Error{Code: oplog.CodeInvalid, Message: "The account is invalid.", Fields: errs}
	}
	if after.Tenant != before.Tenant {
		all, err := i.Accounts("")
		if err == nil {
			err = checkRoomForAccount(all, after.Tenant)
		}
		if err != nil {
			return err
		}
	}
	if after.Tenant != before.Tenant || after.Organization != before.Organization {
		if err := i.checkTenant(after); err != nil {
			return err
		}
	}
	if before.isActiveOwner() && !after.isActiveOwner() {
		return i.checkOtherOwner(before.Username)
	}
	return nil
}

// checkOtherOwner returns an error if there is no other active owner.
func (i *Identity) checkOtherOwner(username string) error {
	all, err := i.Accounts("")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(a Account) bool { return a.isActiveOwner() && a.Username != username }) {
		return oplog.Refuse(oplog.CodeConflict, "last-owner", "{username} is the only active owner; create another owner first.", username)
	}
	return nil
}

// LaunchedPrefix is what the names of people begin with who are authenticated by the host system; no account can have it.
const LaunchedPrefix = "host/"

// Person identifies a person across sessions, in the trail, in manifests and as owner. People authenticated by the host system have no
// account, and their username may equal that of an account: theirs is host/USERNAME, which no account can have.
func (a *Account) Person() string {
	if a.Launched {
		return LaunchedPrefix + a.Username
	}
	return a.Username
}

// IsLaunched reports whether a person is authenticated by the host system.
func IsLaunched(person string) bool { return strings.HasPrefix(person, LaunchedPrefix) }
