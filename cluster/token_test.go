package cluster

import (
	"crypto/ed25519"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/oplog"
)

func TestTokenIsGoodOnce(t *testing.T) {
	o := newOffice(t)
	used := o.token()
	if _, err := o.join(used, t.TempDir(), newAddress); err != nil {
		t.Fatal(err)
	}
	o.refuses(used, "127.0.0.1:10", "used before")
	made := o.token()
	forged := made
	forged.Secret = strings.Repeat("A", 26)
	o.refuses(forged, "127.0.0.1:10", "not one of this cluster")

	var wg sync.WaitGroup
	var mu sync.Mutex
	joined := 0
	for i := range 4 { // at once
		wg.Go(func() {
			_, err := o.join(made, filepath.Join(t.TempDir(), "data"), net.JoinHostPort("127.0.0.1", strconv.Itoa(11+i)))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				joined++
			}
		})
	}
	wg.Wait()
	if joined != 1 || len(o.members()) != 3 {
		t.Errorf("%d nodes have joined with one token: %v", joined, o.members())
	}
}

func TestTokenExpires(t *testing.T) {
	o := newOffice(t)
	late, good := o.token(), o.token()
	o.mu.Lock()
	o.now = o.now.Add(tokenLife - time.Second)
	o.mu.Unlock()
	if _, err := o.join(good, t.TempDir(), newAddress); err != nil {
		t.Errorf("a second before: %v", err)
	}
	o.mu.Lock()
	o.now = o.now.Add(time.Second)
	o.mu.Unlock()
	o.refuses(late, "127.0.0.1:10", "has expired at 2026-11-30T10:00:00Z; make another with oplog cluster token")
	o.token()
	if found, err := o.db.Records(oplog.RecordServer, tokenPrefix); err != nil || len(found) != 1 {
		t.Errorf("%d tokens are stored, %v", len(found), err)
	}
}

func TestTokenOfAnotherCluster(t *testing.T) {
	o, other := newOffice(t), newOffice(t)
	wrong := o.token()
	wrong.CA = other.id.caHash()
	o.refuses(wrong, newAddress, "not of the cluster that the token is for")
	foreign := other.token()
	foreign.Address = o.id.Address
	o.refuses(foreign, newAddress, "not of the cluster that the token is for")
	foreign.CA = o.id.caHash() // one who has read the hash has no secret
	o.refuses(foreign, newAddress, "not one of this cluster")
}

// TestAnswerForAnotherCluster: what a node answers is checked, even though it has the right certificate.
func TestAnswerForAnotherCluster(t *testing.T) {
	o, other := newOffice(t), newOffice(t)
	for name, change := range map[string]func(a *joinAnswer){
		"another authority": func(a *joinAnswer) { a.CA = encodeCertificate(other.id.ca.Raw) },
		"another cluster":   func(a *joinAnswer) { a.Cluster = other.id.Cluster },
		"another key":       func(a *joinAnswer) { a.CAKey, _ = encodeKey(other.id.caKey) },
		"its own certificate": func(a *joinAnswer) {
			a.Certificate = encodeCertificate(o.id.cert.Load().Leaf.Raw)
		},
		"no certificate": func(a *joinAnswer) { a.Certificate = "" },
	} {
		id := newIdentity(t.TempDir(), "", newAddress, o.clock)
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		id.key = key
		a, err := o.desk.prepare(joinRequest{ID: id.ID, Key: key.Public().(ed25519.PublicKey)})
		if err != nil {
			t.Fatal(err)
		}
		change(&a)
		if err := id.accept(o.token(), a); err == nil {
			t.Errorf("%s: the answer was accepted", name)
		}
	}
}

func TestPastedTokens(t *testing.T) {
	o := newOffice(t)
	text := o.token().String()
	if again, err := parseToken(" " + text + "\n"); err != nil || again.String() != text {
		t.Errorf("read %v, %v", again, err)
	}
	for _, bad := range []string{"", text[:len(text)-8], text[4:], "garbage!", token{}.String(), token{Address: "a", CA: o.id.caHash(), Secret: "x"}.String()} {
		if _, err := parseToken(bad); err == nil || !strings.Contains(err.Error(), "oplog cluster token") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
