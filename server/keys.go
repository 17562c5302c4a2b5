package server

import (
	"context"
	"time"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

// keyBody is an API key as its tenant's admins see it.
type keyBody struct {
	ID           string            `json:"id" doc:"The first characters of the key; entries name the key that recorded them by it."`
	Scope        identity.KeyScope `json:"scope" enum:"write,read,launch,directory,metrics,backup" doc:"The key's scope."`
	Name         string            `json:"name" doc:"Name of the program that uses it, to tell keys apart."`
	CreatedAt    time.Time         `json:"created_at" doc:"Time of creation."`
	MadeBy       string            `json:"made_by,omitempty" doc:"Username of the person who made it, or /command for the command line; omitted for keys of versions that did not record it."`
	LastUsedAt   time.Time         `json:"last_used_at,omitzero" doc:"Accurate to about a minute; of a log on several nodes, to about five."`
	RevokedAt    time.Time         `json:"revoked_at,omitzero" doc:"Time of revocation; omitted while the key is in use."`
	ExpiresAt    time.Time         `json:"expires_at,omitzero" doc:"When the key stops working; omitted if it never does."`
	Addresses    []string          `json:"addresses,omitempty" doc:"Networks that the key can be used from, in CIDR notation; omitted for anywhere."`
	Organization string            `json:"organization,omitempty" doc:"Restricts a read key to this organization and those below it."`
}

func newKeyBodyOf(k identity.APIKey) keyBody {
	return keyBody{k.ID, k.Scope, k.Name, k.CreatedAt, k.MadeBy, k.LastUsedAt, k.RevokedAt, k.ExpiresAt, k.Addresses, k.Organization}
}

// createdKeyBody is a new key with its text. Its fields are repeated: those of an embedded type would be sent, but not documented.
type createdKeyBody struct {
	ID           string            `json:"id" doc:"The first characters of the key; entries name the key that recorded them by it."`
	Scope        identity.KeyScope `json:"scope" enum:"write,read,launch,directory,metrics,backup" doc:"The key's scope."`
	Name         string            `json:"name" doc:"Name of the program that uses it, to tell keys apart."`
	CreatedAt    time.Time         `json:"created_at" doc:"Time of creation."`
	ExpiresAt    time.Time         `json:"expires_at,omitzero" doc:"When the key stops working; omitted if it never does."`
	Addresses    []string          `json:"addresses,omitempty" doc:"Networks that the key can be used from, in CIDR notation; omitted for anywhere."`
	Organization string            `json:"organization,omitempty" doc:"Restricts a read key to this organization and those below it."`
	Key          string            `json:"key" doc:"The key itself, which is only returned here."`
}

type (
	keysOutput struct {
		Body struct {
			Keys []keyBody `json:"keys" doc:"Oldest first."`
		} `nameHint:"Keys"`
	}
	newKeyBody struct {
		Scope        identity.KeyScope `json:"scope" enum:"write,read,launch,directory,metrics,backup" doc:"write records entries, read reads and exports them, launch signs the host system's links, directory replaces the organization tree, metrics reads /metrics, backup downloads the backup of all tenants. Only an owner can create one of scope backup."`
		Name         string            `json:"name" minLength:"1" maxLength:"128" doc:"Name of the program that uses it, to tell keys apart. Of a launch key: the host system's; its users are host/SUB, whichever launch key signs their links."`
		ExpiresAt    *time.Time        `json:"expires_at,omitempty" doc:"When the key stops working; omitted for never."`
		Addresses    []string          `json:"addresses,omitempty" maxItems:"64" doc:"Addresses and networks (CIDR) that the key can be used from; omitted for anywhere. Those of a launch key apply to the host system's calls, not to the people that follow its links."`
		Organization string            `json:"organization,omitempty" maxLength:"128" doc:"Restricts a read key to this organization and those below it."`
	}
	addKeyInput      struct{ Body newKeyBody }
	createdKeyOutput struct{ Body createdKeyBody }
	revokeInput      struct {
		ID string `path:"id" doc:"The key's id."`
	}
)

func (s *Server) listKeys(_ context.Context, in *call, _ *struct{}) (*keysOutput, error) {
	list, err := s.identity.Keys(in.tenant.ID)
	if err == nil {
		list, err = pageOf(in, maxItems, list, func(k *identity.APIKey) string { return k.ID })
	}
	out := &keysOutput{}
	out.Body.Keys = make([]keyBody, len(list))
	for i, k := range list {
		out.Body.Keys[i] = newKeyBodyOf(k)
	}
	return out, err
}

func (s *Server) addKey(_ context.Context, in *call, input *addKeyInput) (*createdKeyOutput, error) {
	b := input.Body
	if b.Scope == identity.ScopeBackup && in.kind != byOwner {
		return nil, oplog.Refuse(oplog.CodeForbidden, "backup-key-owner-only", "Only an owner can create a key of scope backup: the backup contains every tenant.")
	}
	limits := identity.KeyLimits{Addresses: b.Addresses, Organization: b.Organization}
	if b.ExpiresAt != nil {
		if limits.ExpiresAt = *b.ExpiresAt; limits.ExpiresAt.IsZero() {
			return nil, oplog.InvalidField("expires_at", limits.ExpiresAt, "in_the_past", "is in the past")
		}
	}
	k, text, err := s.auditedKeys(in, aboutKey).AddLimitedKey(in.tenant.ID, b.Scope, b.Name, in.account.Person(), limits, s.stillMay(in))
	if err != nil {
		return nil, err
	}
	wire.SkipCompression(in.http)
	return &createdKeyOutput{createdKeyBody{k.ID, k.Scope, k.Name, k.CreatedAt, k.ExpiresAt, k.Addresses, k.Organization, text}}, nil
}

// aboutKey returns the trail details of a new key.
func aboutKey(k identity.APIKey) trailDetails {
	details := map[string]any{"scope": k.Scope}
	if !k.ExpiresAt.IsZero() {
		details["expires_at"] = k.ExpiresAt
	}
	if len(k.Addresses) > 0 {
		details["addresses"] = k.Addresses
	}
	if k.Organization != "" {
		details["organization"] = k.Organization
	}
	return trailDetails{object: oplog.Ref{ID: k.ID, Name: k.Name}, details: details}
}

func (s *Server) revokeKey(_ context.Context, in *call, input *revokeInput) (*struct{}, error) {
	describe := func(k identity.APIKey) trailDetails { return trailDetails{object: oplog.Ref{ID: k.ID, Name: k.Name}} }
	key, err := s.auditedKeys(in, describe).RevokeKey(in.tenant.ID, input.ID, s.stillMay(in))
	in.trailDetails = describe(key)
	return nil, err
}
