package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

// scheduled is what the server says of its backups.
type scheduled struct {
	LastProved *struct{ Name string } `json:"last_proved"`
	Running    *struct{ Phase string }
	Failure    *struct{ Error string }
}

// awaitBackup waits until a backup was proved or has failed.
func awaitBackup(t *testing.T, c client) scheduled {
	t.Helper()
	for {
		var s scheduled
		if err := json.Unmarshal([]byte(c.text(t, "/api/v1/system/backups")), &s); err != nil {
			t.Fatal(err)
		}
		if s.Running == nil && (s.LastProved != nil || s.Failure != nil) {
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestScheduledBackup: a server makes a backup when it starts for the first time, not again at the next start, and encrypted if there are recipients;
// what it has made is restored and verified.
func TestScheduledBackup(t *testing.T) {
	identity, secret := newIdentity(t)
	data, dir := t.TempDir(), t.TempDir()
	flags := []string{"demo", "--entries", "500", "--data", data, "--backup-dir", dir, "--backup-every", "24h", "--backup-recipients", identity.Recipient().String()}
	p := serve(t, flags...)
	owner, _ := signIn(t, p.url, "owner", demoPassword)
	made := awaitBackup(t, owner)
	if made.Failure != nil || made.LastProved == nil || !strings.HasSuffix(made.LastProved.Name, ".backup.age") {
		t.Fatalf("%+v, %+v", made.LastProved, made.Failure)
	}
	p.stop()
	p = serve(t, flags...)
	p.stop()
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 || names[0].Name() != made.LastProved.Name {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := os.Stat(filepath.Join(data, "backup-proof")); !os.IsNotExist(err) {
		t.Errorf("the proof is left: %v", err)
	}
	restored := filepath.Join(t.TempDir(), "restored")
	setting{}.mustRun(t, "restore", filepath.Join(dir, made.LastProved.Name), "--identity", secret, "--data", restored)
	setting{}.mustRun(t, "verify", "--data", restored)
}

func newIdentity(t *testing.T) (*age.X25519Identity, string) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "key.txt")
	write(t, secret, "# made for a test\n"+identity.String()+"\n")
	return identity, secret
}

// TestEncryptedBackup: a backup that is encrypted by the command restores with the secret key of any of its recipients, and in one piece only.
func TestEncryptedBackup(t *testing.T) {
	identity, secret := newIdentity(t)
	other, otherSecret := newIdentity(t)
	_, wrong := newIdentity(t)
	data, dir := t.TempDir(), t.TempDir()
	setting{}.mustRun(t, "tenant", "add", "acme", "--name", "Acme", "--data", data)
	recipients, file := filepath.Join(dir, "recipients"), filepath.Join(dir, "log.backup.age")
	write(t, recipients, "# Ann\n"+other.Recipient().String()+"\n")
	setting{}.mustRun(t, "backup", file, "--recipient", identity.Recipient().String(), "--recipients-file", recipients, "--data", data)
	for i, key := range []string{secret, otherSecret} {
		restored := filepath.Join(dir, "restored", string(rune('a'+i)))
		setting{}.mustRun(t, "restore", file, "--identity", key, "--data", restored)
		setting{}.mustRun(t, "verify", "--data", restored)
	}
	cut, public := filepath.Join(dir, "cut"), filepath.Join(dir, "public")
	whole := content(t, file)
	write(t, cut, whole[:len(whole)-100])
	write(t, public, identity.Recipient().String())
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"restore", file}, "encrypted with age; specify the file of the secret key with --identity"},
		{[]string{"restore", file, "--identity", wrong}, "no identity in " + wrong},
		{[]string{"restore", file, "--identity", wrong + "x"}, "cannot read the identity"},
		{[]string{"restore", file, "--identity", public}, "not an identity file of age"},
		{[]string{"restore", cut, "--identity", secret}, "copy the backup"},
	} {
		target := filepath.Join(dir, "failed")
		r := (setting{}).run(t, append(c.args, "--data", target)...)
		if r.status != exitFailed || !strings.Contains(r.stderr, c.want) || strings.Count(r.stderr, "\n") != 1 || strings.Contains(r.stderr, "SECRET-KEY-1") {
			t.Errorf("%q: %+v", c.args, r)
		}
		if left, err := os.ReadDir(target); err == nil && len(left) > 0 {
			t.Errorf("%q leaves %v", c.args, left)
		}
	}
}

// TestBackupFlags: settings that cannot work are refused before anything is opened.
func TestBackupFlags(t *testing.T) {
	identity, _ := newIdentity(t)
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--backup-every", "24h"}, "--backup-dir"},
		{[]string{"--backup-every", "5s", "--backup-dir", "x"}, "--backup-every 5s is less than 1m0s"},
		{[]string{"--backup-every", "-1h", "--backup-dir", "x"}, "--backup-every"},
		{[]string{"--backup-every", "daily", "--backup-dir", "x"}, "--backup-every"},
		{[]string{"--backup-keep=-1"}, "--backup-keep -1 is negative"},
		{[]string{"--backup-recipients", "age1nothing"}, "is not a public key of age"},
		{[]string{"--backup-recipients", identity.String()}, "not a secret one"},
		{[]string{"--backup-recipients-file", "no such file"}, "cannot read the recipients"},
	} {
		data := filepath.Join(t.TempDir(), "new")
		r := (setting{}).run(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data}, c.flags...)...)
		if r.status != exitUsage || !strings.Contains(r.stderr, c.want) || strings.Contains(r.stderr, identity.String()) {
			t.Errorf("%q: %+v", c.flags, r)
		}
		if _, err := os.Stat(data); err == nil {
			t.Errorf("%q: the data directory was created", c.flags)
		}
	}
}
