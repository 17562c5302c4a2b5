package server

import (
	"fmt"
	"hash/maphash"
	"math"
	"sync"
	"time"

	"oplog/identity"
	"oplog/server/wire"
)

// limit is how many attempts may fail in a row, and how long it takes until another is allowed.
type limit struct {
	attempts int
	every    time.Duration
}

// The limits of attempts. Most are of one place, so that nobody keeps others out; the limit of a name in all places is high, and browsers
// that signed in with the name before are exempt from it.
var (
	pairLimit     = limit{10, 30 * time.Second}  // a name from an address
	deviceLimit   = limit{10, 30 * time.Second}  // a name on a browser that signed in with it before
	nameLimit     = limit{100, 10 * time.Second} // a name from all addresses
	addressLimit  = limit{50, 5 * time.Second}   // an address, with all names
	launchLimit   = limit{50, 5 * time.Second}   // links of host systems from an address
	setupLimit    = limit{10, 30 * time.Second}  // setup codes from an address
	passwordLimit = limit{10, 30 * time.Second}  // old passwords in a session
	codeLimit     = limit{5, 2 * time.Minute}    // codes of an account from an address, or on a known device
	codesLimit    = limit{20, 5 * time.Minute}   // codes of an account from all addresses but known devices
)

// bucket is what attempts are counted for, within a limit.
type bucket struct {
	key string
	limit
	place string // if it is of a name in one place: which; see placeLocks
}

// throttle slows down guessing. Each bucket has a number of attempts, which are regained over time; successful ones cost nothing.
//
// Its memory is fixed, and nothing is ever evicted, so that nobody can make it forget: it counts in a few rows of cells, and each key has a
// cell in each row, which depends on a secret. Another key may have the same cell; the lowest of a key's cells counts.
type throttle struct {
	now   func() time.Time
	seeds [throttleRows]maphash.Seed

	mu   sync.Mutex
	full [throttleRows][throttleCells]int64 // when all attempts are regained, in Unix nanoseconds
}

const (
	throttleRows  = 4
	throttleCells = 1 << 15
)

func newThrottle(now func() time.Time) *throttle {
	t := &throttle{now: now}
	for i := range t.seeds {
		t.seeds[i] = maphash.MakeSeed()
	}
	return t
}

// take takes an attempt of all buckets, or returns how long to wait for one. giveBack returns the attempts.
func (t *throttle) take(buckets ...bucket) (giveBack func(), wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().UnixNano()
	for _, b := range buckets {
		wait = max(wait, t.missing(b, now))
	}
	if wait > 0 {
		return nil, wait
	}
	for _, b := range buckets {
		for _, cell := range t.cells(b.key) {
			*cell = max(*cell, now) + int64(b.every)
		}
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, b := range buckets {
			for _, cell := range t.cells(b.key) {
				*cell -= int64(b.every)
			}
		}
	}, 0
}

// wait returns how long it takes until a bucket has an attempt.
func (t *throttle) wait(b bucket) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(0, t.missing(b, t.now().UnixNano()))
}

// left returns how many attempts all buckets have.
func (t *throttle) left(buckets ...bucket) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, left := t.now().UnixNano(), math.MaxInt
	for _, b := range buckets {
		spent := max(0, t.spent(b, now))
		left = min(left, b.attempts-int((spent+int64(b.every)-1)/int64(b.every)))
	}
	return max(0, left)
}

// free gives a bucket all its attempts.
func (t *throttle) free(b bucket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if spent := t.spent(b, t.now().UnixNano()); spent > 0 {
		for _, cell := range t.cells(b.key) {
			*cell -= spent
		}
	}
}

func (t *throttle) missing(b bucket, now int64) time.Duration {
	return time.Duration(t.spent(b, now)) - time.Duration(b.attempts-1)*b.every
}

// spent returns how long it takes until a bucket has regained all its attempts.
func (t *throttle) spent(b bucket, now int64) int64 {
	cells := t.cells(b.key)
	full := *cells[0]
	for _, cell := range cells[1:] {
		full = min(full, *cell)
	}
	return full - now
}

func (t *throttle) cells(key string) (cells [throttleRows]*int64) {
	for i, seed := range t.seeds {
		cells[i] = &t.full[i][maphash.String(seed, key)%throttleCells]
	}
	return cells
}

// nameBucket counts the attempts with a name from all addresses.
func nameBucket(username string) bucket {
	return bucket{"name " + identity.NameKey(username), nameLimit, ""}
}

// signInBuckets returns what an attempt to sign in counts for. Names count whether or not there is such an account.
func (s *Server) signInBuckets(in *call, username string) ([]bucket, error) {
	device, err := s.knownDevice(in, username)
	switch {
	case err != nil:
		return nil, err
	case device != "":
		return s.takeOverAttempts(username, s.placeBucket("device "+device, username, deviceLimit))
	}
	address := in.network()
	return s.takeOverAttempts(username, s.placeBucket("pair "+address, username, pairLimit), nameBucket(username), bucket{"address " + address, addressLimit, ""})
}

// placeBucket counts the attempts with a name in one place, since the name was last unlocked.
func (s *Server) placeBucket(place, username string, l limit) bucket {
	return bucket{fmt.Sprintf("%s %s %d", place, identity.NameKey(username), s.locks.generation(username)), l, place}
}

// codesBucket counts the codes of an account from all addresses.
func codesBucket(username string) bucket {
	return bucket{"codes " + identity.NameKey(username), codesLimit, ""}
}

// codeBuckets returns what an attempt with the second factor of an account counts for. A person who knows the password could guess codes,
// and so exhaust the limit of all addresses: devices that signed in before have their own, and what is long, a recovery code or a passkey's
// signature, cannot be guessed and is only limited by address.
func (s *Server) codeBuckets(in *call, long bool) ([]bucket, error) {
	username := in.account.Username
	device, err := s.knownDevice(in, username)
	switch {
	case err != nil:
		return nil, err
	case device != "":
		return s.takeOverAttempts(username, s.placeBucket("code device "+device, username, codeLimit))
	case long:
		return s.takeOverAttempts(username, s.placeBucket("long code "+in.network(), username, codeLimit))
	}
	return s.takeOverAttempts(username, s.placeBucket("code "+in.network(), username, codeLimit), codesBucket(username))
}

// network returns what counts as the caller's address.
func (in *call) network() string { return wire.Network(in.http.Context().RemoteIP()) }
