package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPort(t *testing.T) {
	o := healthy(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	f := func(address string, want ...string) Finding {
		t.Helper()
		o.Listen = address
		return finds(t, o, "port", want...)
	}
	f("127.0.0.1:0", "port-free")
	f("localhost:0", "port-free")
	if got := f(ln.Addr().String(), "port-in-use"); got.Params["address"] != ln.Addr().String() || !strings.Contains(got.Advice, "--listen") {
		t.Errorf("%+v", got)
	}
	f("192.0.2.1:0", "port-unusable") // of no machine
	f(":0", "port-refused")
	o.Insecure = true
	f(":0", "port-plain")
	o.Cert = "cert.pem"
	f(":0", "port-free")
	o.MetricsListen = ln.Addr().String()
	f(":0", "port-free", "port-in-use")
	o.Server = Running // and listens there
	f(ln.Addr().String(), "port-open")
	o.Cert = ""
	f("[::]:8484", "port-plain")
}

func TestNodes(t *testing.T) {
	o := healthy(t)
	finds(t, o, "nodes") // of a log on one machine
	good := Nodes{Number: 3, Leader: "log1:8485", CertificateExpires: now.Add(15 * 24 * time.Hour)}
	f := func(change func(*Nodes), want ...string) Finding {
		t.Helper()
		n := good
		change(&n)
		o.Log = func() (Log, error) { return Log{Nodes: &n}, nil }
		return finds(t, o, "nodes", want...)
	}
	f(func(*Nodes) {}, "nodes-reached")
	f(func(n *Nodes) { n.ClockAhead = -5 * time.Second }, "nodes-reached")
	if got := f(func(n *Nodes) { n.ClockAhead = -time.Minute }, "nodes-clock"); got.Params["difference"] != int64(60) {
		t.Errorf("%+v", got)
	}
	f(func(n *Nodes) { n.CertificateExpires = now.Add(13 * 24 * time.Hour) }, "nodes-certificate")
	if got := f(func(n *Nodes) { n.Unreachable = []string{"log2:8485", "log3:8485"} }, "nodes-unreachable"); !strings.Contains(got.Fact, "log2:8485, log3:8485") {
		t.Errorf("%+v", got)
	}
	f(func(n *Nodes) { n.Leader, n.Unreachable = "", []string{"log2:8485"} }, "nodes-no-leader", "nodes-unreachable")
}

// certificate writes a certificate for a time and names, and its key.
func certificate(t *testing.T, from, until time.Time, names ...string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until, DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, certFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return certFile, keyFile
}

func TestCertificate(t *testing.T) {
	o, day := healthy(t), 24*time.Hour
	f := func(from, until time.Duration, want string, hosts ...string) Finding {
		t.Helper()
		o.Cert, o.Key = certificate(t, now.Add(from), now.Add(until), "log.example.com")
		o.Hosts = hosts
		return finds(t, o, "certificate", want)
	}
	f(-day, 90*day, "certificate-valid", "log.example.com", "127.0.0.1")
	f(-day, 90*day, "certificate-valid")
	if got := f(-day, 9*day, "certificate-expiring"); !strings.Contains(got.Fact, "expires in 9 days, at ") || !strings.Contains(got.Advice, "a restart is not necessary") {
		t.Errorf("%+v", got)
	}
	f(-9*day, -day, "certificate-expired", "log.example.org")
	f(day, 9*day, "certificate-early")
	if got := f(-day, 9*day, "certificate-other-name", "log.example.org"); !strings.Contains(got.Fact, "is for log.example.com, 127.0.0.1, and not for log.example.org") {
		t.Errorf("%+v", got)
	}
	f(-day, 90*day, "certificate-some-names", "log.example.com", "oplog")

	valid, validKey := certificate(t, now.Add(-day), now.Add(90*day))
	_, otherKey := certificate(t, now.Add(-day), now.Add(90*day))
	pair := func(cert, key, want string) {
		t.Helper()
		o.Cert, o.Key, o.Hosts = cert, key, nil
		finds(t, o, "certificate", want)
	}
	pair(valid, otherKey, "certificate-wrong-key")
	pair(valid, valid, "certificate-wrong-key")
	pair(valid, filepath.Join(o.Dir, "none"), "certificate-missing")
	pair(filepath.Join(o.Dir, "none"), validKey, "certificate-missing")
	pair("", "", "certificate-none")
	chmod(t, validKey, 0o644)
	pair(valid, validKey, "certificate-key-open")
}
