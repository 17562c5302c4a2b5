package identity

import (
	"oplog/oplog"
	"oplog/records"
)

// CloseTenant closes the accounts of a removed tenant, removes its keys, and ends the sessions of its people. It may be repeated.
func (i *Identity) CloseTenant(tenant string) error {
	accounts, err := i.Accounts(tenant)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if _, err := i.CloseAccount(a.Username, func(Account) error { return nil }); err != nil {
			return err
		}
	}
	keys, err := i.Keys(tenant)
	for _, k := range keys {
		if err == nil {
			err = records.Remove(i.changes, oplog.RecordKey, k.Hash)
		}
	}
	if err != nil {
		return err
	}
	var launched []string
	err = records.Each(i.records, oplog.RecordSession, "", func(r oplog.Record) bool {
		if s := sessionOf(r); s.Launched != nil && s.Launched.Tenant == tenant {
			launched = append(launched, r.Name)
		}
		return true
	})
	for _, name := range launched {
		if err == nil {
			err = records.Remove(i.signIn, oplog.RecordSession, name)
		}
	}
	return err
}
