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

// Checked is what a manifest proves of a file.
type Checked struct {
	exports.Manifest
	LogSize uint64 // entries of the log in the manifest's checkpoint
}

// Verify checks a file against its signed manifest and the verifier key of the
// store that made both. An error says in words what does not fit.
func Verify(file io.Reader, manifest []byte, key string) (Checked, error) {
	c, err := openManifest(manifest, key)
	if err != nil {
		return Checked{}, err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return Checked{}, fmt.Errorf("the file cannot be read: %w", err)
	}
	switch got := hex.EncodeToString(sum.Sum(nil)); {
	case size < c.Size:
		return Checked{}, fmt.Errorf("the file has %d of the %d bytes that were written: it was cut or changed", size, c.Size)
	case size > c.Size:
		return Checked{}, fmt.Errorf("the file has %d bytes, and %d were written: something was added or changed", size, c.Size)
	case got != c.SHA256:
		return Checked{}, fmt.Errorf("the file was changed: its SHA-256 is %s, that of the file that was written is %s", got, c.SHA256)
	}
	return c, nil
}

// openManifest checks the signatures of a manifest and of the checkpoint in it.
func openManifest(manifest []byte, key string) (Checked, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return Checked{}, fmt.Errorf("--key %q is no verifier key; it looks like oplog-1a2b3c4d+5e6f7a8b+AbC…, as GET /api/v1/key answers it", key)
	}
	opened, err := openNote(manifest, verifier)
	if err != nil {
		return Checked{}, fmt.Errorf("the manifest proves nothing: %w", err)
	}
	c := Checked{}
	if c.Manifest, err = exports.ParseManifest(opened); err != nil {
		return Checked{}, fmt.Errorf("the manifest proves nothing: %w", err)
	}
	checkpoint, err := openNote([]byte(c.Checkpoint), verifier)
	if err != nil {
		return Checked{}, fmt.Errorf("the checkpoint in the manifest proves nothing: %w", err)
	}
	lines := strings.Split(checkpoint, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name()+"/"+c.Tenant {
		return Checked{}, fmt.Errorf("the checkpoint in the manifest is not of the log of tenant %s", c.Tenant)
	}
	if c.LogSize, err = strconv.ParseUint(lines[1], 10, 63); err != nil || c.LogSize < c.LastSeq {
		return Checked{}, errors.New("the checkpoint in the manifest is older than its rows")
	}
	return c, nil
}

// openNote returns the text of a note that has one signature, the verifier's,
// and not a byte besides: no other writing of the same note is taken.
func openNote(signed []byte, verifier note.Verifier) (string, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return "", fmt.Errorf("it is not signed by the key of %s", verifier.Name())
	case errors.As(err, &invalid):
		return "", errors.New("its signature does not fit its text: it was changed")
	case err != nil:
		return "", errors.New("it is not a signed note; take the file as it was downloaded")
	}
	plain, err := note.Sign(opened) // with the signatures that it has
	if err != nil || len(opened.Sigs) != 1 || len(opened.UnverifiedSigs) > 0 || !bytes.Equal(plain, signed) {
		return "", errors.New("it was changed beside its text: more than the one signature stands under it")
	}
	// The last digit of base64 has bits that mean nothing: only zeros are taken.
	if _, err := base64.StdEncoding.Strict().DecodeString(opened.Sigs[0].Base64); err != nil {
		return "", errors.New("its signature is written in another way than it was made: it was changed")
	}
	return opened.Text, nil
}
