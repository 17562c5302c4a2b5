package cluster

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"oplog/durable"
)

var testTime = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

// founder returns the identity of the first node of a new cluster, which is on disk.
func founder(t *testing.T, address string) *identity {
	t.Helper()
	id := newIdentity(t.TempDir(), newID(), address, func() time.Time { return testTime })
	var err error
	if id.ca, id.caKey, err = newAuthority(id.Cluster); err != nil {
		t.Fatal(err)
	}
	return stored(t, id)
}

// companion returns the identity of another node of the cluster.
func companion(t *testing.T, of *identity) *identity {
	t.Helper()
	id := newIdentity(t.TempDir(), of.Cluster, "127.0.0.1:1", of.now)
	id.ca, id.caKey = of.ca, of.caKey
	return stored(t, id)
}

func stored(t *testing.T, id *identity) *identity {
	t.Helper()
	if err := id.makeKey(); err != nil {
		t.Fatal(err)
	}
	if err := id.writeKeys(); err != nil {
		t.Fatal(err)
	}
	if err := id.write(); err != nil {
		t.Fatal(err)
	}
	return id
}

func reread(id *identity, now time.Time) (*identity, error) {
	return readIdentity(filepath.Dir(id.folder), func() time.Time { return now })
}

func TestIdentityIsReadAgain(t *testing.T) {
	id := founder(t, "log1.example.com:8485")
	again, err := reread(id, testTime)
	if err != nil {
		t.Fatal(err)
	}
	if again.ID != id.ID || again.Cluster != id.Cluster || again.Address != id.Address || !again.Created.Equal(testTime) || again.Started {
		t.Errorf("read %+v, wrote %+v", again, id)
	}
	if !again.key.Equal(id.key) || !again.caKey.Equal(id.caKey) || again.caHash() != id.caHash() || !again.cert.Load().Leaf.Equal(id.cert.Load().Leaf) {
		t.Error("other keys or certificates were read than written")
	}
	if isNode, err := IsNode(filepath.Dir(id.folder)); !isNode || err != nil {
		t.Errorf("IsNode: %t, %v", isNode, err)
	}
	if isNode, err := IsNode(t.TempDir()); isNode || err != nil {
		t.Errorf("IsNode of an empty directory: %t, %v", isNode, err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for _, name := range []string{identityFile, caFile, caKeyFile, keyFile, certificateFile} {
		if info, err := os.Stat(filepath.Join(id.folder, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if info, err := os.Stat(id.folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("cluster/: %v, %v", info.Mode(), err)
	}
}

func TestIDsAreRandom(t *testing.T) {
	if a, b := founder(t, "a:1"), founder(t, "a:1"); a.ID == b.ID || a.Cluster == b.Cluster || !ids.MatchString(a.ID) {
		t.Errorf("ids %s and %s", a.ID, b.ID)
	}
}

func TestCertificateIsRenewed(t *testing.T) {
	for _, c := range []struct {
		name    string
		now     time.Time
		renewed bool
	}{
		{"at once", testTime, false},
		{"after half a year", testTime.AddDate(0, 6, 0), false},
		{"after ten months", testTime.AddDate(0, 10, 0), true},
		{"after it has expired", testTime.AddDate(3, 0, 0), true},
		{"with a clock an hour back", testTime.Add(-time.Hour), false},
		{"with a clock a year back", testTime.AddDate(-1, 0, 0), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := founder(t, "a:1")
			again, err := reread(id, c.now)
			if err != nil {
				t.Fatal(err)
			}
			leaf := again.cert.Load().Leaf
			if renewed := !leaf.Equal(id.cert.Load().Leaf); renewed != c.renewed {
				t.Errorf("renewed: %t", renewed)
			}
			if isDue(leaf, c.now) || leaf.Subject.CommonName != id.ID || leaf.CheckSignatureFrom(id.ca) != nil {
				t.Errorf("the certificate of %s is valid from %s to %s", leaf.Subject.CommonName, leaf.NotBefore, leaf.NotAfter)
			}
			if onDisk, err := reread(id, c.now); err != nil || !onDisk.cert.Load().Leaf.Equal(leaf) {
				t.Errorf("another certificate is on disk: %v", err)
			}
		})
	}
}

func TestLostCertificateIsMadeAgain(t *testing.T) {
	for _, text := range []string{"", "garbage", encodeCertificate(founder(t, "a:1").ca.Raw)} {
		id := founder(t, "a:1")
		path := filepath.Join(id.folder, certificateFile)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		again, err := reread(id, testTime)
		if err != nil {
			t.Fatal(err)
		}
		if leaf := again.cert.Load().Leaf; leaf.Subject.CommonName != id.ID || leaf.CheckSignatureFrom(id.ca) != nil {
			t.Errorf("after %q, the certificate is of %s", text, leaf.Subject.CommonName)
		}
	}
}

func TestDamagedIdentityIsRefused(t *testing.T) {
	other := founder(t, "b:1")
	read := func(id *identity, name string) string {
		text, err := os.ReadFile(filepath.Join(id.folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	flip := func(text, id string) string { return strings.Replace(text, id, newID(), 1) }
	for _, c := range []struct {
		name, file string
		change     func(id *identity, text string) string
		want       string
	}{
		{"half of it", identityFile, func(_ *identity, text string) string { return text[:len(text)/2] }, "does not say who"},
		{"another id", identityFile, func(id *identity, text string) string { return flip(text, id.ID) }, "its certificate is that of"},
		{"another cluster", identityFile, func(id *identity, text string) string { return flip(text, id.Cluster) }, "another cluster"},
		{"an id that is no id", identityFile, func(id *identity, text string) string { return strings.Replace(text, id.ID, "log1", 1) }, "does not say who"},
		{"another authority", caFile, func(*identity, string) string { return read(other, caFile) }, "another cluster"},
		{"the key of another authority", caKeyFile, func(*identity, string) string { return read(other, caKeyFile) }, "another cluster"},
		{"garbage as key", keyFile, func(*identity, string) string { return "garbage" }, "not a key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := founder(t, "a:1")
			if err := durable.WriteSecret(filepath.Join(id.folder, c.file), c.change(id, read(id, c.file))); err != nil {
				t.Fatal(err)
			}
			_, err := reread(id, testTime)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) || !strings.Contains(err.Error(), "oplog cluster remove") {
				t.Errorf("error %v", err)
			}
		})
	}
	id := founder(t, "a:1")
	if err := os.Remove(filepath.Join(id.folder, caKeyFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := reread(id, testTime); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("without ca.key: %v", err)
	}
}

func TestIdentityThatOthersCanReadIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	id := founder(t, "a:1")
	if err := os.Chmod(filepath.Join(id.folder, keyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := reread(id, testTime); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("error %v", err)
	}
}

func TestCheckAddress(t *testing.T) {
	for _, good := range []string{"log1:8485", "log1.example.com:1", "10.0.0.5:65535", "[2001:db8::1]:8485"} {
		if err := CheckAddress(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"": "HOST:PORT", "log1": "HOST:PORT", "2001:db8::1": "HOST:PORT", "https://log1:8485/": "HOST:PORT: log1:8485", ":8485": "no host", "0.0.0.0:8485": "no host",
		"[::]:8485": "no host", "log1:0": "1 and 65535", "log1:65536": "1 and 65535", "log1:http": "1 and 65535", "log1:": "1 and 65535", "a/b:8485": "not a name",
	} {
		if err := CheckAddress(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestIdentityHasNoSecrets(t *testing.T) {
	text, err := json.Marshal(founder(t, "a:1"))
	if err != nil || strings.Contains(string(text), "key") {
		t.Errorf("node.json is %s, %v", text, err)
	}
}
