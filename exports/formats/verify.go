package formats

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"oplog/exports"

	"golang.org/x/mod/sumdb/note"
)

// Checked is what a manifest proves about a file.
type Checked struct {
	exports.Manifest
	LogSize uint64 // entries of the log in the manifest's checkpoint
}

// Verify checks a file against its signed manifest and the verifier key of the log. Errors explain for users what does not match.
func Verify(file io.Reader, manifest []byte, key string) (Checked, error) {
	c, err := openManifest(manifest, key)
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
func openManifest(manifest []byte, key string) (Checked, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return Checked{}, fmt.Errorf("--key %q is not a verifier key; expected one like oplog-1a2b3c4d+5e6f7a8b+AbC…, as returned by GET /api/v1/key", key)
	}
	opened, err := openNote(manifest, verifier)
	if err != nil {
		return Checked{}, fmt.Errorf("the manifest is not valid: %w", err)
	}
	c := Checked{}
	if c.Manifest, err = exports.ParseManifest(opened); err != nil {
		return Checked{}, fmt.Errorf("the manifest is not valid: %w", err)
	}
	checkpoint, err := openNote([]byte(c.Checkpoint), verifier)
	if err != nil {
		return Checked{}, fmt.Errorf("the checkpoint in the manifest is not valid: %w", err)
	}
	lines := strings.Split(checkpoint, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name()+"/"+c.Tenant {
		return Checked{}, fmt.Errorf("the checkpoint in the manifest belongs to a different log than tenant %s", c.Tenant)
	}
	if c.LogSize, err = strconv.ParseUint(lines[1], 10, 63); err != nil || c.LogSize < c.LastSeq {
		return Checked{}, errors.New("the checkpoint in the manifest is older than its rows")
	}
	return c, nil
}

// openNote returns the text of a note with exactly one signature, the verifier's, in canonical form: no other encoding of the same note is
// accepted.
func openNote(signed []byte, verifier note.Verifier) (string, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return "", fmt.Errorf("it is not signed by the key of %s", verifier.Name())
	case errors.As(err, &invalid):
		return "", errors.New("its signature does not match its text: it was modified")
	case err != nil:
		return "", errors.New("it is not a signed note; use the file as downloaded")
	}
	plain, err := note.Sign(opened) // including its signatures
	if err != nil || len(opened.Sigs) != 1 || len(opened.UnverifiedSigs) > 0 || !bytes.Equal(plain, signed) {
		return "", errors.New("it was modified: it has more than one signature")
	}
	// Unused bits in the last base64 digit must be zero.
	if _, err := base64.StdEncoding.Strict().DecodeString(opened.Sigs[0].Base64); err != nil {
		return "", errors.New("it was modified: its signature is not in canonical form")
	}
	return opened.Text, nil
}
