package formats

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"

	"oplog/exports"
	"oplog/signing"
)

// Checked is what a manifest proves about a file.
type Checked struct {
	exports.Manifest
	LogSize uint64    // entries of the log in the manifest's checkpoint
	Key     string    // that signed the manifest
	Until   time.Time // when that key was replaced; zero if it was not
}

// Verify checks a file against its signed manifest and the keys of the log. Errors explain for users what does not match.
func Verify(file io.Reader, manifest []byte, keys *signing.Keys) (Checked, error) {
	c, err := openManifest(manifest, keys)
	if err != nil {
		return Checked{}, err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, io.LimitReader(file, c.Size+1))
	if err != nil {
		return Checked{}, fmt.Errorf("cannot read the file: %w", err)
	}
	switch got := hex.EncodeToString(sum.Sum(nil)); {
	case size < c.Size:
		return Checked{}, fmt.Errorf("the file has %d of %d bytes: it was truncated or modified", size, c.Size)
	case size > c.Size:
		return Checked{}, fmt.Errorf("the file is longer than the %d bytes that were exported: it was modified", c.Size)
	case got != c.SHA256:
		return Checked{}, fmt.Errorf("the file was modified: its SHA-256 is %s, that of the exported file is %s", got, c.SHA256)
	}
	return c, nil
}

// openManifest verifies the signatures of a manifest and of the checkpoint in it.
func openManifest(manifest []byte, keys *signing.Keys) (Checked, error) {
	opened, err := openNote(manifest, keys)
	if err != nil {
		return Checked{}, fmt.Errorf("the manifest is not valid: %w", err)
	}
	c := Checked{Key: opened.Key, Until: opened.Until}
	if c.Manifest, err = exports.ParseManifest(opened.Text); err != nil {
		return Checked{}, fmt.Errorf("the manifest is not valid: %w", err)
	}
	if !c.Until.IsZero() && c.At.Truncate(time.Second).After(c.Until) {
		return Checked{}, fmt.Errorf("the manifest is not valid: it is signed by %s, which was replaced on %s, before the export: the old key was misused", c.Key, c.Until.Format(time.DateOnly))
	}
	checkpoint, err := openNote([]byte(c.Checkpoint), keys)
	if err != nil {
		return Checked{}, fmt.Errorf("the checkpoint in the manifest is not valid: %w", err)
	}
	head, err := signing.ParseHead(checkpoint.Text)
	if err != nil || head.Origin != keys.Name()+"/"+c.Tenant {
		return Checked{}, fmt.Errorf("the checkpoint in the manifest belongs to a different log than tenant %s", c.Tenant)
	}
	if err := checkpoint.CheckHead(head); err != nil {
		return Checked{}, fmt.Errorf("the checkpoint in the manifest is not valid: %w", err)
	}
	if c.LogSize = head.Size; c.LogSize < c.LastSeq {
		return Checked{}, errors.New("the checkpoint in the manifest is older than its rows")
	}
	return c, nil
}

// openNote opens a note with exactly one signature, of a key of the log, in canonical form: no other encoding of the same note is accepted.
func openNote(signed []byte, keys *signing.Keys) (signing.Signed, error) {
	opened, err := keys.Open(string(signed))
	if errors.Is(err, signing.ErrNoNote) {
		return opened, errors.New("it is not a signed note; use the file as downloaded")
	}
	if err != nil {
		return opened, err
	}
	plain, err := note.Sign(opened.Note) // including its signatures
	if err != nil || len(opened.Sigs) != 1 || len(opened.UnverifiedSigs) > 0 || !bytes.Equal(plain, signed) {
		return opened, errors.New("it was modified: it has more than one signature")
	}
	// Unused bits in the last base64 digit must be zero.
	if _, err := base64.StdEncoding.Strict().DecodeString(opened.Sigs[0].Base64); err != nil {
		return opened, errors.New("it was modified: its signature is not in canonical form")
	}
	return opened, nil
}
