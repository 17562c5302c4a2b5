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
	ID         string            `json:"id" doc:"The first characters of the key."`
	Scope      identity.KeyScope `json:"scope" enum:"write,read,launch" doc:"The key's scope."`
	Name       string            `json:"name" doc:"Name of the program that uses it, to tell keys apart."`
	CreatedAt  time.Time         `json:"created_at" doc:"Time of creation."`
	LastUsedAt time.Time         `json:"last_used_at,omitzero" doc:"Accurate to about a minute."`
	RevokedAt  time.Time         `json:"revoked_at,omitzero" doc:"Time of revocation; omitted while the key is in use."`
}

func newKeyBodyOf(k identity.APIKey) keyBody {
	return keyBody{k.ID, k.Scope, k.Name, k.CreatedAt, k.LastUsedAt, k.RevokedAt}
}

// madeKeyBody is a new key with its text. Its fields are repeated: those of an embedded type would be sent, but not documented.
type madeKeyBody struct {
	ID        string            `json:"id" doc:"The first characters of the key."`
	Scope     identity.KeyScope `json:"scope" enum:"write,read,launch" doc:"The key's scope."`
	Name      string            `json:"name" doc:"Name of the program that uses it, to tell keys apart."`
	CreatedAt time.Time         `json:"created_at" doc:"Time of creation."`
	Key       string            `json:"key" doc:"The key itself, which is only returned here."`
}

type (
	keysOutput struct {
		Body struct {
			Keys []keyBody `json:"keys" doc:"Oldest first."`
		} `nameHint:"Keys"`
	}
	newKeyBody struct {
		Scope identity.KeyScope `json:"scope" enum:"write,read,launch" doc:"The key's scope."`
		Name  string            `json:"name" minLength:"1" maxLength:"128" doc:"Name of the program that uses it, to tell keys apart."`
	}
	addKeyInput   struct{ Body newKeyBody }
	madeKeyOutput struct{ Body madeKeyBody }
	revokeInput   struct {
		ID string `path:"id" doc:"The key's id."`
	}
)

func (s *Server) listKeys(_ context.Context, in *call, _ *struct{}) (*keysOutput, error) {
	list, err := s.identity.Keys(in.tenant.ID)
	out := &keysOutput{}
	out.Body.Keys = make([]keyBody, len(list))
	for i, k := range list {
		out.Body.Keys[i] = newKeyBodyOf(k)
	}
	return out, err
}

func (s *Server) addKey(_ context.Context, in *call, input *addKeyInput) (*madeKeyOutput, error) {
	key, text, err := s.identity.AddKey(in.tenant.ID, input.Body.Scope, input.Body.Name)
	if err != nil {
		return nil, err
	}
	wire.KeepAsIs(in.http)
	in.about = trailDetails{object: oplog.Ref{ID: key.ID, Name: key.Name}, details: map[string]any{"scope": key.Scope}}
	return &madeKeyOutput{madeKeyBody{key.ID, key.Scope, key.Name, key.CreatedAt, text}}, nil
}

func (s *Server) revokeKey(_ context.Context, in *call, input *revokeInput) (*struct{}, error) {
	key, err := s.identity.RevokeKey(in.tenant.ID, input.ID)
	in.about = trailDetails{object: oplog.Ref{ID: key.ID, Name: key.Name}}
	return nil, err
}
