package server

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
	"oplog/trail"
)

// accountKeyBody is a key that an account made.
type accountKeyBody struct {
	ID         string            `json:"id" doc:"The first characters of the key."`
	Tenant     string            `json:"tenant" doc:"The key's tenant."`
	Scope      identity.KeyScope `json:"scope" enum:"write,read,launch,directory,metrics,backup" doc:"The key's scope."`
	Name       string            `json:"name" doc:"Name of the program that uses it, to tell keys apart."`
	CreatedAt  time.Time         `json:"created_at" doc:"Time of creation."`
	LastUsedAt time.Time         `json:"last_used_at,omitzero" doc:"Accurate to about a minute; of a log on several nodes, to about five."`
	ExpiresAt  time.Time         `json:"expires_at,omitzero" doc:"When the key stops working; omitted if it never does."`
	RevokedAt  time.Time         `json:"revoked_at,omitzero" doc:"Time of revocation; omitted while the key is in use."`
}

func accountKeyBodiesOf(keys []identity.APIKey) []accountKeyBody {
	bodies := make([]accountKeyBody, len(keys))
	for i, k := range keys {
		bodies[i] = accountKeyBody{k.ID, k.Tenant, k.Scope, k.Name, k.CreatedAt, k.LastUsedAt, k.ExpiresAt, k.RevokedAt}
	}
	return bodies
}

type (
	accountKeysOutput struct {
		Body struct {
			Keys []accountKeyBody `json:"keys" doc:"Oldest first, without revoked and expired ones."`
		} `nameHint:"AccountKeys"`
	}
	closedAccountOutput struct {
		Body struct {
			Account  accountBody      `json:"account" doc:"The closed account."`
			Sessions int              `json:"ended_sessions" doc:"How many sessions ended."`
			Views    int              `json:"removed_views" doc:"How many views were deleted; shared ones stay."`
			Keys     []accountKeyBody `json:"keys" doc:"The API keys in use that it made, oldest first; those with revoked_at were revoked now."`
		} `nameHint:"ClosedAccount"`
	}
)

// closeParams are the parameters of closing an account.
var closeParams = []*huma.Param{
	wire.TextParam("revoke_keys", "Whether the API keys in use that it made are revoked, too; false by default.", &huma.Schema{Type: huma.TypeBoolean}),
}

// keysMadeBy returns the keys in use that an account made, of the tenants whose keys the caller administers.
func (s *Server) keysMadeBy(ctx context.Context, in *call, username string) ([]identity.APIKey, error) {
	return s.node.KeysMadeBy(ctx, username, func(k *identity.APIKey) bool {
		return in.kind == byOwner || k.Tenant == in.account.Tenant
	})
}

func (s *Server) listAccountKeys(ctx context.Context, in *call, input *accountInput) (*accountKeysOutput, error) {
	account, err := s.administered(in, input.Username)
	if err != nil {
		return nil, err
	}
	keys, err := s.keysMadeBy(ctx, in, account.Username)
	if err == nil {
		keys, err = pageOf(in, maxItems, keys, func(k *identity.APIKey) string { return k.ID })
	}
	out := &accountKeysOutput{}
	out.Body.Keys = accountKeyBodiesOf(keys)
	return out, err
}

// closeAccount closes an account for good, and does the rest of it: a request that is sent again, after a crash in the middle, completes it.
func (s *Server) closeAccount(ctx context.Context, in *call, input *accountInput) (*closedAccountOutput, error) {
	r := wire.ReadQuery(in.query)
	revoke := r.Bool("revoke_keys")
	if err := r.Err(); err != nil {
		return nil, err
	}
	before, err := s.administered(in, input.Username)
	if err != nil {
		return nil, err
	}
	if before.Username == in.account.Person() {
		return nil, oplog.Refuse(oplog.CodeForbidden, "own-account", "You cannot close your own account; another administrator can.")
	}
	keys, err := s.keysMadeBy(ctx, in, before.Username)
	if err != nil {
		return nil, err
	}
	sessions, err := s.identity.AccountSessions(before)
	if err != nil {
		return nil, err
	}
	describe := func(a identity.Account) trailDetails { return aboutClosed(a, keys, revoke) }
	account, err := s.auditedAccounts(in, describe).CloseAccount(before.Username, func(a identity.Account) error {
		_, err := s.administersNow(in, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	in.trailDetails = describe(account)
	out := &closedAccountOutput{}
	if out.Body.Views, err = s.views.RemovePrivate(account.Person()); err == nil && revoke {
		err = s.revokeKeys(in, keys)
	}
	out.Body.Account, out.Body.Sessions, out.Body.Keys = s.describeAccount(account), len(sessions), accountKeyBodiesOf(keys)
	return out, err
}

// maxKeysTold limits the keys that the trail names when an account is closed.
const maxKeysTold = 100

func aboutClosed(a identity.Account, keys []identity.APIKey, revoke bool) trailDetails {
	about := ofAccount(a)
	ids := make([]string, 0, min(len(keys), maxKeysTold))
	for _, k := range keys[:cap(ids)] {
		ids = append(ids, k.ID)
	}
	about.details = map[string]any{"role": a.Role, "keys": ids, "key_count": len(keys), "revoke_keys": revoke}
	return about
}

// revokeKeys revokes keys, each with an entry of its own in the trail of its tenant, and notes the times in the list.
func (s *Server) revokeKeys(in *call, keys []identity.APIKey) error {
	for i, k := range keys {
		audit := s.trail.Audit(trail.Stored(oplog.RecordKey, func(k identity.APIKey) trail.Event {
			v := s.trailEvent(in)
			v.Tenant, v.Module, v.Operation, v.Object = k.Tenant, "key", "revoke", oplog.Ref{ID: k.ID, Name: k.Name}
			v.Details = map[string]any{"made_by": k.MadeBy}
			return v
		}))
		revoked, err := s.identity.Audited(audit).RevokeKey(k.Tenant, k.ID, s.stillMay(in))
		if err != nil {
			return err
		}
		keys[i] = revoked
	}
	return nil
}
