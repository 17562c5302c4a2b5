package oidc

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const svg = `<?xml version="1.0"?><!-- made by hand --><svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>`

func TestValidate(t *testing.T) {
	good := Config{Name: "sso", Issuer: "https://sso.example.com/realms/staff", ClientID: "oplog"}
	f := func(field, says string, change func(*Config)) {
		t.Helper()
		c := good
		change(&c)
		errs := c.Validate()
		if field == "" {
			if len(errs) > 0 {
				t.Errorf("%+v: %v", c, errs)
			}
			return
		}
		if len(errs) != 1 || errs[0].Field != field || !strings.Contains(errs[0].Message, says) {
			t.Errorf("%+v: got %+v, want that %s %s", c, errs, field, says)
		}
	}
	f("", "", func(*Config) {})
	for _, name := range []string{"", "SSO", "1sso", "a/b", "中", strings.Repeat("x", 33)} {
		f("name", "lowercase letter", func(c *Config) { c.Name = name })
	}
	for _, name := range []string{"host", "local"} {
		f("name", "a meaning of its own", func(c *Config) { c.Name = name })
	}
	f("title", "at most 64", func(c *Config) { c.Title = strings.Repeat("x", 65) })
	f("title", "control character", func(c *Config) { c.Title = "a\nb" })
	f("client_id", "is required", func(c *Config) { c.ClientID = " " })
	for _, issuer := range []string{"http://127.0.0.1:8080", "http://localhost/realms/x", "http://[::1]:9", "https://sso.example.com/"} {
		f("", "", func(c *Config) { c.Issuer = issuer })
	}
	for issuer, says := range map[string]string{
		"": "is required", "http://sso.example.com": "does not begin with https://", "http://127.0.0.1.example.com": "does not begin with https://",
		"sso.example.com": "is not an address", "https://": "is not an address", "ftp://127.0.0.1": "does not begin with https://", "https://u:p@sso.example.com": "neither a user",
		"https://sso.example.com?x": "nor a query", "https://sso.example.com?": "nor a query", "https://sso.example.com#x": "nor a fragment", "https://sso.example.com/%zz": "is not an address",
		"https://sso.example.com/.well-known/openid-configuration": "specify what is before it",
	} {
		f("issuer", says, func(c *Config) { c.Issuer = issuer })
	}
	f("scopes", "must contain openid", func(c *Config) { c.Scopes = []string{"profile"} })
	f("scopes", "is no scope", func(c *Config) { c.Scopes = []string{"openid", "profile email"} })
	f("scopes", "at most 20", func(c *Config) { c.Scopes = slices.Repeat([]string{"openid"}, 21) })
	f("groups_claim", "at most 128", func(c *Config) { c.GroupsClaim = strings.Repeat("x", 129) })
	f("algorithms", `must not contain "HS256"`, func(c *Config) { c.Algorithms = []string{"RS256", "HS256"} })
	f("algorithms", `must not contain "none"`, func(c *Config) { c.Algorithms = []string{"none"} })
}

func TestDefaults(t *testing.T) {
	c := Config{Name: "sso", Issuer: "https://sso.example.com", ClientID: "oplog"}
	if errs := c.Validate(); len(errs) > 0 {
		t.Fatal(errs)
	}
	p := New(c, time.Now)
	if !slices.Equal(c.Scopes, []string{"openid", "profile", "email"}) || c.GroupsClaim != "groups" || p.Name() != "sso" || p.Title() != "sso" {
		t.Errorf("%+v", c)
	}
}

// TestFilesOfAConfiguration: what is wrong with a file is told at the start.
func TestFilesOfAConfiguration(t *testing.T) {
	public := write(t, "public", secret)
	if err := os.Chmod(public, 0o644); err != nil {
		t.Fatal(err)
	}
	f := func(field, says string, change func(*Config)) {
		t.Helper()
		c := Config{Name: "sso", Issuer: "https://sso.example.com", ClientID: "oplog"}
		change(&c)
		if errs := c.Validate(); len(errs) != 1 || errs[0].Field != field || !strings.Contains(errs[0].Message, says) {
			t.Errorf("got %+v, want that %s %s", errs, field, says)
		}
	}
	missing := filepath.Join(t.TempDir(), "missing")
	f("client_secret_file", "no such file", func(c *Config) { c.ClientSecretFile = missing })
	f("client_secret_file", "chmod 600", func(c *Config) { c.ClientSecretFile = public })
	f("client_secret_file", "one secret on one line", func(c *Config) { c.ClientSecretFile = write(t, "empty", "\n") })
	f("client_secret_file", "one secret on one line", func(c *Config) { c.ClientSecretFile = write(t, "two", "a\nb\n") })
	f("ca_file", "no such file", func(c *Config) { c.CAFile = missing })
	f("ca_file", "no certificate in PEM", func(c *Config) { c.CAFile = write(t, "ca", "x") })
	f("ca_file", "larger than 1024 KiB", func(c *Config) { c.CAFile = write(t, "ca", strings.Repeat("x", 1<<20+1)) })
	f("icon_file", "no such file", func(c *Config) { c.IconFile = missing })
	f("icon_file", "larger than 32 KiB", func(c *Config) { c.IconFile = write(t, "icon", svg+strings.Repeat(" ", 32<<10)) })
	f("icon_file", "neither an SVG nor a PNG", func(c *Config) { c.IconFile = write(t, "icon", `<html xmlns="http://www.w3.org/2000/svg"></html>`) })
	f("icon_file", "neither an SVG nor a PNG", func(c *Config) { c.IconFile = write(t, "icon", "GIF89a") })
}

func TestIcon(t *testing.T) {
	for text, want := range map[string]string{svg: "image/svg+xml", "\x89PNG\r\n\x1a\nrest": "image/png"} {
		mediaType, icon, err := New(Config{IconFile: write(t, "icon", text)}, time.Now).Icon()
		if mediaType != want || string(icon) != text || err != nil {
			t.Errorf("%s, %q, %v", mediaType, icon, err)
		}
	}
	if mediaType, icon, err := New(Config{}, time.Now).Icon(); mediaType != "" || icon != nil || err != nil {
		t.Errorf("%s, %q, %v", mediaType, icon, err)
	}
}

// TestOnce: what is remembered is forgotten, and bounded.
func TestOnce(t *testing.T) {
	var o once
	now := time.Now()
	if !o.first("a", now, now.Add(time.Minute)) || o.first("a", now.Add(59*time.Second), now.Add(time.Hour)) || !o.first("a", now.Add(time.Minute), now.Add(2*time.Minute)) {
		t.Error("a value comes twice within its life, or not again afterwards")
	}
	for i := range 3 * maxOnce {
		o.first(string(rune(i))+"x", now, now.Add(time.Minute))
	}
	if n := len(o.until); n > maxOnce {
		t.Errorf("%d values are remembered", n)
	}
	now = now.Add(time.Hour)
	o.first("b", now, now.Add(time.Minute))
	if n := len(o.until); n != 1 {
		t.Errorf("%d values are remembered after their end", n)
	}
}
