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
	return m.withLog(c.Data, func(l *node.Node) error {
		if !c.Changes {
			_, err := fmt.Fprintln(m.Stdout, l.Journal.VerifierKey())
			return err
		}
		if err := checkTenant(l, c.Tenant); err != nil {
			return err
		}
		changes, err := l.Prover.KeyChanges(c.Tenant)
		if err != nil {
			return err
		}
		encoder := json.NewEncoder(m.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(oplog.KeyHistory{Key: l.Journal.VerifierKey(), Changes: changes})
	})
}

type keyRotate struct {
	dataFlag
	Lost            bool   `help:"The old key is lost: begin a new one without its signature. Verifiers see a break, and need the new key from a trusted person."`
	NextSignCommand string `placeholder:"CMD" and:"next" help:"Shell command that signs from now on; later commands need it as --sign-command."`
	NextPublicKey   string `placeholder:"KEY" and:"next" help:"Ed25519 public key of that command, in base64."`
}

// Run replaces the key, and records that in all trails.
func (c *keyRotate) Run(m *Program) error {
	dir, err := m.existingDir(c.Data)
	if err != nil {
		return err
	}
	store, err := storage.Open(dir, storage.Options{WithoutKey: c.Lost, SignCommand: m.signCommand, NoCopy: m.noCopy})
	if err != nil {
		return err
	}
	old := store.VerifierKey()
	if err := store.Rotate(storage.Rotation{At: m.Now(), Lost: c.Lost, SignCommand: c.NextSignCommand, PublicKey: c.NextPublicKey}); err != nil {
		return errors.Join(err, store.Close())
	}
	l, err := m.openNode(dir, store)
	if err != nil {
		return err
	}
	event := trail.Event{User: trail.CommandUser, Module: "server", Operation: "rotate_key"}
	if c.Lost {
		event = trail.Event{User: trail.CommandUser, Module: "server", Operation: "replace_lost_key"}
	}
	key := store.VerifierKey()
	event.Object, event.Details = oplog.Ref{ID: key}, map[string]any{"old_key": old, "new_key": key}
	err = l.Trail.AddToAll(event)
	l.Trail.Flush()
	if err := errors.Join(err, l.Close()); err != nil {
		return err
	}
	c.tell(m)
	_, err = fmt.Fprintln(m.Stdout, key)
	return err
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
func (c *keyRotate) tell(m *Program) {
	what := "The old key signed the new one, so people who know the old verifier key can follow to the new one; the old key signs nothing any more."
	if c.Lost {
		what = "The old key could not sign the new one, so everybody who verifies this log sees a break: give them the new verifier key in person."
	}
	fmt.Fprintln(m.Stderr, what)
	if c.NextSignCommand == "" {
		fmt.Fprintln(m.Stderr, "Keep a copy of the new signing.key: backups do not contain it.")
	}
	fmt.Fprintln(m.Stderr, "The new verifier key:")
}
