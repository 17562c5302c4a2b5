package oplog_test

import (
	"testing"

	"oplog/oplog"
)

func TestIsLocal(t *testing.T) {
	for _, c := range []struct {
		kind oplog.RecordKind
		name string
		want bool
	}{
		{oplog.RecordIndex, "acme", true},
		{oplog.RecordServer, "clock", true},
		{oplog.RecordServer, "acts", true},
		{oplog.RecordServer, "acts/1f", true},
		{oplog.RecordServer, "actsome", false},
		{oplog.RecordServer, "last_backup", false},
		{oplog.RecordView, "clock", false},
	} {
		if got := oplog.IsLocal(c.kind, c.name); got != c.want {
			t.Errorf("%s %s: %v", c.kind, c.name, got)
		}
	}
}
