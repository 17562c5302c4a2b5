package server

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

// passkeyBody is a passkey of the caller.
type passkeyBody struct {
	ID         string    `json:"id" doc:"Id of the passkey."`
	Name       string    `json:"name" doc:"Name that the person gave it."`
	Host       string    `json:"host" doc:"The host that it signs in to."`
	CreatedAt  time.Time `json:"created_at" doc:"Time of creation."`
	LastUsedAt time.Time `json:"last_used_at,omitzero" doc:"Omitted until it is used."`
}

func describePasskey(p identity.Passkey) passkeyBody {
	return passkeyBody{p.ID(), p.Name, p.Host, p.CreatedAt, p.LastUsedAt}
}

// site returns the address of the console as the caller's browser sees it, and whether browsers have passkeys there: for names of hosts, not
// addresses, and over HTTPS or on this machine.
func (in *call) site() (site identity.Site, possible bool) {
	host, scheme := wire.HostName(in.http), "http"
	if wire.IsHTTPS(in.http) {
		scheme = "https"
	}
	port := strings.TrimPrefix(strings.ToLower(string(in.http.Request().Header.Host())), host)
	if port == map[string]string{"http": ":80", "https": ":443"}[scheme] {
		port = ""
	}
	_, notIP := netip.ParseAddr(host)
	return identity.Site{Host: host, Origin: scheme + "://" + host + port}, notIP != nil && (scheme == "https" || host == "localhost")
}

// passkeySite returns the site of a request about passkeys, or an error if there are none at its address.
func (in *call) passkeySite() (identity.Site, error) {
	site, possible := in.site()
	if !possible {
		return site, oplog.Refuse(oplog.CodeConflict, "passkeys-impossible", "Browsers have no passkeys at {origin}: open the console over HTTPS with a host name.", site.Origin)
	}
	return site, nil
}

type passkeyOptionsOutput struct {
	Body struct {
		Options any `json:"options" doc:"For navigator.credentials: PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON."`
	} `nameHint:"PasskeyOptions"`
}

// beginPasskey answers with what the browser needs to make a passkey.
func (s *Server) beginPasskey(ctx context.Context, in *call, input *stepUpInput) (*passkeyOptionsOutput, error) {
	site, err := in.passkeySite()
	if err != nil {
		return nil, err
	}
	out := &passkeyOptionsOutput{}
	err = s.stepUp(ctx, in, "add_factor", input.Body, func(up identity.StepUp) (err error) {
		out.Body.Options, err = s.identity.BeginPasskey(in.token, site, up)
		return err
	})
	return out, err
}

type (
	addPasskeyInput struct {
		Body struct {
			Name       string    `json:"name" minLength:"1" maxLength:"64" doc:"Name, by which the person tells it from others."`
			Credential jsonValue `json:"credential" doc:"What the browser made from the options, as PublicKeyCredential.toJSON returns it."`
		} `nameHint:"NewPasskey"`
	}
	addPasskeyOutput struct {
		Body struct {
			Passkey       passkeyBody `json:"passkey"`
			RecoveryCodes []string    `json:"recovery_codes,omitempty" doc:"New recovery codes, which are not shown again; omitted if the account keeps those it has."`
		} `nameHint:"AddedPasskey"`
	}
)

// addPasskey adds a passkey to the caller's account, and signs in a session that waited for a second factor.
func (s *Server) addPasskey(_ context.Context, in *call, input *addPasskeyInput) (*addPasskeyOutput, error) {
	site, err := in.passkeySite()
	if err != nil {
		return nil, err
	}
	in.trailDetails.details = map[string]any{"second_factor": "passkey"}
	audited := s.auditedAccounts(in, func(a identity.Account) trailDetails {
		added := a.Factors.Passkeys[len(a.Factors.Passkeys)-1]
		in.trailDetails.object = oplog.Ref{ID: added.ID(), Name: added.Name}
		return in.trailDetails
	})
	signed, added, recovery, err := audited.AddPasskey(in.token, site, input.Body.Name, input.Body.Credential)
	out := &addPasskeyOutput{}
	out.Body.Passkey, out.Body.RecoveryCodes = describePasskey(added), recovery
	return out, s.factorChanged(in, signed, err)
}

type removePasskeyInput struct {
	ID   string `path:"id" doc:"Id of the passkey."`
	Body stepUpBody
}

func (s *Server) removePasskey(ctx context.Context, in *call, input *removePasskeyInput) (*struct{}, error) {
	var signed identity.SignedIn
	err := s.stepUp(ctx, in, "remove_factor", input.Body, func(up identity.StepUp) (err error) {
		for _, p := range in.account.Factors.Passkeys {
			if p.ID() == input.ID {
				in.trailDetails.object = oplog.Ref{ID: p.ID(), Name: p.Name}
			}
		}
		signed, _, err = s.auditedFactors(in, "passkey").RemovePasskey(in.token, input.ID, up)
		return err
	})
	return &struct{}{}, s.factorChanged(in, signed, err)
}

// beginAssertion answers with what the browser needs to complete a sign-in with a passkey.
func (s *Server) beginAssertion(_ context.Context, in *call, _ *struct{}) (*passkeyOptionsOutput, error) {
	site, err := in.passkeySite()
	if err != nil {
		return nil, err
	}
	out := &passkeyOptionsOutput{}
	out.Body.Options, err = s.identity.BeginAssertion(in.token, site)
	return out, err
}
