package exports

import (
	"strings"
	"sync"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// keptExports are what limits and expiry need of the exports that are recorded, by tenant: to refuse an export must not cost the reading of all
// others.
type keptExports struct {
	store oplog.Records
	node  string // this one; "" for a log on one

	mu       sync.Mutex
	byTenant map[string][]kept
	changes  uint64 // counts changes of records, so that a list that was read before one is not cached
}

// kept is a part of an export.
type kept struct {
	id, format string
	createdBy  Creator
	size       int64
	expires    time.Time // zero while it runs
	elsewhere  bool      // whether it runs on another node
}

// maxCachedTenants is how many tenants have their exports cached.
const maxCachedTenants = 256

func newKeptExports(s oplog.Records, node string) *keptExports {
	k := &keptExports{store: s, node: node, byTenant: make(map[string][]kept)}
	s.OnRecord(func(kind oplog.RecordKind, name string) {
		if kind != oplog.RecordExport {
			return
		}
		tenant, _, _ := strings.Cut(name, "/")
		k.mu.Lock()
		defer k.mu.Unlock()
		k.changes++
		delete(k.byTenant, tenant)
	})
	return k
}

// of returns a tenant's exports, which the caller must not change; those that are not damaged together with a CodeDamaged error.
func (k *keptExports) of(tenant string) ([]kept, error) {
	k.mu.Lock()
	cached, known := k.byTenant[tenant]
	before := k.changes
	k.mu.Unlock()
	if known {
		return cached, nil
	}
	all, err := records.List[Export](k.store, oplog.RecordExport, tenant+"/")
	list := make([]kept, len(all))
	for i, x := range all {
		elsewhere := k.node != "" && x.Status == Running && x.Node != k.node
		if elsewhere {
			x.Size = x.Written
		}
		list[i] = kept{x.ID, x.Format, x.CreatedBy, x.Size, x.expiry(), elsewhere}
	}
	if err != nil {
		return list, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.changes == before {
		if len(k.byTenant) >= maxCachedTenants {
			clear(k.byTenant)
		}
		k.byTenant[tenant] = list
	}
	return list, nil
}
