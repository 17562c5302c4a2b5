package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"oplog/durable"
)

type tlsCommand struct {
	Init tlsInit `cmd:"" help:"Create a certificate for this server, signed by a CA of your own, and say how to trust that."`
}

type tlsInit struct {
	Host  []string `required:"" placeholder:"NAME" help:"Host name or IP address that people type; may be repeated."`
	Dir   string   `default:"." placeholder:"DIR" help:"Folder of ca.pem, ca-key.pem, cert.pem and key.pem, which is created if missing; by default the current one. A CA that is there is used."`
	Days  int      `default:"825" placeholder:"N" help:"Days until the certificate expires (${default}, the most that macOS accepts)."`
	Renew bool     `help:"Replace the certificate and its key; a running server uses them without a restart."`
}

const (
	caFile, caKeyFile = "ca.pem", "ca-key.pem"
	certFile, keyFile = "cert.pem", "key.pem"

	caYears      = 10
	maxCertDays  = 825
	certBackdate = 24 * time.Hour // for clocks that are behind
)

// Validate checks the flags before anything is created.
func (c *tlsInit) Validate() error {
	if c.Days < 1 || c.Days > maxCertDays {
		return fmt.Errorf("--days %d is not between 1 and %d, the most that macOS accepts", c.Days, maxCertDays)
	}
	for _, host := range c.Host {
		if _, err := netip.ParseAddr(host); err != nil && !isHostName(host) {
			return fmt.Errorf("--host %s is neither a host name such as log.example.com nor an IP address such as 192.0.2.7", host)
		}
	}
	return nil
}

// isHostName reports whether a name is one of DNS (RFC 1123): labels of letters, digits and hyphens.
func isHostName(name string) bool {
	if len(name) > 253 {
		return false
	}
	for _, label := range strings.Split(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label {
			return false
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' {
				return false
			}
		}
	}
	return true
}

// Run creates what is missing: the CA, and with it the certificate.
func (c *tlsInit) Run(m *Program) error {
	if err := durable.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	cert := filepath.Join(c.Dir, certFile)
	if _, err := os.Stat(cert); err == nil && !c.Renew {
		return fmt.Errorf("%s exists; add --renew to replace it, or specify another folder with --dir", cert)
	}
	ca, caKey, err := c.authority(m)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := c.certificate(m.Now())
	template.NotAfter = earlier(template.NotAfter, ca.NotAfter)
	der, err := x509.CreateCertificate(rand.Reader, template, ca, key.Public(), caKey)
	if err != nil {
		return err
	}
	if err := writeKey(filepath.Join(c.Dir, keyFile), key); err != nil {
		return err
	}
	if err := writePEM(cert, "CERTIFICATE", der, ca.Raw); err != nil {
		return err
	}
	c.explain(m.Stdout, ca, template.NotAfter)
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// certificate returns the template of the server's certificate.
func (c *tlsInit) certificate(now time.Time) *x509.Certificate {
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: c.Host[0]},
		NotBefore: now.Add(-certBackdate), NotAfter: now.Add(-certBackdate).AddDate(0, 0, c.Days),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	for _, host := range c.Host {
		if ip, err := netip.ParseAddr(host); err == nil {
			t.IPAddresses = append(t.IPAddresses, ip.AsSlice())
			continue
		}
		t.DNSNames = append(t.DNSNames, host)
	}
	return t
}

// authority returns the CA in the folder, which it creates if there is none.
func (c *tlsInit) authority(m *Program) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	path := filepath.Join(c.Dir, caFile)
	stored, err := os.ReadFile(path)
	if err == nil {
		return c.storedAuthority(path, stored, m.Now())
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "oplog CA of " + c.Host[0]},
		NotBefore: m.Now().Add(-certBackdate), NotAfter: m.Now().AddDate(caYears, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	if err := writeKey(filepath.Join(c.Dir, caKeyFile), key); err != nil {
		return nil, nil, err
	}
	return ca, key, writePEM(path, "CERTIFICATE", der)
}

// storedAuthority checks that a CA can sign a certificate now.
func (c *tlsInit) storedAuthority(path string, stored []byte, now time.Time) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(stored)
	if block == nil {
		return nil, nil, fmt.Errorf("%s is not a certificate in PEM; specify another folder with --dir", path)
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("%s cannot be read (%w); specify another folder with --dir", path, err)
	}
	if now.After(ca.NotAfter) {
		return nil, nil, fmt.Errorf("%s expired on %s; create another CA in a new folder with --dir, and have it trusted", path, moment(ca.NotAfter))
	}
	keyPath := filepath.Join(c.Dir, caKeyFile)
	secret, err := durable.ReadSecret(keyPath)
	if err != nil {
		return nil, nil, fmt.Errorf("the key of %s is required to sign with it (%w); put it back, or create another CA in a new folder with --dir", path, err)
	}
	block, _ = pem.Decode(secret)
	if block == nil {
		return nil, nil, fmt.Errorf("%s is not a key in PEM", keyPath)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, isECDSA := parsed.(*ecdsa.PrivateKey)
	if err != nil || !isECDSA || !key.PublicKey.Equal(ca.PublicKey) {
		return nil, nil, fmt.Errorf("%s is not the key of %s", keyPath, path)
	}
	return ca, key, nil
}

// explain says how to use the certificate, and how people trust it.
func (c *tlsInit) explain(w io.Writer, ca *x509.Certificate, until time.Time) {
	at := func(name string) string { return filepath.Join(c.Dir, name) }
	hosts := ""
	for _, host := range c.Host {
		hosts += " --host " + host
	}
	fmt.Fprintf(w, `The certificate is for %[1]s and expires on %[2]s. Use it with:
  oplog serve --listen 0.0.0.0:8484%[3]s --tls-cert %[4]s --tls-key %[5]s
Renew it with oplog tls init --renew; a running server uses the new one without a restart.

Each machine that opens the log has to trust the CA once. Copy %[6]s there, compare the fingerprint, and:
  SHA-256 %[7]s
  Windows, as administrator:  certutil -addstore Root ca.pem
  macOS:                      sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ca.pem
  Debian, Ubuntu:             sudo cp ca.pem /usr/local/share/ca-certificates/oplog.crt && sudo update-ca-certificates
  Red Hat, SUSE:              sudo trust anchor ca.pem
  Firefox:                    Settings, Privacy & Security, View Certificates, Authorities, Import
Keep %[8]s off this machine, where nobody else can read it: who has it can pretend to be any site for those who trust the CA.
`, strings.Join(c.Host, ", "), until.UTC().Format(time.DateOnly), hosts, at(certFile), at(keyFile), at(caFile), fingerprint(ca), at(caKeyFile))
}

// serial returns a random serial number (RFC 5280: positive, up to 20 bytes).
func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err) // crypto/rand aborts the program instead
	}
	return n.Add(n, big.NewInt(1))
}

// fingerprint returns the SHA-256 of a certificate as browsers and systems show it.
func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// writeKey writes a private key in PKCS #8, which only the user can read.
func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return durable.WriteSecret(path, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func writePEM(path, kind string, blocks ...[]byte) error {
	return durable.WriteFile(path, 0o644, func(w io.Writer) error {
		for _, der := range blocks {
			if err := pem.Encode(w, &pem.Block{Type: kind, Bytes: der}); err != nil {
				return err
			}
		}
		return nil
	})
}
