package storage

import (
	"testing"
	"time"

	"oplog/oplog"
)

// BenchmarkRecordedKey measures what the id of the recording key adds to an entry: the time to encode it, and its bytes.
func BenchmarkRecordedKey(b *testing.B) {
	at := time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)
	for _, key := range []struct{ name, id string }{{"without", ""}, {"with", "oplog_write_AbCd1234"}} {
		b.Run(key.name, func(b *testing.B) {
			e := oplog.Entry{
				Tenant: "acme", Seq: 70_123, ReceivedAt: at, ID: "evt-20261120-000123", Time: at,
				User: oplog.User{ID: "u_10027", Name: "王晓敏", Role: "Marketing manager"}, Organization: oplog.Ref{ID: "east", Name: "East"},
				Module: "sms", Operation: "send", Content: oplog.Ref{ID: "sms_88120", Name: "感恩节 短信提醒"}, Origin: oplog.OriginManual,
				Outcome: oplog.OutcomeSuccess, IP: "203.0.113.7", UserAgent: "Mozilla/5.0", KeyID: key.id,
			}
			size := 0
			for b.Loop() {
				data, err := encodeEntry(&e)
				if err != nil {
					b.Fatal(err)
				}
				size = len(data)
			}
			b.ReportMetric(float64(size), "bytes/entry")
		})
	}
}
