package search

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"

	"oplog/faults"
	"oplog/oplog"
)

// Segments are mapped files. A file that shrinks, or that the disk cannot read, faults when it is read, and damaged bytes can make its readers
// panic, in queries as well as in the background. A guarded function returns an error instead, and its tenant is opened again: that verifies
// the checksums of its segments, and rebuilds damaged ones from the store.

// guarded calls do, which reads segments of a tenant.
func (x *Index) guarded(tenant string, do func() error) (err error) {
	defer x.guard(tenant, debug.SetPanicOnFault(true), &err)
	return do()
}

// guard is deferred around code that reads segments of a tenant: it turns panics into errors, and restores whether faults panic.
func (x *Index) guard(tenant string, faultsPanic bool, err *error) {
	debug.SetPanicOnFault(faultsPanic)
	p := recover()
	if p == nil {
		return
	}
	x.reopen(tenant)
	if faults.OfFile(p, "github.com/blevesearch", "github.com/RoaringBitmap") {
		faults.Report("reading the index", fmt.Errorf("a segment of tenant %s cannot be read (%v); it is verified, and rebuilt from the store if necessary", tenant, p))
		*err = oplog.Errorf(oplog.CodeUnavailable, "A part of the index could not be read and is being verified. Retry in a moment; recording continues.")
		return
	}
	*err = faults.Mistake("using the index of tenant "+tenant, p)
}

// reopen closes a tenant in the background, once nobody changes its segments, so that its next use opens it again.
func (x *Index) reopen(tenant string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	t := x.tenants[tenant]
	if t == nil || t.reopening || x.ctx.Err() != nil {
		return
	}
	t.reopening = true
	x.stopped.Go(func() {
		t.mergeMu.Lock()
		defer t.mergeMu.Unlock()
		t.buildMu.Lock()
		defer t.buildMu.Unlock()
		x.mu.Lock()
		defer x.mu.Unlock()
		for key := range x.checked {
			if strings.HasPrefix(key, t.dir+string(filepath.Separator)) {
				delete(x.checked, key)
			}
		}
		if x.tenants[tenant] != t {
			return
		}
		delete(x.tenants, tenant)
		t.close()
	})
}
