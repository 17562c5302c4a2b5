package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"oplog/node"
	"oplog/oplog"
	"oplog/signing"
	"oplog/storage"
	"oplog/trail"
)

type keyVerifier struct {
	logFlags
	Changes bool   `help:"Print, as JSON, the key with the statements by which it replaced earlier ones; verify-export and verify-proof read it (--key-changes)."`
	Tenant  string `placeholder:"ID" help:"With --changes: the tenant whose log is to be verified with them."`
}

// Run prints the verifier key, which is public, alone on stdout for scripts.
func (c *keyVerifier) Run(m *Program) error {
	return m.withLogToRead(c.Data, func(l *node.Node, _ bool) error {
		if !c.Changes {
			_, err := fmt.Fprintln(m.Stdout, l.Journal.VerifierKey())
			return err
		}
		if err := checkTenant(l, c.Tenant); err != nil {
			return err
		}
		history, err := l.Prover.KeyHistory(c.Tenant)
		if err != nil {
			return err
		}
		encoder := json.NewEncoder(m.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(history)
	})
}

type keyRotate struct {
	logFlags
	Lost            bool   `help:"The old key is lost: begin a new one without its signature. Verifiers see a break, and need the new key from a trusted person."`
	NextSignCommand string `placeholder:"CMD" and:"next" help:"Shell command that signs from now on; the server and later commands need it as --sign-command. A running server runs it, as its own user."`
	NextPublicKey   string `placeholder:"KEY" and:"next" help:"Ed25519 public key of that command, in base64."`
}

// Run replaces the key, and records that in all trails.
func (c *keyRotate) Run(m *Program) error {
	var key string
	var wasCommand bool
	err := m.withLogToRotate(c, func(l *node.Node, store *storage.DB) error {
		wasCommand = store.SignCommand() != ""
		operation := "rotate_key"
		if c.Lost {
			operation = "replace_lost_key"
		}
		return store.Rotate(storage.Rotation{
			Now: m.Now, Lost: c.Lost, SignCommand: c.NextSignCommand, PublicKey: c.NextPublicKey,
			Tell: func(old, next string) ([]oplog.Entry, error) {
				key = next
				return l.Trail.EntriesForAll(m.withSource(trail.Event{
					User: trail.CommandUser, Module: "server", Operation: operation, Object: oplog.Ref{ID: next},
					Details: map[string]any{"old_key": old, "new_key": next},
				}))
			},
		})
	})
	if err != nil {
		return err
	}
	c.tell(m, wasCommand)
	_, err = fmt.Fprintln(m.Stdout, key)
	return err
}

// withLogToRotate is withLog with the store, which need not have its key if that is lost.
func (m *Program) withLogToRotate(c *keyRotate, do func(l *node.Node, store *storage.DB) error) error {
	if m.running != nil {
		return m.withLeadingLog(func(l *node.Node) error { return do(l, m.running.store) })
	}
	dir, err := m.existingDir(c.Data)
	if err != nil {
		return err
	}
	store, err := openStore(dir, storage.Options{WithoutKey: c.Lost, SignCommand: m.signCommand, NoCopy: m.noCopy})
	if err != nil {
		return err
	}
	l, err := m.openNode(dir, store, nil)
	if err != nil {
		return err
	}
	return errors.Join(do(l, store), l.Close())
}

// knownKey is the verifier key that somebody who verifies knows, and how the log's key was replaced since or before.
type knownKey struct {
	Key        string `required:"" placeholder:"VKEY" help:"Verifier key of the log, as printed by oplog key verifier; get it from a trusted person, not from the ZIP or from those who sent you the file."`
	KeyChanges string `placeholder:"FILE" help:"How the log's key was replaced, as printed by oplog key verifier --changes; by default what comes with the file itself."`
}

// follow returns the keys that lead from the known one. inside are the changes that came with what is verified.
func (k *knownKey) follow(m *Program, inside []oplog.KeyChange) (*signing.Keys, error) {
	if k.KeyChanges != "" {
		data, err := m.readText(k.KeyChanges)
		if err != nil {
			return nil, fmt.Errorf("cannot read --key-changes: %w", err)
		}
		if inside, err = readKeyChanges(data); err != nil {
			return nil, err
		}
	}
	return signing.Follow(k.Key, inside)
}

func readKeyChanges(data []byte) ([]oplog.KeyChange, error) {
	var history struct {
		oplog.KeyHistory
		Keys []oplog.KeyChange `json:"keys"` // as GET /api/v1/key gives them
	}
	if err := json.Unmarshal(data, &history); err != nil {
		return nil, errors.New("the key changes are not what oplog key verifier --changes prints")
	}
	return append(history.Changes, history.Keys...), nil
}

// signedBy says for people which key signed, if it is not the one that they know.
func signedBy(keys *signing.Keys, key string) string {
	if key == keys.Known() {
		return visible(key)
	}
	return visible(key) + ", which the key changes lead to from the key that you know"
}

// tell says what the change means for people who verify the log.
func (c *keyRotate) tell(m *Program, wasCommand bool) {
	what := "The old key signed the new one, so people who know the old verifier key can follow to the new one; the old key signs nothing any more."
	if c.Lost {
		what = "The old key could not sign the new one, so everybody who verifies this log sees a break: give them the new verifier key in person."
	}
	fmt.Fprintln(m.Stderr, what)
	if c.NextSignCommand == "" {
		fmt.Fprintln(m.Stderr, "Keep a copy of the new signing.key: backups do not contain it.")
	}
	switch {
	case c.NextSignCommand != "":
		fmt.Fprintln(m.Stderr, "The server needs the new command as its sign-command when it starts next.")
	case wasCommand:
		fmt.Fprintln(m.Stderr, "The server must not have a sign-command any more when it starts next.")
	}
	fmt.Fprintln(m.Stderr, "The new verifier key:")
}
