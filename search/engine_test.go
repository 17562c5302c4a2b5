package search

import (
	"testing"

	"oplog/oplog"
	"oplog/oplog/enginetest"
	"oplog/storage"
)

func TestIndexKeepsItsContracts(t *testing.T) {
	openStore := func(t *testing.T, dir string) oplog.Store {
		t.Helper()
		store, err := storage.Open(dir, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	enginetest.Index(t, openStore, func(t *testing.T, dir string, store oplog.Store) oplog.Index {
		t.Helper()
		x, err := open(dir, store, smallSizes) // small, so that there are segments and merges
		if err != nil {
			t.Fatal(err)
		}
		return x
	})
}
