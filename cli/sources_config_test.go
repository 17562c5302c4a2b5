package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestSourceKeys: each key of the tables of sources is a field, and each field a key, with an example that is valid.
func TestSourceKeys(t *testing.T) {
	for _, table := range sourceTables {
		tags := make(map[string]bool)
		for i := range table.is.NumField() {
			tags[table.is.Field(i).Tag.Get("toml")] = true
		}
		for _, key := range table.Keys {
			if !tags[key.Name] {
				t.Errorf("[[%s]] has no field for %s", table.Name, key.Name)
			}
			delete(tags, key.Name)
			file := filepath.Join(t.TempDir(), "oplog.toml")
			write(t, file, "[["+table.Name+"]]\n"+key.Name+" = "+key.Example+"\n")
			if _, err := (&Program{Stdin: strings.NewReader("")}).readConfig(file); err != nil {
				t.Errorf("the example of %s in [[%s]]: %v", key.Name, table.Name, err)
			}
			if key.Help == "" || !strings.HasSuffix(key.Help, ".") {
				t.Errorf("%s in [[%s]] says %q", key.Name, table.Name, key.Help)
			}
		}
		for tag := range tags {
			t.Errorf("%s in [[%s]] is in no document", tag, table.Name)
		}
	}
}

const validSources = `listen = "127.0.0.1:0"

[[ldap]]
name = "corp"
url = "ldaps://a.example"
base_dn = "ou=people,dc=example"
user_filter = "(uid={username})"
bind_dn = "cn=oplog"
bind_password_file = "ldap.password"

[[ldap]]
name = "lab"
url = ["ldap://b.example", "ldap://c.example"]
start_tls = true
base_dn = "dc=lab"
user_filter = "(uid={username})"

[metrics]
listen = "127.0.0.1:0"

[[rule]]
group = "cn=auditors"
source = "corp"
role = "auditor"
tenant = "acme"
organization = "{organization}"
[[rule]]
group = "*"
role = "member"
tenant = "acme"
`

// TestSourcesConfig: sources and rules are read in their order, between other settings; secrets are found beside the file.
func TestSourcesConfig(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "oplog.toml")
	write(t, file, validSources)
	m := &Program{}
	config, err := m.readConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	m.config = config
	all, err := m.sourcesConfig()
	if err != nil {
		t.Fatal(err)
	}
	if len(all.LDAP) != 2 || all.LDAP[0].BindPasswordFile != filepath.Join(dir, "ldap.password") || !all.LDAP[1].StartTLS || len(all.LDAP[1].URL) != 2 || all.LDAP[0].URL[0] != "ldaps://a.example" {
		t.Errorf("%+v", all.LDAP)
	}
	if len(all.Rules) != 2 || all.Rules[0].Source != "corp" || all.Rules[0].Organization != "{organization}" || all.Rules[1].Group != "*" || all.Rules[1].Role != "member" {
		t.Errorf("%+v", all.Rules)
	}
	if config.values["metrics-listen"].value != "127.0.0.1:0" {
		t.Errorf("settings beside: %+v", config.values)
	}
	opened := all.Open(time.Now)
	if len(opened) != 2 || opened[0].Title != "corp" || reflect.ValueOf(opened[0].Directory).IsNil() {
		t.Errorf("%+v", opened)
	}
	s := setting{env: map[string]string{"OPLOG_CONFIG": file, "HOME": t.TempDir()}}
	s.mustPrint(t, `(?m)^\[\[ldap\]\] +corp +`+file+`:3\n\[\[ldap\]\] +lab +`, "config")
}

// TestSourcesConfigMistakes: a mistake is named with the file, its line and the key.
func TestSourcesConfigMistakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "oplog.toml")
	for _, c := range []struct{ old, by, want string }{
		{"user_filter = \"(uid={username})\"\nbind_dn", "user_filtre = \"(uid={username})\"\nbind_dn", ":7: unknown key user_filtre in [[ldap]]; did you mean user_filter?"},
		{"start_tls = true", "start_tls = \"yes\"", `:14: ldap.start_tls expects true or false, not "yes"`},
		{"name = \"lab\"", "name = \"corp\"", ":12: [[ldap]] corp: name is that of the source on line 3"},
		{"name = \"lab\"", "name = \"Lab\"", ":12: [[ldap]] Lab: name must be a lowercase letter"},
		{"name = \"lab\"", "name = \"host\"", ":12: [[ldap]] host: name must not be host"},
		{"base_dn = \"dc=lab\"\n", "", ":11: [[ldap]] lab: base_dn is missing"},
		{"source = \"corp\"", "source = \"crop\"", ":23: [[rule]] 1: source is crop"},
		{"role = \"member\"", "role = \"boss\"", ":29: [[rule]] 2: role must be owner"},
		{"role = \"member\"\ntenant = \"acme\"", "role = \"member\"", ":27: [[rule]] 2: tenant is required for role member"},
		{"role = \"member\"", "role = \"owner\"", ":30: [[rule]] 2: tenant is not for owners"},
		{"\"{organization}\"", "\"{org}\"", ":26: [[rule]] 1: organization must be the id"},
		{"[[rule]]\ngroup = \"cn", "[oidc]\n[[rule]]\ngroup = \"cn", ":21: [oidc] may be there several times: write [[oidc]]"},
		{"listen = \"127.0.0.1:0\"\n\n[[ldap]]", "oidc.name = \"x\"\n\n[[ldap]]", ":1: oidc is a table: write [[oidc]]"},
		{"[[rule]]\ngroup = \"*\"", "[[rules]]\ngroup = \"*\"", ":27: unknown section [[rules]]"},
	} {
		text := strings.Replace(validSources, c.old, c.by, 1)
		if text == validSources {
			t.Fatalf("there is no %s", c.old)
		}
		write(t, file, text)
		s := setting{env: map[string]string{"OPLOG_CONFIG": file, "HOME": t.TempDir()}}
		if r := s.run(t, "config"); r.status == exitDone || !strings.Contains(r.stderr, file+c.want) {
			t.Errorf("%s: %d %s, want %s", c.by, r.status, r.stderr, c.want)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}
