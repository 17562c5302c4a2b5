package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"oplog/identity"
)

// authenticator is a device with one passkey, as WebAuthn describes it.
type authenticator struct {
	testing.TB
	host, origin string
	key          *ecdsa.PrivateKey
	id           []byte
	counter      uint32
}

func newAuthenticator(t testing.TB, host, origin string) *authenticator {
	t.Helper()
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return &authenticator{t, host, origin, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t), id, 0}
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// clientData is what the browser adds: the challenge and the origin.
func (a *authenticator) clientData(ceremony, challenge string) []byte {
	return must(json.Marshal(map[string]any{"type": ceremony, "challenge": challenge, "origin": a.origin, "crossOrigin": false}))(a)
}

func (a *authenticator) data(flags byte) []byte {
	a.counter++
	host := sha256.Sum256([]byte(a.host))
	return binary.BigEndian.AppendUint32(append(host[:], flags), a.counter)
}

const (
	userPresent, userVerified, hasKey = 1, 4, 64
)

// create answers to the options for a new passkey.
func (a *authenticator) create(options string) string {
	a.Helper()
	made := decode[struct{ Options struct{ Challenge string } }](a, options)
	data := append(a.data(userPresent|userVerified|hasKey), make([]byte, 16)...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(a.id))), a.id...)
	point := must(a.key.PublicKey.Bytes())(a)
	data = append(data, must(cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}))(a)...)
	object := must(cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data}))(a)
	return a.credential(map[string]any{"clientDataJSON": b64(a.clientData("webauthn.create", made.Options.Challenge)), "attestationObject": b64(object), "transports": []string{"internal"}})
}

// sign answers to the options of an assertion.
func (a *authenticator) sign(options string) string {
	a.Helper()
	asked := decode[struct{ Options struct{ Challenge string } }](a, options)
	data, client := a.data(userPresent|userVerified), a.clientData("webauthn.get", asked.Options.Challenge)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature := must(ecdsa.SignASN1(rand.Reader, a.key, signed[:]))(a)
	return a.credential(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)})
}

func (a *authenticator) credential(response map[string]any) string {
	return string(must(json.Marshal(map[string]any{
		"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response,
	}))(a))
}

const (
	local     = "http://localhost"
	passkeys  = local + factorPath + "/passkeys"
	assertion = passkeys + "/assertion"
)

// addPasskey adds a passkey of a device to the account of a browser.
func (b *browser) addPasskey(device *authenticator, stepUp string) reply {
	b.Helper()
	options := b.send("POST", passkeys+"/options", stepUp, 200).body
	return b.send("POST", passkeys, fmt.Sprintf(`{"name":"laptop","credential":%s}`, device.create(options)), 201)
}

// withPasskey completes a sign-in with a passkey.
func (b *browser) withPasskey(device *authenticator, want int) reply {
	b.Helper()
	return b.send("POST", local+factorPath, fmt.Sprintf(`{"passkey":%s}`, device.sign(b.send("POST", assertion, "", 200).body)), want)
}

// TestPasskey: a passkey is added, signs in at its host alone, and is removed.
func TestPasskey(t *testing.T) {
	f := newServer(t)
	b := f.browser("192.0.2.1")
	b.signIn("auditor", 200)
	device := newAuthenticator(t, "localhost", local)
	b.send("POST", passkeys+"/options", `{}`, 422)
	b.send("POST", factorPath+"/passkeys/options", byPassword, 409) // plain HTTP of another machine
	options := b.send("POST", passkeys+"/options", byPassword, 200).body
	if !strings.Contains(options, `"rp":{"name":"oplog","id":"localhost"}`) || !strings.Contains(options, `"userVerification":"preferred"`) {
		t.Error(options)
	}
	elsewhere := newAuthenticator(t, "localhost", "http://evil.test")
	b.send("POST", passkeys, fmt.Sprintf(`{"name":"x","credential":%s}`, elsewhere.create(options)), 422)
	b.send("POST", passkeys, `{"name":"x","credential":{}}`, 422)
	added := b.addPasskey(device, byPassword)
	if strings.Count(added.body, "-") < 30 || !strings.Contains(added.body, `"name":"laptop"`) {
		t.Errorf("no recovery codes: %s", added.body)
	}
	b.send("POST", passkeys, fmt.Sprintf(`{"name":"again","credential":%s}`, device.create(options)), 409)

	if r := b.send("POST", local+"/api/v1/session", signIn("auditor", password), 202); !strings.Contains(r.body, `"methods":["passkey","recovery_code"]`) {
		t.Error(r.body)
	}
	b.send("POST", local+factorPath, `{"passkey":{}}`, 422)
	b.withPasskey(newAuthenticator(t, "localhost", local), 422)
	device.origin = "http://evil.test"
	b.withPasskey(device, 422)
	device.origin = local
	stale := device.sign(b.send("POST", assertion, "", 200).body)
	b.withPasskey(device, 200)
	b.send("POST", assertion, "", 200) // to confirm who it is; see TestConfirmByPasskey
	b.send("GET", entriesPath, "", 200)
	f.advance(10 * time.Minute)
	b.send("POST", local+"/api/v1/session", signIn("auditor", password), 202)
	b.send("POST", assertion, "", 200)
	b.send("POST", local+factorPath, fmt.Sprintf(`{"passkey":%s}`, stale), 422) // of another challenge
	device.counter = 1
	b.withPasskey(device, 422) // a copy of the key
	device.counter = 50
	b.withPasskey(device, 200)
	if r := b.signIn("auditor", 202); !strings.Contains(r.body, `"methods":["recovery_code"]`) { // at another host
		t.Error(r.body)
	}
	b.send("POST", local+"/api/v1/session", signIn("auditor", password), 202)
	b.withPasskey(device, 200)

	state := decode[secondFactorBody](t, b.send("GET", local+factorPath, "", 200).body)
	if len(state.Passkeys) != 1 || state.Passkeys[0].Name != "laptop" || state.Passkeys[0].Host != "localhost" || state.Passkeys[0].LastUsedAt.IsZero() || !state.PasskeysPossible || state.TOTP {
		t.Errorf("%+v", state)
	}
	one := factorPath + "/passkeys/" + state.Passkeys[0].ID
	b.send("DELETE", one, `{}`, 422)
	b.send("DELETE", factorPath+"/passkeys/none", byPassword, 404)
	b.send("DELETE", one, byPassword, 204)
	b.send("POST", local+"/api/v1/session", signIn("auditor", password), 200)
	if told := strings.Join(f.trail("admin", tenantA+"/access"), "\n"); !strings.Contains(told, `auditor session sign_in {"second_factor":"passkey"}`) || !strings.Contains(told, "auditor session remove_factor") {
		t.Error(told)
	}
}

// TestPasskeyRequired: a person of whom a second factor is required can begin with a passkey.
func TestPasskeyRequired(t *testing.T) {
	f := newServer(t)
	f.change("owner", "PATCH", tenantA, `{"require_second_factor":true}`, 200)
	b := f.browser("192.0.2.1")
	if r := b.send("POST", local+"/api/v1/session", signIn("auditor", password), 202); !strings.Contains(r.body, `"methods":["totp","passkey"],"enroll":true`) {
		t.Error(r.body)
	}
	b.addPasskey(newAuthenticator(t, "localhost", local), `{}`)
	b.send("GET", entriesPath, "", 200)
}

// TestPasskeysFull: with as many passkeys as an account can have, the browser is not asked for another one.
func TestPasskeysFull(t *testing.T) {
	f := newServer(t)
	b := f.browser("192.0.2.1")
	b.signIn("auditor", 200)
	for range 10 {
		b.addPasskey(newAuthenticator(t, "localhost", local), byPassword)
	}
	if r := b.send("POST", passkeys+"/options", byPassword, 409); !strings.Contains(r.body, `"type":"urn:oplog:too-many-passkeys"`) {
		t.Error(r.body)
	}
}

// TestPasskeySites: browsers have passkeys over HTTPS with a host name, and on localhost.
func TestPasskeySites(t *testing.T) {
	for address, want := range map[string]struct {
		site     identity.Site
		possible bool
	}{
		"http://localhost:8484":        {identity.Site{Host: "localhost", Origin: "http://localhost:8484"}, true},
		"https://log.example.com":      {identity.Site{Host: "log.example.com", Origin: "https://log.example.com"}, true},
		"https://LOG.example.com:443":  {identity.Site{Host: "log.example.com", Origin: "https://log.example.com"}, true},
		"https://log.example.com:8443": {identity.Site{Host: "log.example.com", Origin: "https://log.example.com:8443"}, true},
		"http://log.example.com":       {identity.Site{Host: "log.example.com", Origin: "http://log.example.com"}, false},
		"https://192.0.2.1":            {identity.Site{Host: "192.0.2.1", Origin: "https://192.0.2.1"}, false},
		"http://127.0.0.1:8484":        {identity.Site{Host: "127.0.0.1", Origin: "http://127.0.0.1:8484"}, false},
	} {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		app := fiber.New()
		ctx := &fasthttp.RequestCtx{}
		ctx.Request.Header.SetHost(r.Host)
		ctx.Request.URI().SetScheme(strings.Split(address, ":")[0])
		c := app.AcquireCtx(ctx)
		site, possible := (&call{http: c}).site()
		if site != want.site || possible != want.possible {
			t.Errorf("%s: %+v, %v", address, site, possible)
		}
		app.ReleaseCtx(c)
	}
}
