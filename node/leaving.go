package node

import (
	"context"

	"oplog/identity"
)

// KeysMadeBy returns the API keys that an account made and that are neither revoked nor expired, of those for which keep returns true, oldest first.
// Earlier versions did not record in a key who made it: of such a key the trail tells.
func (l *Node) KeysMadeBy(ctx context.Context, username string, keep func(*identity.APIKey) bool) ([]identity.APIKey, error) {
	now := l.now()
	keys, err := l.Identity.KeysWhere(func(k *identity.APIKey) bool {
		return (k.MadeBy == username || k.MadeBy == "") && k.RevokedAt.IsZero() && !k.Expired(now) && keep(k)
	})
	made := []identity.APIKey{}
	for _, k := range keys {
		if err == nil && k.MadeBy == "" {
			k.MadeBy, err = l.Trail.MakerOfKey(ctx, k.Tenant, k.ID, k.CreatedAt)
		}
		if err != nil {
			return nil, err
		}
		if k.MadeBy == username {
			made = append(made, k)
		}
	}
	return made, nil
}
