package backup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
)

// Recipient is a public key that backups are encrypted to.
type Recipient = age.Recipient

// ParseRecipients returns the recipients with these public keys, and those in a file of one a line; "" for none.
func ParseRecipients(keys []string, file string) ([]Recipient, error) {
	var recipients []Recipient
	for _, key := range keys {
		key = strings.TrimSpace(key)
		if strings.HasPrefix(strings.ToUpper(key), "AGE-SECRET-KEY-") {
			return nil, errors.New("a recipient is a public key (age1…), not a secret one; replace that key, which others may have seen now")
		}
		parsed, err := age.ParseRecipients(strings.NewReader(key))
		if err != nil {
			return nil, fmt.Errorf("%q is not a public key of age (age1…), as age-keygen prints it", key)
		}
		recipients = append(recipients, parsed...)
	}
	if file == "" {
		return recipients, checkTogether(recipients)
	}
	text, err := os.ReadFile(file) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("cannot read the recipients: %w", err)
	}
	parsed, err := age.ParseRecipients(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s does not have a public key of age (age1…) on each line: %w", file, err)
	}
	recipients = append(recipients, parsed...)
	return recipients, checkTogether(recipients)
}

// checkTogether checks that a file can be encrypted to all recipients: not so to keys with and without post-quantum security.
func checkTogether(recipients []Recipient) error {
	if len(recipients) == 0 {
		return nil
	}
	_, err := age.Encrypt(io.Discard, recipients...)
	return err
}

// Encrypt returns a writer that encrypts to recipients; Close ends it, and leaves w open.
func Encrypt(w io.Writer, to []Recipient) (io.WriteCloser, error) { return age.Encrypt(w, to...) }

// encryptedMark is how files of age begin.
const encryptedMark = "age-encryption.org/"

// ErrEncrypted is the error of reading an encrypted backup without an identity.
var ErrEncrypted = errors.New("the backup is encrypted with age")

// Decrypt returns what a backup has, which may be a plain one, decrypted by the identities in a file; "" for none.
func Decrypt(r io.Reader, identityFile string) (io.Reader, error) {
	from := bufio.NewReader(r)
	start, err := from.Peek(len(encryptedMark))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(start) != encryptedMark {
		return from, nil
	}
	if identityFile == "" {
		return nil, ErrEncrypted
	}
	text, err := os.ReadFile(identityFile) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("cannot read the identity: %w", err)
	}
	identities, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s is not an identity file of age, as age-keygen writes it: %w", identityFile, err)
	}
	plain, err := age.Decrypt(from, identities...)
	if noMatch := (*age.NoIdentityMatchError)(nil); errors.As(err, &noMatch) {
		return nil, fmt.Errorf("no identity in %s can decrypt the backup; specify that of one of its recipients", identityFile)
	}
	return plain, err
}
