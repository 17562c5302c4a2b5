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
	NextCursor string  `json:"next_cursor,omitempty"` // of the next page; omitted on the last page

	// If it ends early, since entries before a time are in the archive, which cannot be read for now. The next page needs it.
	Archive       ArchiveAccess `json:"archive,omitempty"`
	ArchiveBefore time.Time     `json:"archive_before,omitzero"`
}

// ArchiveAccess says whether the archive could be read.
type ArchiveAccess string

// ArchiveUnavailable means that it could not.
const ArchiveUnavailable ArchiveAccess = "unavailable"

// Page sizes.
const (
	DefaultPageSize = 50
	MaxPageSize     = 200
)

// QueryDeadline limits the time that the index may take to answer.
const QueryDeadline = 5 * time.Second

// DeadlineError replaces a context.DeadlineExceeded of a query by an error that names QueryDeadline; it returns any other error as it is.
func DeadlineError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return InvalidQuery("q", nil, "timed_out", "timed out after {seconds} s; narrow the search or the period", int(QueryDeadline.Seconds()))
	}
	return err
}

// A cursor is the key of a page's last entry and a checksum that binds it to the tenant. The checksum detects corruption and cursors of
// another tenant; it is not a signature.

// MakeCursor returns the cursor that continues after a key.
func MakeCursor(tenant string, k Key) string {
	return base64.RawURLEncoding.EncodeToString(append(k[:], cursorSum(tenant, k)...))
}

func cursorSum(tenant string, k Key) []byte {
	sum := sha256.Sum256([]byte("cursor\x00" + tenant + "\x00" + string(k[:])))
	return sum[:8]
}

// ParseCursor returns the key of a tenant's cursor; zero for "".
func ParseCursor(tenant, cursor string) (Key, error) {
	var k Key
	if cursor == "" {
		return k, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != len(k)+8 {
		return k, InvalidQuery("cursor", cursor, "not_a_cursor", "is not a valid cursor; use next_cursor of the previous page, or omit it")
	}
	copy(k[:], raw)
	if string(cursorSum(tenant, k)) != string(raw[len(k):]) {
		return k, InvalidQuery("cursor", cursor, "cursor_of_another", "is not a cursor of this tenant")
	}
	return k, nil
}
