package durable_test

import (
	"testing"

	"oplog/durable"
)

func TestSpace(t *testing.T) {
	free, total, err := durable.Space(t.TempDir())
	if err != nil || free == 0 || free > total {
		t.Errorf("%d of %d bytes are free, %v", free, total, err)
	}
	if _, _, err := durable.Space("/none/of/these"); err == nil {
		t.Error("a folder that does not exist has space")
	}
}
