package cluster

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// tokenLife is how long a token can be used, once.
const tokenLife = time.Hour

// tokenPrefix begins the names of the records of tokens, which end with the SHA-256 of the secret.
const tokenPrefix = "cluster/token/"

// token is what a node needs to join. Its text is the base64url of its JSON.
type token struct {
	Address string `json:"address"` // of a node of the cluster
	CA      string `json:"ca"`      // SHA-256 of the authority's certificate, in hex
	Secret  string `json:"secret"`
}

// tokenRecord says until when a token can be used. It is removed by its use.
type tokenRecord struct {
	Expires time.Time `json:"expires"`
}

func (t token) String() string {
	text, _ := json.Marshal(t) //nolint:gosec // a token is its secret; and it never fails, as it has strings alone
	return base64.RawURLEncoding.EncodeToString(text)
}

// parseToken reads a token that somebody has pasted.
func parseToken(text string) (t token, err error) {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(text))
	if err == nil {
		err = json.Unmarshal(data, &t)
	}
	if err != nil || CheckAddress(t.Address) != nil || len(t.CA) != 64 || t.Secret == "" {
		return token{}, errors.New("this is not a token of a cluster, or a part of it is missing; copy all that oplog cluster token prints")
	}
	return t, nil
}

// newToken makes a token that can be used once within the next hour, at the node with an address, and removes those that have expired.
func newToken(r oplog.Records, id *identity) (token, error) {
	now := id.now()
	if err := removeExpired(r, now); err != nil {
		return token{}, err
	}
	t := token{Address: id.Address, CA: id.caHash(), Secret: rand.Text()}
	return t, records.Create(r, oplog.RecordServer, tokenName(t.Secret), tokenRecord{now.UTC().Add(tokenLife)})
}

func tokenName(secret string) string { return tokenPrefix + hashOf([]byte(secret)) }

// removeExpired removes the records of tokens that nobody has used in time.
func removeExpired(r oplog.Records, now time.Time) error {
	found, err := r.Records(oplog.RecordServer, tokenPrefix)
	if err != nil && oplog.CodeOf(err) != oplog.CodeDamaged {
		return err
	}
	for _, one := range found {
		var t tokenRecord
		if json.Unmarshal(one.Data, &t) == nil && now.Before(t.Expires) {
			continue
		}
		if err := records.Remove(r, oplog.RecordServer, one.Name); err != nil {
			return err
		}
	}
	return nil
}

// findToken returns the revision of the record of a token that can be used now.
func findToken(r oplog.Records, secret string, now time.Time) (revision oplog.Revision, err error) {
	data, revision, err := r.Record(oplog.RecordServer, tokenName(secret))
	var t tokenRecord
	if err == nil {
		err = json.Unmarshal(data, &t)
	}
	switch {
	case oplog.CodeOf(err) == oplog.CodeNotFound:
		err = oplog.Errorf(oplog.CodeForbidden, "The token was used before, or it is not one of this cluster; make another with oplog cluster token.")
	case err == nil && !now.Before(t.Expires):
		err = oplog.Errorf(oplog.CodeForbidden, "The token has expired at %s; make another with oplog cluster token.", t.Expires.UTC().Format(time.RFC3339))
	}
	return revision, err
}

// useToken uses up the token with a secret, and records the entry with that, both or neither.
func useToken(r oplog.Records, secret string, replaces oplog.Revision, entry oplog.Entry) error {
	err := r.PutRecords([]oplog.RecordChange{{Kind: oplog.RecordServer, Name: tokenName(secret), Replaces: replaces}}, entry)
	if errors.Is(err, oplog.ErrRevision) {
		return oplog.Errorf(oplog.CodeForbidden, "The token was used before; make another with oplog cluster token.")
	}
	return err
}
