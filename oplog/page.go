package oplog

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"
)

// Page is one page of entries, newest first.
type Page struct {
	Entries    []Entry `json:"entries"`
	NextCursor string  `json:"next_cursor,omitempty"` // of the next page; left out on the last
}

// The number of entries of a page.
const (
	DefaultPageSize = 50
	MaxPageSize     = 200
)

// QueryDeadline is how long the index may take for an answer.
const QueryDeadline = 5 * time.Second

// TooSlow names the deadline in the error of a query that met it.
func TooSlow(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return InvalidQuery("q", nil, "takes more than %s to answer; narrow the search or the period", QueryDeadline)
	}
	return err
}

// A cursor is the key of the last entry of a page, and a sum that binds it to
// its tenant: what was made up or belongs elsewhere is refused, not followed.

// MakeCursor returns the cursor after the entry with a key.
func MakeCursor(tenant string, k Key) string {
	return base64.RawURLEncoding.EncodeToString(append(k[:], cursorSum(tenant, k)...))
}

func cursorSum(tenant string, k Key) []byte {
	sum := sha256.Sum256([]byte("cursor\x00" + tenant + "\x00" + string(k[:])))
	return sum[:8]
}

// ParseCursor returns the key that a cursor of a tenant stands for, zero for "".
func ParseCursor(tenant, cursor string) (Key, error) {
	var k Key
	if cursor == "" {
		return k, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != len(k)+8 {
		return k, InvalidQuery("cursor", cursor, "is not a cursor; take next_cursor of the page before, or leave it out")
	}
	copy(k[:], raw)
	if string(cursorSum(tenant, k)) != string(raw[len(k):]) {
		return k, InvalidQuery("cursor", cursor, "is not a cursor of this tenant")
	}
	return k, nil
}
