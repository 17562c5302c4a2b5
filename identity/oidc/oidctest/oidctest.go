// Package oidctest runs an identity provider on loopback, for tests: node-oidc-provider, as provider.mjs sets it up.
package oidctest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// Settings are those of provider.mjs; zero values are its defaults.
type Settings struct {
	RedirectURIs           []string `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"`
	BackchannelLogoutURI   string   `json:"backchannel_logout_uri,omitempty"`
	AuthMethod             string   `json:"auth_method,omitempty"` // client_secret_basic, client_secret_post
	Algorithm              string   `json:"alg,omitempty"`         // RS256, ES256, PS256, EdDSA
	ClaimsInIDToken        bool     `json:"claims_in_id_token,omitempty"`
	Public                 bool     `json:"-"` // the client has no secret
	TLS                    bool     `json:"-"` // by a certificate of an authority of the test
}

// Provider is an identity provider that runs. It has the accounts anna, wei and otto, whose passwords provider.mjs has.
type Provider struct {
	Issuer       string `json:"issuer"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	CA           string `json:"-"` // PEM, with TLS

	client *http.Client // trusts CA
}

// Start runs a provider until the test ends, and skips the test where Node.js or its packages cannot be had.
func Start(t testing.TB, s Settings) *Provider {
	t.Helper()
	folder := install(t)
	p := &Provider{client: http.DefaultClient}
	arguments := arguments(t, s, p)
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, "node", "provider.mjs", arguments) //nolint:gosec // a script of this folder
	command.Dir = folder
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // ends it
		time.AfterFunc(10*time.Second, cancel)
		_ = command.Wait()
		cancel()
		if t.Failed() {
			t.Logf("the provider says: %s", &stderr)
		}
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, p)
	}
	if err != nil {
		t.Fatalf("the provider does not start: %v", err)
	}
	return p
}

// arguments returns the settings as provider.mjs reads them.
func arguments(t testing.TB, s Settings, p *Provider) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if s.Public {
		all["client_secret"] = nil
	}
	if s.TLS {
		ca, certificate, key := certify(t)
		p.CA, p.client = string(ca), trusting(ca)
		all["tls"] = map[string]string{"cert": string(certificate), "key": string(key)}
	}
	if text, err = json.Marshal(all); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// install installs the packages of package-lock.json once, and returns their folder.
func install(t testing.TB) string {
	t.Helper()
	folder := filepath.Join(module(t), "identity", "oidc", "oidctest")
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s, which runs the identity provider", program)
		}
	}
	alone := flock.New(filepath.Join(os.TempDir(), "oplog-oidctest.lock")) // tests of several packages run at once
	if err := alone.Lock(); err != nil {
		t.Fatal(err)
	}
	defer alone.Unlock() //nolint:errcheck // it ends with the process
	wanted, err := os.Stat(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	if installed, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json")); err == nil && !installed.ModTime().Before(wanted.ModTime()) {
		return folder
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	command.Dir = folder
	if out, err := command.CombinedOutput(); err != nil {
		t.Skipf("the identity provider cannot be installed: %v: %s", err, out)
	}
	return folder
}

// module returns the folder of the module that the test is in.
func module(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		above := filepath.Dir(folder)
		if above == folder {
			t.Fatal("the test runs outside the module")
		}
		folder = above
	}
}

// Change changes some claims of an account, or makes an account; nil removes it.
func (p *Provider) Change(t testing.TB, name string, account any) {
	t.Helper()
	text, err := json.Marshal(account)
	if err != nil {
		t.Fatal(err)
	}
	p.call(t, http.MethodPut, name, string(text))
}

// Revoke takes back what was granted to an account's sessions: their next refresh is refused.
func (p *Provider) Revoke(t testing.TB, name string) {
	t.Helper()
	p.call(t, http.MethodPost, name+"/revoke", "")
}

// Logout ends an account's sessions at the provider, which sends a logout token for each.
func (p *Provider) Logout(t testing.TB, name string) {
	t.Helper()
	p.call(t, http.MethodPost, name+"/logout", "")
}

func (p *Provider) call(t testing.TB, method, path, body string) {
	t.Helper()
	name, act, _ := strings.Cut(path, "/")
	address := p.Issuer + "/test/accounts/" + url.PathEscape(name)
	if act != "" {
		address += "/" + act
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		t.Fatalf("%s %s: %s", method, path, answer.Status)
	}
}
