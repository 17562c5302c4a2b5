package exports

import (
	"fmt"
	"os"
	"sync"
	"time"

	"oplog/oplog"
)

// Limits of a tenant's exports, and of those of one person or key.
const (
	MaxRunningOfCreator = 10 // or waiting to run
	MaxRunningOfTenant  = 50
	MaxKeptOfCreator    = 100 // running ones included
	MaxKeptOfTenant     = 500
	MaxBytesOfCreator   = 5 << 30 // of all files together
	MaxBytesOfTenant    = 20 << 30
)

// usage is what a creator, or a tenant, uses of its limits.
type usage struct {
	running, kept int
	bytes         int64
	expires       time.Time // when the first of the kept ones will be deleted; zero if none is finished
}

func (u *usage) add(bytes int64, expires time.Time, running bool) {
	u.kept++
	u.bytes += bytes
	if running {
		u.running++
	} else if u.expires.IsZero() || expires.Before(u.expires) {
		u.expires = expires
	}
}

// used returns what the creator of an export and its tenant use, with about what running ones have written.
func (s *Exports) used(by Export) (creator, tenant usage, err error) {
	all, err := s.kept.of(by.Tenant)
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	for i := range all {
		x, bytes := &all[i], all[i].size
		run, running := s.jobs.running[x.id]
		if running {
			bytes = max(bytes, run.written)
		} else if x.elsewhere {
			running = true
		}
		tenant.add(bytes, x.expires, running)
		if x.createdBy == by.CreatedBy {
			creator.add(bytes, x.expires, running)
		}
	}
	return creator, tenant, err
}

// checkLimits returns CodeTooMany if a creator or its tenant may not start another export, or CodeDiskFull if nobody may.
func (s *Exports) checkLimits(x Export) error {
	if err := s.space(); err != nil {
		return err
	}
	creator, tenant, err := s.used(x)
	switch {
	case err != nil:
		return err
	case creator.running >= MaxRunningOfCreator:
		return oplog.Refuse(oplog.CodeTooMany, "too-many-running-exports", "You have {count} running exports, the limit; cancel some, or retry when one is done.", creator.running)
	case tenant.running >= MaxRunningOfTenant:
		return oplog.Refuse(oplog.CodeTooMany, "too-many-running-exports-of-tenant", "This tenant has {count} running exports, the limit; retry when one is done.", tenant.running)
	case creator.kept >= MaxKeptOfCreator:
		return s.limitError(&creator, fmt.Sprintf("You have %d exports, the limit", creator.kept))
	case tenant.kept >= MaxKeptOfTenant:
		return s.limitError(&tenant, fmt.Sprintf("This tenant has %d exports, the limit", tenant.kept))
	}
	return s.checkBytes(&creator, &tenant)
}

func (s *Exports) checkBytes(creator, tenant *usage) error {
	switch {
	case creator.bytes >= MaxBytesOfCreator:
		return s.limitError(creator, fmt.Sprintf("Your exports use %d GiB, the limit", MaxBytesOfCreator>>30))
	case tenant.bytes >= MaxBytesOfTenant:
		return s.limitError(tenant, fmt.Sprintf("The exports of this tenant use %d GiB, the limit", MaxBytesOfTenant>>30))
	}
	return nil
}

// limitError says what is used up, what to do, and when there will be room.
func (s *Exports) limitError(u *usage, reached string) error {
	if u.expires.IsZero() {
		return oplog.Refuse(oplog.CodeTooMany, "exports-in-use", "{reached}; cancel or delete some, or export less at a time.", reached)
	}
	err := oplog.Refuse(oplog.CodeTooMany, "too-many-exports", "{reached}; delete some, or retry after {time}, when the first one expires.", reached, u.expires.UTC().Format("2006-01-02 15:04 UTC"))
	err.Wait = max(time.Second, u.expires.Sub(s.now()))
	return err
}

// startingOf returns the lock that a tenant's exports take from the check of the limits until they are recorded, so that two cannot start
// where there is room for one.
func (s *Exports) startingOf(tenant string) *sync.Mutex {
	mu, _ := s.starting.LoadOrStore(tenant, &sync.Mutex{})
	return mu.(*sync.Mutex)
}

// checkEvery is the number of bytes that an export writes between two checks of the limits.
const checkEvery = 16 << 20

// limitedFile is an export's file, within the limits of its creator and its tenant.
type limitedFile struct {
	*os.File
	check            func(bytes int64) error // that were written since the last check
	unchecked, every int64
}

func (f *limitedFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if f.unchecked += int64(n); err != nil || f.unchecked < f.every {
		return n, err
	}
	err = f.check(f.unchecked)
	f.unchecked, f.every = 0, checkEvery
	return n, err
}

// checkWritten adds bytes to what a running export has written, and returns an error if it may not write more.
func (s *Exports) checkWritten(x Export, bytes int64) error {
	s.jobs.mu.Lock()
	s.jobs.running[x.ID].written += bytes
	s.jobs.mu.Unlock()
	if err := s.space(); err != nil {
		return err
	}
	return s.checkUsed(x)
}

// checkUsed returns an error if the creator of an export or its tenant exceeds a limit.
func (s *Exports) checkUsed(x Export) error {
	creator, tenant, err := s.used(x)
	if err != nil {
		return err
	}
	return s.checkBytes(&creator, &tenant)
}
