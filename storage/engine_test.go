package storage_test

import (
	"context"
	"testing"

	"oplog/oplog"
	"oplog/oplog/enginetest"
	"oplog/storage"
)

func TestStoreKeepsItsContracts(t *testing.T) {
	enginetest.Store(t, func(t *testing.T, dir string) oplog.Store {
		t.Helper()
		db, err := storage.Open(dir, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return verified{db, t}
	})
}

// verified is a store whose file must verify whenever it is closed.
type verified struct {
	*storage.DB
	t *testing.T
}

func (v verified) Close() error {
	v.t.Helper()
	tenants, err := v.Tenants()
	if err != nil {
		v.t.Error(err)
	}
	for _, tenant := range tenants {
		found, err := v.Verify(context.WithoutCancel(v.t.Context()), tenant, nil, func(uint64, uint64) {})
		if err != nil || found.Bad > 0 {
			v.t.Errorf("%s: %+v, %v", tenant, found, err)
		}
	}
	return v.DB.Close()
}
