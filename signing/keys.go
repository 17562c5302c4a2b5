package signing

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"oplog/oplog"
)

// Keys are the keys of a log that follow from one that a verifier knows, and the statements between them.
type Keys struct {
	known   key
	trusted []key       // in order of their use
	ended   []statement // by trusted key: the statement that replaced it; the last has none
	broken  *statement  // replaced the last trusted key without its signature
}

// Follow returns the keys that key changes, in their order, lead to from a known verifier key. Rotations lead from the old key to the new
// one. All changes lead back, since the new key signs which one it replaced. Changes that do not contain the known key lead nowhere.
func Follow(known string, changes []oplog.KeyChange) (*Keys, error) {
	known = strings.TrimSpace(known)
	v, err := note.NewVerifier(known)
	if err != nil {
		return nil, fmt.Errorf("%q is not a verifier key; oplog key verifier prints that of the log", known)
	}
	k := &Keys{known: key{known, v}}
	k.trusted = []key{k.known}
	statements := make([]statement, len(changes))
	for i, c := range changes {
		if statements[i], err = parseStatement(c); err != nil {
			return nil, err
		}
		if i > 0 && statements[i-1].new.text != statements[i].old.text {
			return nil, errors.New("the statements that replace the log's key do not follow each other")
		}
	}
	first := slices.IndexFunc(statements, func(s statement) bool { return s.old.text == known || s.new.text == known })
	if first < 0 {
		return k, nil
	}
	position := slices.IndexFunc(statements, func(s statement) bool { return s.old.text == known })
	if position < 0 { // the newest
		position = len(statements)
	}
	k.trusted, k.ended = nil, nil
	for i, s := range statements {
		if i >= position && !s.rotation {
			k.broken = &s
			break
		}
		k.trusted, k.ended = append(k.trusted, s.old), append(k.ended, s)
	}
	switch {
	case k.broken != nil:
		k.trusted = append(k.trusted, k.broken.old)
	default:
		k.trusted = append(k.trusted, statements[len(statements)-1].new)
	}
	return k, nil
}

// Known returns the key that a verifier knows.
func (k *Keys) Known() string { return k.known.text }

// Current returns the newest key that follows from the known one.
func (k *Keys) Current() string { return k.trusted[len(k.trusted)-1].text }

// Name returns the log's name.
func (k *Keys) Name() string { return k.known.Name() }

// BrokenAt returns when the newest key that follows from the known one was replaced without its signature, because it was lost; zero if
// it was not.
func (k *Keys) BrokenAt() time.Time {
	if k.broken == nil {
		return time.Time{}
	}
	return k.broken.at
}

// The errors of Open.
var (
	ErrModified = errors.New("its signature does not match its text: it was modified")
	ErrNoNote   = errors.New("it is not a signed note")
)

// Signed is a note with a valid signature of the log.
type Signed struct {
	*note.Note
	Key   string    // the log's key that signed it
	Until time.Time // when the key was replaced; zero for the current key

	head *Head // of the tree when the key was replaced
}

// Open verifies that a note is signed by one of the keys. Whether the key was still in use is for CheckHead and the caller to decide.
func (k *Keys) Open(text string) (Signed, error) {
	verifiers := make([]note.Verifier, len(k.trusted))
	for i, one := range k.trusted {
		verifiers[i] = one
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifiers...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified) && k.broken != nil && signedBy(text, k.broken.new):
		return Signed{}, fmt.Errorf("it is signed by %s, which replaced the key that you know on %s because that was lost: the chain of keys is broken there, "+
			"so only someone you trust can tell whether the new key is the log's", k.broken.new.text, k.broken.at.Format(time.DateOnly))
	case errors.As(err, &unverified):
		return Signed{}, fmt.Errorf("it is signed by another key than %s: it was forged, or it belongs to another log", k.known.text)
	case errors.As(err, &invalid):
		return Signed{}, ErrModified
	case err != nil:
		return Signed{}, ErrNoNote
	}
	s := Signed{Note: opened}
	for i, one := range slices.Backward(k.trusted) { // the newest of several
		if slices.ContainsFunc(opened.Sigs, func(sig note.Signature) bool { return sig.Hash == one.KeyHash() }) {
			if s.Key = one.text; i < len(k.ended) {
				s.Until, s.head = k.ended[i].at, k.ended[i].head
			}
			break
		}
	}
	return s, nil
}

// OpenCheckpoint verifies a checkpoint: signed by one of the keys, which it returns, and if that was replaced, not newer than its replacement.
func (k *Keys) OpenCheckpoint(text string) (h Head, key string, err error) {
	s, err := k.Open(text)
	if err != nil {
		return h, "", err
	}
	if h, err = ParseHead(s.Text); err == nil {
		err = s.CheckHead(h)
	}
	return h, s.Key, err
}

// CheckHead returns an error if a head is newer than the replacement of the key that signed it.
func (s Signed) CheckHead(h Head) error {
	switch {
	case s.Until.IsZero(), h.Size == 0: // every log continues an empty one
		return nil
	case s.head == nil || s.head.Origin != h.Origin:
		return fmt.Errorf("it is signed by %s, which was replaced on %s, before this tree existed: the old key was misused", s.Key, s.Until.Format(time.DateOnly))
	case h.Size > s.head.Size:
		return fmt.Errorf("it is signed by %s, which was replaced on %s, when the tree had %d entries, but it is for %d: the old key was misused",
			s.Key, s.Until.Format(time.DateOnly), s.head.Size, h.Size)
	case h.Size == s.head.Size && h.Root != s.head.Root:
		return fmt.Errorf("it is signed by %s, which was replaced on %s, but its root is not the one that the tree had then: the old key was misused",
			s.Key, s.Until.Format(time.DateOnly))
	}
	return nil
}
