package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// A device is a browser in which somebody signed in to an account. It keeps a token that says so, which grants nothing but attempts of its
// own: failed sign-ins elsewhere do not keep it out. Tokens are not stored: they are signed for the account and its password, and end with
// the latter, or when the account is signed out everywhere.

// DeviceLife is how long a device is known after its last sign-in.
const DeviceLife = 90 * 24 * time.Hour

const (
	deviceTime = 8 // bytes of the expiry
	deviceID   = 12
	deviceHead = deviceTime + deviceID
	deviceSize = deviceHead + sha256.Size
)

// DeviceToken returns a token for a browser that signed in to an account.
func (i *Identity) DeviceToken(a Account) (string, error) {
	secret, err := i.deviceSecret()
	if err != nil {
		return "", err
	}
	token := binary.BigEndian.AppendUint64(make([]byte, 0, deviceSize), uint64(i.now().Add(DeviceLife).Unix()))
	token = append(token, make([]byte, deviceID)...)
	_, _ = rand.Read(token[deviceTime:]) // never fails: crypto/rand aborts the program instead
	return base64.RawURLEncoding.EncodeToString(append(token, a.signDevice(secret, token)...)), nil
}

// Device returns the id of the device with a token, or "" if the token is not one of the account, or ended.
func (i *Identity) Device(a Account, token string) (string, error) {
	raw, _ := base64.RawURLEncoding.DecodeString(token) // which is too short if it is not base64
	if len(raw) != deviceSize || uint64(i.now().Unix()) >= binary.BigEndian.Uint64(raw) {
		return "", nil
	}
	secret, err := i.deviceSecret()
	if err != nil || !hmac.Equal(raw[deviceHead:], a.signDevice(secret, raw[:deviceHead])) {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(raw[deviceTime:deviceHead]), nil
}

func (a *Account) signDevice(secret, head []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(head)
	mac.Write([]byte(strings.Join([]string{a.Username, a.PasswordHash, a.SignedOutAt.Format(time.RFC3339Nano) + a.Subject}, "\x00")))
	return mac.Sum(nil)
}

// deviceSecretName is the record of the secret that signs devices.
const deviceSecretName = "device_secret"

// deviceSecret returns the secret that signs devices, and creates it at first use.
func (i *Identity) deviceSecret() ([]byte, error) {
	secret, err := records.Read[[]byte](i.records, oplog.RecordServer, deviceSecretName)
	if oplog.CodeOf(err) == oplog.CodeDamaged { // with another one no device is known, which locks nobody out
		if err = records.Mend[[]byte](i.inMemory, oplog.RecordServer, deviceSecretName, nil); err != nil {
			return nil, err
		}
	} else if oplog.CodeOf(err) != oplog.CodeNotFound {
		return secret, err
	}
	return records.Change(i.inMemory, oplog.RecordServer, deviceSecretName, func(stored *[]byte, exists bool) (bool, error) {
		if !exists {
			*stored = make([]byte, sha256.Size)
			_, _ = rand.Read(*stored)
		}
		return false, nil
	})
}
