package search

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// BenchmarkDistinctUsers measures the memory that a million distinct users of one tenant take while its index is open: with names as they usually
// are, and with the longest that are accepted, before and after a search has looked at all of them.
func BenchmarkDistinctUsers(b *testing.B) {
	const users = 1_000_000
	for _, name := range []string{"Wang Fang", strings.Repeat("长", oplog.MaxUserLength)} {
		b.Run(fmt.Sprintf("%d bytes", len(name)), func(b *testing.B) {
			for range b.N {
				n := newNumbering(defaultSizes.keptTexts)
				before := heapInUse()
				latest := make(map[uint32]int64)
				for i := range users {
					e := oplog.Entry{User: oplog.User{ID: fmt.Sprint("u", i), Name: name, Role: "clerk"}, Module: "sms", Operation: "send", Outcome: oplog.OutcomeSuccess,
						Organization: oplog.Ref{ID: fmt.Sprint("o", i%1000)}, Time: time.UnixMicro(int64(i))}
					n.document(&e, latest)
					clear(latest)
				}
				recorded := heapInUse()
				for i := range users {
					n.userText([]byte(userTerm(oplog.User{ID: fmt.Sprint("u", i), Name: name})))
				}
				b.ReportMetric(float64(recorded-before)/users, "B/user")
				b.ReportMetric(float64(heapInUse()-before)/users, "B/user-searched")
				runtime.KeepAlive(n)
			}
		})
	}
}

// heapInUse returns the bytes of all objects that are reachable.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // also what pools kept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
