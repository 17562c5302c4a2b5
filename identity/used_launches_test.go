package identity_test

import (
	"fmt"
	"testing"
	"time"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// TestUsedLaunchesOfAKey: a key has a bounded number of used links, which are removed once they have expired, without waiting for the hour; other
// keys are not affected.
func TestUsedLaunchesOfAKey(t *testing.T) {
	l := nodetest.New(t)
	acme, plain := newHost(l, "acme"), newHost(l, "plain")
	expires := l.Clock.Now().Add(identity.MaxLaunchLife)
	type used struct {
		ExpiresAt time.Time `json:"expires_at"`
		Key       string    `json:"key"`
	}
	put(l, oplog.RecordLaunch, identity.MaxUsedLaunches-1, func(i int) (string, used) {
		return fmt.Sprintf("acme/%08d", i), used{expires, acme.key.Hash}
	})
	redeem := func(h host, id string) error {
		return h.Identity.RedeemLaunch(h.key, id, l.Clock.Now().Add(time.Minute))
	}
	l.Must(nil, redeem(acme, "last"))
	nodetest.WantCode(t, redeem(acme, "too many"), oplog.CodeTooMany)
	l.Must(nil, redeem(plain, "of another key"))

	l.Clock.Advance(identity.MaxLaunchLife + time.Minute)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := redeem(acme, fmt.Sprint("later ", time.Now()))
		if err == nil {
			break
		}
		if nodetest.WantCode(t, err, oplog.CodeTooMany); time.Now().After(deadline) {
			t.Fatal("expired links are not removed")
		}
	}
	l.Restart() // which waits for what is in progress
	left, err := l.Store.Records(oplog.RecordLaunch, "acme/")
	if l.Must(nil, err); len(left) > identity.MaxUsedLaunches/2 {
		t.Errorf("%d links are left", len(left))
	}
}

// TestSignInsDoNotWaitForOtherAccounts: neither the language that a first sign-in sets nor a second factor waits for a change of another account,
// which may be syncing.
func TestSignInsDoNotWaitForOtherAccounts(t *testing.T) {
	l := newSessions(t)
	token := l.start("wang")
	account, err := l.Identity.Account("li")
	l.Must(nil, err)
	_, pending, err := l.Identity.StartPending(account, nil, "en", "", "")
	l.Must(nil, err)
	entered, release := make(chan struct{}), make(chan struct{})
	changed := make(chan error, 1)
	go func() {
		_, err := l.Identity.AddAccount(identity.Account{Username: "zhao", Role: identity.RoleAdmin, Tenant: "plain"}, func() error {
			close(entered)
			<-release
			return nil
		})
		changed <- err
	}()
	<-entered
	done := make(chan error, 2)
	go func() {
		_, err := l.Identity.SetLocale(token, "en")
		done <- err
		_, err = l.Identity.FinishSignIn(pending, identity.Proof{Code: "123456"})
		done <- err
	}()
	for _, want := range []error{nil, identity.ErrWrongFactor} {
		select {
		case err := <-done:
			if err != want { //nolint:errorlint // the very value
				t.Errorf("%v, want %v", err, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a sign-in waits for a change of another account")
		}
	}
	close(release)
	l.Must(nil, <-changed)
}
