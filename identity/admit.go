package identity

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"oplog/oplog"
	"oplog/records"
)

const maxSubject = 1024 // bytes

// checkedInterval is how often it is stored at most that a source still says the same of somebody.
const checkedInterval = 10 * time.Minute

// Admit returns the account of a person of a source, with what a rule gives. It creates the account, or changes it, if need be: renamed people keep
// theirs, and somebody who gets the name that another person had starts with nothing of theirs. changing, unless nil, gets the account as it was, zero for a new one, right
// before a change is stored that the trail tells of; not so, that the source still says the same.
//
// It returns ErrNotThisPerson if an admin has disabled the account.
func (i *Identity) Admit(p Person, g Grant, changing func(before Account)) (Account, error) {
	i.accountsMu.Lock()
	defer i.accountsMu.Unlock()
	for {
		a, err := i.tryAdmit(p, g, changing)
		if !errors.Is(err, oplog.ErrRevision) {
			return a, err
		}
	}
}

// storedAccount is an account with the revision of its record; zero if there is none.
type storedAccount struct {
	Account
	at oplog.Revision
}

func (s *storedAccount) exists() bool { return s.at != oplog.Revision{} }

func (i *Identity) tryAdmit(p Person, g Grant, changing func(before Account)) (Account, error) {
	if p.Subject == "" || len(p.Subject) > maxSubject {
		return Account{}, oplog.InvalidField("subject", nil, "required", "is required")
	}
	there, err := i.storedAccount(p.accountName())
	if err != nil {
		return there.Account, err
	}
	before, err := i.accountOf(p, there)
	if err != nil {
		return before.Account, err
	}
	if before.Disabled {
		return before.Account, ErrNotThisPerson
	}
	now := i.now().UTC()
	after := before.Account
	if !before.exists() {
		after = Account{Source: p.Source, Subject: p.Subject, CreatedAt: now}
	}
	after.Username, after.Name, after.Groups, after.Said = p.accountName(), p.displayName(), p.someGroups(), oplog.Clip(p.Organization, 4*oplog.MaxOrganizationID)
	after.Role, after.Tenant, after.Organization, after.Rule, after.DisabledBySource = g.Role, g.Tenant, g.Organization, g.Rule+1, false
	isSame := before.exists() && after.Username == before.Username && after.stamp() == before.stamp() && after.isActive() == before.isActive()
	if isSame {
		return i.noteChecked(after, before, now)
	}
	after.CheckedAt = now
	if err := i.checkAdmitted(after, before); err != nil {
		return before.Account, err
	}
	if changing != nil {
		changing(before.Account)
	}
	return after, i.putAdmitted(after, before, there)
}

// storedAccount reads an account.
func (i *Identity) storedAccount(username string) (s storedAccount, err error) {
	data, at, err := i.records.Record(oplog.RecordAccount, username)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s.Account); err != nil {
		return s, oplog.DamagedRecord(oplog.RecordAccount, username)
	}
	s.at = at
	return s, nil
}

// accountOf returns the account of a person, whatever its name; there is the account with the name that the person has now.
func (i *Identity) accountOf(p Person, there storedAccount) (storedAccount, error) {
	if there.exists() && there.Subject == p.Subject {
		return there, nil
	}
	found, err := i.AccountOfSubject(p.Source, p.Subject)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return storedAccount{}, nil
	}
	if err != nil {
		return storedAccount{}, err
	}
	return i.storedAccount(found.Username)
}

// AccountOfSubject returns the account of a person of a source, or CodeNotFound.
func (i *Identity) AccountOfSubject(source, subject string) (Account, error) {
	found, err := records.WithoutDamage(records.Where(i.records, oplog.RecordAccount, source+"/", func(a *Account) bool {
		return a.Source == source && a.Subject == subject
	}))
	if err != nil {
		return Account{}, err
	}
	if len(found) == 0 {
		return Account{}, oplog.Errorf(oplog.CodeNotFound, "There is no account of %s in %s.", oplog.Shorten(subject), source)
	}
	return found[0], nil
}

// noteChecked stores from time to time that a source still says the same of somebody, and what it says for people to look at.
func (i *Identity) noteChecked(after Account, before storedAccount, now time.Time) (Account, error) {
	isSame := after.Name == before.Name && after.Rule == before.Rule && after.Said == before.Said && slices.Equal(after.Groups, before.Groups)
	if isSame && now.Sub(before.CheckedAt) < checkedInterval {
		return after, nil
	}
	after.CheckedAt = now
	data, err := json.Marshal(after)
	if err != nil {
		return after, err
	}
	return after, i.inMemory.PutRecord(oplog.RecordAccount, after.Username, before.at, data)
}

// checkAdmitted validates the account of a person.
func (i *Identity) checkAdmitted(after Account, before storedAccount) error {
	if errs := slices.Concat(after.validate(), after.validateDisplayName()); len(errs) > 0 {
		return &oplog.Error{Code: oplog.CodeInvalid, Message: "The account is invalid.", Fields: errs}
	}
	if err := i.checkTenant(after); err != nil {
		return err
	}
	if before.exists() && before.Tenant == after.Tenant {
		return nil
	}
	all, err := i.Accounts("")
	if err != nil {
		return err
	}
	return checkRoomForAccount(all, after.Tenant)
}

// putAdmitted stores the account of a person in place of the one before, and of the one that has its name; sessions of both end if they must.
func (i *Identity) putAdmitted(after Account, before, there storedAccount) error {
	data, err := json.Marshal(after)
	if err != nil {
		return err
	}
	changes := []oplog.RecordChange{{Kind: oplog.RecordAccount, Name: after.Username, Replaces: there.at, Data: data}}
	if before.exists() && before.Username != after.Username {
		changes = append(changes, oplog.RecordChange{Kind: oplog.RecordAccount, Name: before.Username, Replaces: before.at})
	}
	if err := i.changes.PutRecords(changes); err != nil {
		return err
	}
	for _, change := range changes { // they are not valid any more, by the stamp
		if err := i.EndSessions(change.Name); err != nil {
			return err
		}
	}
	return nil
}

// Bar takes the rights of a person whom the source does not know any more or has disabled, or to whom no rule gives a role, until Admit gives them
// again. changing is as for Admit; nothing changes if the account is of another person meanwhile.
func (i *Identity) Bar(username, subject string, changing func(before Account)) (Account, error) {
	return i.changeAccount(i.changes, username, func(a *Account) error {
		if a.Subject != subject || a.Source == "" {
			return oplog.Errorf(oplog.CodeNotFound, "There is no account %s.", username)
		}
		if !a.DisabledBySource {
			changing(*a)
		}
		a.DisabledBySource, a.CheckedAt = true, i.now().UTC()
		return nil
	})
}

// CheckGrant returns an error if what a rule gives cannot be given, such as an organization that does not exist.
func (i *Identity) CheckGrant(g Grant) error {
	a := Account{Username: "x", Role: g.Role, Tenant: g.Tenant, Organization: g.Organization}
	if errs := a.validate(); len(errs) > 0 {
		return &oplog.Error{Code: oplog.CodeInvalid, Message: "The rule is invalid.", Fields: errs}
	}
	return i.checkTenant(a)
}
