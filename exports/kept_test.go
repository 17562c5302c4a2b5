package exports

import (
	"context"
	"fmt"
	"testing"
	"time"

	"oplog/oplog"
)

// listedStore counts how often the exports are read.
type listedStore struct {
	oplog.Store // which is not used

	found   map[string][]byte
	changed []func(oplog.RecordKind, string)
	listed  int
	during  func() // called once while they are read
}

func (s *listedStore) OnRecord(changed func(oplog.RecordKind, string)) {
	s.changed = append(s.changed, changed)
}

func (s *listedStore) Failure() error { return nil }

func (s *listedStore) Records(_ oplog.RecordKind, prefix string) (all []oplog.Record, err error) {
	s.listed++
	for name, data := range s.found {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			all = append(all, oplog.Record{Name: name, Data: data})
		}
	}
	if during := s.during; during != nil {
		s.during = nil
		during()
	}
	return all, nil
}

// put records an export of acme.
func (s *listedStore) put(id, data string) {
	s.found["acme/"+id] = []byte(data)
	for _, changed := range s.changed {
		changed(oplog.RecordExport, "acme/"+id)
	}
}

// newListed returns exports over such a store, in which ann has as many as she may.
func newListed(tb testing.TB) (*Exports, *listedStore) {
	tb.Helper()
	store := &listedStore{found: make(map[string][]byte)}
	s := &Exports{changes: store, common: &common{store: store, now: time.Now, space: func() error { return nil }, kept: newKeptExports(store, "")}}
	for i := range MaxKeptOfCreator {
		store.put(fmt.Sprint(i), fmt.Sprintf(`{"id":"%d","tenant":"acme","status":"done","size":10,"created_by":{"username":"ann"},"expires_at":"2999-01-01T00:00:00Z"}`, i))
	}
	return s, store
}

// TestRefusalsReadNoExports: an export that is refused does not cost the reading of those that are there, until one of them changes.
func TestRefusalsReadNoExports(t *testing.T) {
	s, store := newListed(t)
	refused := func(tenant string, want bool) {
		t.Helper()
		_, err := s.Start(context.Background(), Export{Tenant: tenant, Format: "csv", CreatedBy: Creator{Username: "ann"}})
		if got := oplog.CodeOf(err) == oplog.CodeTooMany; got != want {
			t.Errorf("%v", err)
		}
	}
	for range 10 {
		refused("acme", true)
	}
	if store.listed != 1 {
		t.Errorf("the exports were read %d times", store.listed)
	}
	store.put("99", `{"id":"99","tenant":"acme","status":"done","created_by":{"username":"bob"},"expires_at":"2999-01-01T00:00:00Z"}`)
	creator, tenant, err := s.used(Export{Tenant: "acme", CreatedBy: Creator{Username: "ann"}})
	if creator.kept != MaxKeptOfCreator-1 || creator.bytes != 990 || tenant.kept != MaxKeptOfCreator || err != nil || store.listed != 2 {
		t.Errorf("%+v of %+v are used, read %d times, %v", creator, tenant, store.listed, err)
	}
}

// TestExportsThatChangeWhileTheyAreRead are not cached as they were.
func TestExportsThatChangeWhileTheyAreRead(t *testing.T) {
	s, store := newListed(t)
	store.during = func() { store.put("more", `{"id":"more","tenant":"acme","status":"done"}`) }
	for _, want := range []int{MaxKeptOfCreator, MaxKeptOfCreator + 1, MaxKeptOfCreator + 1} {
		if all, err := s.kept.of("acme"); len(all) != want || err != nil {
			t.Errorf("%d, want %d, %v", len(all), want, err)
		}
	}
	if store.listed != 2 {
		t.Errorf("they were read %d times", store.listed)
	}
	for i := range 2*maxCachedTenants + 1 {
		if _, err := s.kept.of(fmt.Sprint("tenant", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.kept.byTenant); n > maxCachedTenants {
		t.Errorf("%d tenants are cached", n)
	}
}

// BenchmarkRefusedExport starts an export that is refused because its creator has 100.
func BenchmarkRefusedExport(b *testing.B) {
	s, _ := newListed(b)
	x := Export{Tenant: "acme", Format: "csv", CreatedBy: Creator{Username: "ann"}}
	for b.Loop() {
		if _, err := s.Start(b.Context(), x); oplog.CodeOf(err) != oplog.CodeTooMany {
			b.Fatal(err)
		}
	}
}
