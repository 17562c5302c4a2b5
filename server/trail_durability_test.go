package server

import (
	"fmt"
	"strings"
	"testing"

	"oplog/oplog"
)

// TestReadsAreRecordedBeforeTheyAreAnswered: when a response arrives, the store has the read, in the trail or in the records of unfinished entries, so
// that the program may be killed.
func TestReadsAreRecordedBeforeTheyAreAnswered(t *testing.T) {
	var store oplog.Store
	f := newServerOver(t, func(s oplog.Store) oplog.Store {
		store = s
		return s
	})
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z"`))
	kept := func() string {
		var b strings.Builder
		err := store.Arrivals(t.Context(), oplog.TrailName("acme"), 1, 0, func(e oplog.Entry) error {
			b.WriteString(e.Module + " " + e.Operation + " " + string(e.Details) + "\n")
			return nil
		})
		unfinished, missing := store.Records(oplog.RecordServer, "acts/")
		if err != nil || missing != nil {
			t.Fatal(err, missing)
		}
		for _, r := range unfinished {
			b.Write(r.Data)
		}
		return b.String()
	}
	for _, read := range []struct{ caller, path, act string }{
		{"admin", "/entries?q=", "act"}, {"admin", "/summary?q=", "act"}, {"admin", "/entries?q=", ""}, {"read", "/entries?q=", ""}, {"read", "/summary?q=", ""},
	} {
		for round := range 10 {
			mark := fmt.Sprintf("%s-%d-%d-%d", read.caller, len(read.path), len(read.act), round)
			if r := f.send(read.caller, "GET", tenantA+read.path+mark, "", actHeader, read.act); r.status != 200 {
				t.Fatalf("%d %s", r.status, r.body)
			}
			if !strings.Contains(kept(), mark) {
				t.Fatalf("%s%s was answered to %s before the store had it: %s", read.path, mark, read.caller, kept())
			}
		}
	}
}
