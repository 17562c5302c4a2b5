// Command bench runs the same workload on oplog, SQLite and PostgreSQL in one run, and prints a report in Markdown.
//
// All systems record the same entries and run the same queries; the run fails if two of them return different results.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the command line options.
type options struct {
	sizes              []int
	maxPeerEntries     int
	systems            []string
	senders            int
	serving, recording time.Duration
	out, temp, profile string
	end                time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program immediately
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// Names of the systems on the command line.
const (
	systemEngine   = "oplog"
	systemServer   = "http"
	systemBigrams  = "sqlite-bigrams"
	systemTrigrams = "sqlite-trigrams"
	systemPostgres = "postgres"
)

var allSystems = []string{systemEngine, systemServer, systemBigrams, systemTrigrams, systemPostgres}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	sizes := f.String("sizes", "100000,1000000", "numbers of entries; several show the growth")
	f.IntVar(&o.maxPeerEntries, "peers-most", 1_000_000, "largest size at which peers are measured, since they take long")
	systems := f.String("systems", strings.Join(allSystems, ","), "systems to measure")
	f.IntVar(&o.senders, "senders", 4, "number of concurrent senders of batches")
	f.DurationVar(&o.serving, "serving", 5*time.Second, "time to measure 8 clients and memory")
	f.DurationVar(&o.recording, "recording", 5*time.Second, "time to measure 64 senders of single entries")
	f.StringVar(&o.out, "o", "", "also write the report to this file")
	f.StringVar(&o.temp, "dir", "", "directory for the data, deleted at the end; by default a temporary one")
	f.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile of this process, which runs the engine without the server")
	end := f.String("end", time.Now().UTC().Format(time.DateOnly), "UTC day before which the entries end; the same day gives the same entries")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for text := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1000 {
			return o, fmt.Errorf("-sizes %s: %q is not a number of at least 1000", *sizes, text)
		}
		o.sizes = append(o.sizes, n)
	}
	for name := range strings.SplitSeq(*systems, ",") {
		if !slices.Contains(allSystems, name) {
			return o, fmt.Errorf("-systems %s: unknown system %q; known are %s", *systems, name, strings.Join(allSystems, ", "))
		}
		o.systems = append(o.systems, name)
	}
	var err error
	if o.end, err = time.Parse(time.DateOnly, *end); err != nil {
		return o, err
	}
	if age := time.Since(o.end); age < 0 || age > maxEndAge {
		return o, fmt.Errorf("-end %s: must be in the last %d days, because a histogram of the whole period extends to now", *end, maxEndAge/(24*time.Hour))
	}
	return o, nil
}

// maxEndAge keeps the buckets of a histogram of the whole period at half a day: beyond 100 days they become weeks.
const maxEndAge = 9 * 24 * time.Hour

func (o options) logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// run measures every system at every size.
func run(ctx context.Context, o options) (err error) {
	if o.profile != "" {
		stop, err := startProfile(o.profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	dir, err := os.MkdirTemp(o.temp, "oplog-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := newReport(o)
	r.load = loadAverage()
	if r.binary, err = buildProgram(ctx, dir); err != nil {
		return fmt.Errorf("build oplog: %w", err)
	}
	for _, n := range o.sizes {
		if err := runSize(ctx, o, r, dir, n); err != nil {
			return fmt.Errorf("%d entries: %w", n, err)
		}
		if err := r.write(); err != nil {
			return err
		}
	}
	fmt.Print(r.text())
	return nil
}

// runSize measures one system at a time, so that each has the machine to itself, and compares their answers.
func runSize(ctx context.Context, o options, r *report, dir string, n int) error {
	o.logf("%d entries", n)
	d := generate(n, o.end)
	queries, err := makeQueries(d)
	if err != nil {
		return err
	}
	results := &sizeResults{entries: n, queries: queries}
	r.sizes = append(r.sizes, results)
	slices.SortFunc(r.sizes, func(a, b *sizeResults) int { return a.entries - b.entries })
	for _, name := range o.systems {
		if n > o.maxPeerEntries && name != systemEngine && name != systemServer {
			continue
		}
		systemDir := filepath.Join(dir, name)
		s, err := open(ctx, name, systemDir, r.binary, d)
		if errors.Is(err, errNoFTS5) || errors.Is(err, errNoPostgres) {
			o.logf("  %s is skipped: %v", name, err)
			r.omit(name, err)
			continue
		}
		if err != nil {
			return fmt.Errorf("open %s: %w", name, err)
		}
		measured, err := measure(ctx, s, d, queries, o)
		if server, ok := s.(*httpServer); ok && err == nil {
			results.missed, err = server.countMissed(ctx, d, measured.recorded(o.recording), freshEntries)
		}
		if err := errors.Join(err, s.close(), os.RemoveAll(systemDir)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := results.add(measured); err != nil {
			return err
		}
	}
	return nil
}

// freshEntries is the number of entries that are queried immediately after their acknowledgement.
const freshEntries = 500

func open(ctx context.Context, name, dir, binary string, d *data) (system, error) {
	switch name {
	case systemEngine:
		return openEngine(ctx, dir, d)
	case systemServer:
		return openServer(ctx, binary, dir, d)
	case systemPostgres:
		return openPostgres(ctx, dir)
	default:
		return openSQLite(ctx, dir, name == systemTrigrams)
	}
}

func startProfile(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}
