package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"oplog/demo"
	"oplog/exports"
	"oplog/node"
	"oplog/oplog"
)

type benchCommand struct {
	Entries int    `default:"100000" placeholder:"N" help:"Entries to record first (${default}); the more, the closer to production."`
	Dir     string `placeholder:"DIR" help:"Folder on the disk that the log is to be on, in which a temporary directory is created and deleted; by default the system's temporary folder, which may be in memory."`
}

// A benchmark of recording takes benchTime, and one of queries benchCalls calls.
const (
	benchTime    = 3 * time.Second
	benchCalls   = 500
	benchSenders = 64
	benchBatch   = 500
)

// reference are the README's figures: of 1,000,000 entries on 2 cores.
var reference = map[string]string{
	benchBatches: "169,723/s", benchSingle: "57,453/s", benchPage: "0.024 ms", benchSummary: "0.175 ms", benchExport: "425,000 rows/s",
}

const (
	benchBatches = "batches of 500, durable and searchable"
	benchSingle  = "64 senders, one entry each, durable"
	benchPage    = "page of 50"
	benchSummary = "page + histogram + facets"
	benchExport  = "CSV export"
)

// Validate checks the flags before anything is created.
func (c *benchCommand) Validate() error {
	if c.Entries < benchBatch {
		return fmt.Errorf("--entries %d is less than %d, a batch", c.Entries, benchBatch)
	}
	return nil
}

// Run measures a log in a temporary directory.
func (c *benchCommand) Run(ctx context.Context, m *Program) (err error) {
	dir, err := os.MkdirTemp(c.Dir, "oplog-bench-")
	if err != nil {
		return fmt.Errorf("%w; specify an existing folder with --dir", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	l, err := m.openLog(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if _, err := l.Directory.AddTenant(demo.Tenant()); err != nil {
		return err
	}
	if _, err := l.Directory.SetOrganizations(ctx, demo.TenantID, demo.Organizations()); err != nil {
		return err
	}
	b := bench{l, m, c.Entries, map[string]string{}}
	for _, measure := range []func(context.Context) error{b.batches, b.senders, b.queries, b.export} {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	rows := [][]string{{"", "this machine", "README"}}
	for _, what := range []string{benchBatches, benchSingle, benchPage, benchSummary, benchExport} {
		rows = append(rows, []string{what, b.measured[what], reference[what]})
	}
	fmt.Fprintf(m.Stdout, "%s entries in %s\n\n", thousands(c.Entries), dir)
	if err := table(m.Stdout, rows); err != nil {
		return err
	}
	fmt.Fprintln(m.Stdout, "\nREADME: 1,000,000 entries on 2 cores. Times are medians. A sender waits for the disk's sync; batches and concurrent senders share it.")
	return nil
}

// bench is a benchmark in progress.
type bench struct {
	l        *node.Node
	m        *Program
	entries  int
	measured map[string]string
}

// batches records the entries in batches until the last is found.
func (b *bench) batches(ctx context.Context) error {
	shown := b.m.progress("Recording", b.entries)
	began := time.Now()
	for batch := range slices.Chunk(slices.Collect(demo.Generate(1, b.entries, b.m.Now())), benchBatch) {
		if _, err := b.l.Journal.Append(ctx, demo.TenantID, batch); err != nil {
			return err
		}
		shown.add(len(batch))
	}
	if err := b.m.awaitIndex(ctx, b.l, demo.TenantID, false); err != nil {
		return err
	}
	b.measured[benchBatches] = perSecond(b.entries, time.Since(began), "")
	shown.end()
	return nil
}

// senders records single entries, each sender the next once the last is on disk.
func (b *bench) senders(ctx context.Context) error {
	shown := b.m.progressBytes("Recording from 64 senders", -1)
	defer shown.end()
	entries := slices.Collect(demo.Generate(2, benchSenders, b.m.Now()))
	began := time.Now()
	var group sync.WaitGroup
	recorded, failed := make([]int, benchSenders), make([]error, benchSenders)
	for i := range benchSenders {
		group.Go(func() {
			for time.Since(began) < benchTime && failed[i] == nil {
				e := entries[i]
				e.ID = "" // the same entry again is another one
				if _, failed[i] = b.l.Journal.Append(ctx, demo.TenantID, []oplog.Entry{e}); failed[i] == nil {
					recorded[i]++
				}
			}
		})
	}
	group.Wait()
	total := 0
	for _, n := range recorded {
		total += n
	}
	b.measured[benchSingle] = perSecond(total, time.Since(began), "")
	return errors.Join(failed...)
}

// queries are asked in turn; the figures are medians over all calls.
func (b *bench) queries(ctx context.Context) error {
	shown := b.m.progressBytes("Querying", -1)
	defer shown.end()
	queries := []oplog.Query{
		{}, {Range: oplog.RangeLast7Days}, {Filters: oplog.Filters{Search: "vip"}}, {Filters: oplog.Filters{Search: "会员"}},
		{Filters: oplog.Filters{Values: oplog.Values{Operations: []string{"delete", "send"}}}},
		{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{demo.Organizations()[2].ID}}}},
	}
	var pages, summaries []time.Duration
	for i := range benchCalls {
		q := queries[i%len(queries)]
		began := time.Now()
		if _, err := b.l.Journal.Page(ctx, demo.TenantID, q, oplog.DefaultPageSize, ""); err != nil {
			return err
		}
		pages = append(pages, time.Since(began))
		if _, err := b.l.Journal.Summary(ctx, demo.TenantID, q, oplog.LocaleEN); err != nil {
			return err
		}
		summaries = append(summaries, time.Since(began))
	}
	b.measured[benchPage], b.measured[benchSummary] = median(pages), median(summaries)
	return nil
}

func (b *bench) export(ctx context.Context) error {
	shown := b.m.progress("Exporting", b.entries)
	defer shown.end()
	began := time.Now()
	x := exports.Export{Tenant: demo.TenantID, Format: "csv", Locale: oplog.LocaleEN, Range: oplog.RangeCustom, From: time.Unix(0, 0), To: b.m.Now().AddDate(1, 0, 0)}
	done, _, err := b.l.Exports.Write(ctx, x, io.Discard, func(int, int) {})
	b.measured[benchExport] = perSecond(done.RowsDone, time.Since(began), " rows")
	return err
}

// perSecond returns a rate, such as 12,345/s.
func perSecond(n int, took time.Duration, unit string) string {
	return thousands(int(float64(n)/took.Seconds())) + unit + "/s"
}

// median returns the median in milliseconds.
func median(times []time.Duration) string {
	slices.Sort(times)
	return fmt.Sprintf("%.3f ms", float64(times[len(times)/2].Microseconds())/1000)
}

// thousands returns a number with commas.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
