package identity

import (
	"slices"

	"oplog/oplog"
)

// Limits of what is kept of a tenant, and of a person.
const (
	MaxAccounts = 10_000 // of a tenant, or of none
	MaxKeys     = 1000   // of a tenant that are in use
	MaxKeysKept = 10_000 // of a tenant, revoked and expired ones included
	MaxSessions = 100    // of a person; waiting for the second factor as many again

	// Host systems name people as they like, so what these have is bounded for their tenant, too.
	MaxLaunchedSessions = 10_000
)

// checkRoomForAccount returns CodeInvalid if a tenant has as many accounts as it may have.
func checkRoomForAccount(all []Account, tenant string) error {
	count := 0
	for i := range all {
		if all[i].Tenant == tenant {
			count++
		}
	}
	if count < MaxAccounts {
		return nil
	}
	return oplog.Refuse(oplog.CodeInvalid, "too-many-accounts", "The limit is {max} accounts per tenant, disabled ones included; change one that is no longer used.", MaxAccounts)
}

// checkRoomForKey returns CodeInvalid if a tenant has as many keys as it may have.
func (i *Identity) checkRoomForKey(tenant string) error {
	keys, err := i.Keys(tenant)
	if err != nil {
		return err
	}
	if len(keys) >= MaxKeysKept {
		return oplog.Refuse(oplog.CodeInvalid, "too-many-keys-kept", "The limit is {max} API keys per tenant, revoked and expired ones included.", MaxKeysKept)
	}
	now := i.now()
	keys = slices.DeleteFunc(keys, func(k APIKey) bool { return !k.RevokedAt.IsZero() || k.Expired(now) })
	if len(keys) >= MaxKeys {
		return oplog.Refuse(oplog.CodeInvalid, "too-many-keys", "The limit is {max} API keys in use per tenant; revoke one first.", MaxKeys)
	}
	return nil
}
