package witness

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Cosignatures are those of C2SP tlog-cosignature for Ed25519: key type 4, a time before the signature, and both signed together with the
// checkpoint's text.
const (
	typeCosignature = 4
	timestampSize   = 8
	privatePrefix   = "PRIVATE+KEY+"
)

func keyHash(name string, public []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), append([]byte{typeCosignature}, public...)...))
	return binary.BigEndian.Uint32(sum[:])
}

func encodeKey(name string, public, key []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, public), base64.StdEncoding.EncodeToString(append([]byte{typeCosignature}, key...)))
}

func decodeKey(text string, size int) (name string, hash uint32, key []byte, err error) {
	name, rest, _ := strings.Cut(text, "+")
	hashText, encoded, _ := strings.Cut(rest, "+")
	number, hashErr := strconv.ParseUint(hashText, 16, 32)
	key, keyErr := base64.StdEncoding.DecodeString(encoded)
	if name == "" || len(hashText) != 8 || hashErr != nil || keyErr != nil || len(key) != 1+size || key[0] != typeCosignature {
		return "", 0, nil, errors.New("it is not the key of a witness")
	}
	return name, uint32(number), key[1:], nil
}

// NewVerifier returns a verifier of cosignatures for a witness's verifier key.
func NewVerifier(key string) (note.Verifier, error) {
	name, hash, public, err := decodeKey(key, ed25519.PublicKeySize)
	if err != nil || hash != keyHash(name, public) {
		return nil, fmt.Errorf("%q is not the verifier key of a witness; oplog witness prints it when it starts", key)
	}
	return verifier{name, hash, public}, nil
}

type verifier struct {
	name   string
	hash   uint32
	public ed25519.PublicKey
}

func (v verifier) Name() string    { return v.name }
func (v verifier) KeyHash() uint32 { return v.hash }

func (v verifier) Verify(text, signature []byte) bool {
	if len(signature) != timestampSize+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	return at <= 1<<63-1 && ed25519.Verify(v.public, message(at, text), signature[timestampSize:])
}

// message is what a cosignature signs.
func message(at uint64, text []byte) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatUint(at, 10)+"\n"), text...)
}

// TimeOf returns when a cosignature was made.
func TimeOf(s note.Signature) time.Time {
	data, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(data) < 4+timestampSize {
		return time.Time{}
	}
	return time.Unix(int64(binary.BigEndian.Uint64(data[4:])&(1<<63-1)), 0).UTC() //nolint:gosec // 63 bits
}

// signer makes cosignatures.
type signer struct {
	verifier
	private ed25519.PrivateKey
	now     func() time.Time
}

func (s *signer) Sign(text []byte) ([]byte, error) {
	at := uint64(max(0, s.now().Unix())) //nolint:gosec // not negative
	return append(binary.BigEndian.AppendUint64(nil, at), ed25519.Sign(s.private, message(at, text))...), nil
}

// key returns the witness's verifier key.
func (s *signer) key() string { return encodeKey(s.name, s.public, s.public) }

// generateKey returns a new private key; without a name it makes one.
func generateKey(name string) string {
	if name == "" {
		random := make([]byte, 4)
		_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
		name = "witness-" + hex.EncodeToString(random)
	}
	private := ed25519.NewKeyFromSeed(randomSeed())
	return privatePrefix + encodeKey(name, private.Public().(ed25519.PublicKey), private.Seed())
}

func randomSeed() []byte {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails
	return seed
}

func newSigner(text string, now func() time.Time) (*signer, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text), privatePrefix)
	name, hash, seed, err := decodeKey(encoded, ed25519.SeedSize)
	if !ok || err != nil {
		return nil, errors.New("it is not the private key of a witness")
	}
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	if hash != keyHash(name, public) {
		return nil, errors.New("the private key of the witness is damaged")
	}
	return &signer{verifier{name, hash, public}, private, now}, nil
}
