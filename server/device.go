package server

import (
	"net/http"
	"strings"
	"time"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

const (
	deviceCookie = "oplog_device"
	devicePath   = "/api/v1/session" // where people sign in
	maxDevices   = 5                 // accounts that one browser remembers
)

// knownDevice returns the id of the requesting browser if it signed in with a name before; "" if not. Without its cookie nothing is looked
// up, so that the time of the answer discloses no names.
func (s *Server) knownDevice(in *call, username string) (string, error) {
	tokens := in.devices()
	if len(tokens) == 0 {
		return "", nil
	}
	named := []string{username}
	for _, one := range s.sources.Directories() {
		named = append(named, one.Name+"/"+identity.ComposeName(username))
	}
	for _, name := range named {
		account, err := s.identity.SignInAccount(name)
		if oplog.CodeOf(err) == oplog.CodeNotFound {
			continue
		}
		for _, token := range tokens {
			var id string
			if err == nil {
				id, err = s.identity.Device(account, token)
			}
			if err != nil || id != "" {
				return id, err
			}
		}
	}
	return "", nil
}

// devices returns the device tokens in a request's cookie.
func (in *call) devices() []string {
	sent := in.http.Cookies(deviceCookie)
	if sent == "" {
		return nil
	}
	tokens := strings.SplitN(sent, ".", maxDevices+1)
	return tokens[:min(len(tokens), maxDevices)]
}

// rememberDevice returns the cookie by which a browser is known when the account signs in there the next time. It keeps other accounts'.
func (s *Server) rememberDevice(in *call, account identity.Account) (http.Cookie, error) {
	token, err := s.identity.DeviceToken(account)
	tokens := []string{token}
	for _, other := range in.devices() {
		if err != nil {
			break
		}
		var own string
		if own, err = s.identity.Device(account, other); own == "" && len(tokens) < maxDevices {
			tokens = append(tokens, other)
		}
	}
	life := identity.DeviceLife
	return http.Cookie{ //nolint:gosec // Secure whenever browsers connect over TLS
		Name: deviceCookie, Value: strings.Join(tokens, "."), Path: s.basePath + devicePath, Expires: s.now().Add(life), MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: wire.IsHTTPS(in.http),
	}, err
}
