package server

import (
	"fmt"
	"testing"
	"time"

	"oplog/oplog"
)

// BenchmarkNoisyNeighbor queries one tenant while another is empty, and while the other has many entries with the searched words: a
// difference beyond noise would disclose their existence. The same holds for a tenant that exists but is not the caller's, compared to one
// that does not exist.
func BenchmarkNoisyNeighbor(b *testing.B) {
	const many = 50_000
	alone, beside := newServer(b), newServer(b)
	for i := range 500 {
		alone.record(fullEntry(i))
		beside.record(fullEntry(i))
	}
	for at := 0; at < many; at += 5000 {
		entries := make([]oplog.Entry, 5000)
		for i := range entries {
			entries[i] = oplog.Entry{
				Time: clock.Add(-time.Duration(at+i) * time.Second), User: oplog.User{ID: "u", Name: "canary"}, Module: "email", Operation: "send",
				Content: oplog.Ref{ID: fmt.Sprint(at + i), Name: "春季促销活动页面 canary"},
			}
		}
		must(beside.log.Journal.Append(b.Context(), "other", entries))(b)
	}
	for _, ask := range []struct {
		name, path string
		want       int
	}{
		{"page", entriesPath + "?q=%E6%98%A5%E5%AD%A3", 200},
		{"nothing", entriesPath + "?q=canary", 200},
		{"summary", tenantA + "/summary?q=%E6%98%A5%E5%AD%A3", 200},
		{"id", entriesPath + "/4711", 404},
		{"another's", "/api/v1/tenants/other/entries", 404},
		{"nobody's", "/api/v1/tenants/nowhere/entries", 404},
	} {
		b.Run(ask.name+"/alone", func(b *testing.B) { serve(b, alone, "admin", "GET", ask.path, "", ask.want) })
		b.Run(ask.name+"/beside", func(b *testing.B) { serve(b, beside, "admin", "GET", ask.path, "", ask.want) })
	}
}
