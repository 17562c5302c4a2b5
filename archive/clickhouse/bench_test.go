package clickhouse

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/demo"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// BenchmarkArchive ships and verifies so many entries as OPLOG_ARCHIVED says (a million by default), then asks for pages and counts. The recorded bytes are
// as long as those of the store.
func BenchmarkArchive(b *testing.B) {
	rows, _ := strconv.Atoi(cmp.Or(os.Getenv("OPLOG_ARCHIVED"), "1000000"))
	s := openShard(b)
	if err := s.MakeTable(ctx, testTenant, false); err != nil {
		b.Fatal(err)
	}
	var days []archive.Day
	b.Run("ship and verify", func(b *testing.B) {
		for b.Loop() {
			days = shipAll(b, s, rows)
		}
		b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		answer, err := s.servers[0].ask(ctx, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = "+quote(tableOf(testTenant)), reading)
		if err != nil {
			b.Fatal(err)
		}
		size, _ := strconv.ParseFloat(strings.TrimSpace(string(answer)), 64)
		b.ReportMetric(size/float64(rows), "bytes/row")
	})
	x := compiler(b)
	for name, m := range map[string]oplog.Match{
		"newest": {}, "common word": {Words: words(b, "vip")}, "2 Chinese characters": {Words: words(b, "会员")}, "rare word": {Words: words(b, "eml_9124")},
		"module": {Values: oplog.Values{Modules: []string{"sms"}}}, "user": {Values: oplog.Values{Users: []string{"u_10022"}}},
	} {
		m.Catalog = oplog.BuiltInCatalog()
		q := &archive.Query{Tenant: testTenant, Days: days, Match: m}
		var err error
		if q.Words, err = x.Compile(m); err != nil {
			b.Fatal(err)
		}
		from, _ := time.Parse(time.DateOnly, days[0].Date)
		_, buckets := oplog.Buckets(from, from.AddDate(0, 0, 90))
		ask(b, "page/"+name, func() error { _, _, err := s.Page(ctx, q, oplog.Key{}, 50); return err })
		if name == "newest" && rows > 2_000_000 {
			continue // which takes longer than a question may; the log keeps these counts itself
		}
		ask(b, "count/"+name, func() error { _, err := s.Count(ctx, q, buckets); return err })
	}
}

func ask(b *testing.B, name string, question func() error) {
	b.Run(name, func(b *testing.B) {
		var took []time.Duration
		for b.Loop() {
			began := time.Now()
			if err := question(); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	})
}

// shipAll ships generated entries day by day.
func shipAll(b *testing.B, s *Shard, count int) (days []archive.Day) {
	next, stop := iter.Pull(demo.Generate(1, count, time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)))
	defer stop()
	seq := uint64(0)
	e, more := next()
	for more {
		of := archive.Shipment{Tenant: testTenant, DayAttempt: archive.DayAttempt{Date: oplog.DateOf(e.Time), Attempt: 1}}
		var sent archive.Sum
		err := s.Put(ctx, of, func(yield func(*archive.Row, error) bool) {
			for ; more && oplog.DateOf(e.Time) == of.Date; e, more = next() {
				seq++
				e.Seq, e.Outcome = seq, cmp.Or(e.Outcome, oplog.OutcomeSuccess)
				e.ID = cmp.Or(e.ID, e.Key().ID())
				leaf := leafOf(&e)
				sent.Add(seq, archive.LeafHash(leaf))
				if !yield(&archive.Row{Entry: &e, Leaf: leaf}, nil) {
					return
				}
			}
		})
		sums, verifyErr := s.Verify(ctx, of)
		if err != nil || verifyErr != nil || sums[0] != sent {
			b.Fatal(err, verifyErr, sums, sent)
		}
		days = append(days, archive.Day{DayAttempt: of.DayAttempt, Rows: sent.Rows})
	}
	return days
}

// leafOf returns bytes of about the size and content of an entry's leaf.
func leafOf(e *oplog.Entry) []byte {
	leaf := binary.BigEndian.AppendUint64(nil, uint64(e.Time.UnixMicro()))
	leaf = binary.BigEndian.AppendUint64(leaf, e.Seq)
	for _, text := range []string{e.Tenant, e.User.ID, e.User.Name, e.User.Role, e.Organization.ID, e.Organization.Name, e.Module, e.Operation, e.Content.ID, e.Content.Name, e.IP, e.UserAgent, string(e.Details)} {
		leaf = append(append(leaf, byte(len(text))), text...)
	}
	for _, c := range e.Changes {
		leaf = fmt.Appendf(leaf, "%s%s%s", c.Field, c.Before, c.After)
	}
	return leaf
}

// compiler returns an index that compiles searches.
func compiler(b *testing.B) *search.Index {
	b.Helper()
	store, err := storage.Open(b.TempDir(), storage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	x, err := search.Open(b.TempDir(), store)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _, _ = x.Close(), store.Close() })
	return x
}

func words(b *testing.B, q string) []oplog.Word {
	b.Helper()
	found, err := oplog.ParseSearch(q)
	if err != nil {
		b.Fatal(err)
	}
	return found
}
