package cluster

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Certificates are used between nodes only. Clocks of nodes may differ, so the authority's has no bounds that matter, and a node's begins a day
// before it was made. A node renews its own once less than a third of its life is left.
const (
	certificateLife = 365 * 24 * time.Hour
	certificateLead = 24 * time.Hour
	renewBefore     = certificateLife / 3
)

// The authority is valid from 2020 to the end of RFC 5280's time.
var (
	authorityFrom  = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	authorityUntil = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// authorityName is the name of the authority of a cluster.
func authorityName(cluster string) string { return "oplog cluster " + cluster }

// newAuthority makes the authority of a cluster.
func newAuthority(cluster string) (*x509.Certificate, ed25519.PrivateKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: authorityName(cluster)}, NotBefore: authorityFrom, NotAfter: authorityUntil,
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return nil, nil, err
	}
	ca, err := x509.ParseCertificate(der)
	return ca, private, err
}

// issue signs the certificate of a node. Its name is the node's id, which is also the DNS name that those who dial the node verify.
func issue(ca *x509.Certificate, caKey ed25519.PrivateKey, node string, public ed25519.PublicKey, now time.Time) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: node}, DNSNames: []string{node},
		NotBefore: now.Add(-certificateLead), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	return x509.CreateCertificate(rand.Reader, template, ca, public, caKey)
}

// isDue reports whether a certificate is to be renewed now.
func isDue(c *x509.Certificate, now time.Time) bool {
	return now.Before(c.NotBefore) || now.After(c.NotAfter.Add(-renewBefore))
}

// serial returns a random serial number (RFC 5280: positive, up to 20 bytes).
func serial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	b[0] |= 1
	return new(big.Int).SetBytes(b[:])
}

// parseCertificate reads the first certificate of a PEM text.
func parseCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("it is not a certificate in PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// parseKey reads an ed25519 key in PKCS #8 and PEM.
func parseKey(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it is not a key in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("it is a %T, not an Ed25519 key", parsed)
	}
	return key, nil
}

// encodeCertificate returns a certificate in PEM.
func encodeCertificate(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// encodeKey returns a key in PKCS #8 and PEM.
func encodeKey(key ed25519.PrivateKey) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// tlsCertificate joins a node's certificate, that of the authority and the key.
func tlsCertificate(der []byte, ca *x509.Certificate, key ed25519.PrivateKey) (*tls.Certificate, error) {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if public, ok := leaf.PublicKey.(ed25519.PublicKey); !ok || !public.Equal(key.Public()) {
		return nil, errors.New("it is the certificate of another key")
	}
	return &tls.Certificate{Certificate: [][]byte{der, ca.Raw}, PrivateKey: key, Leaf: leaf}, nil
}
