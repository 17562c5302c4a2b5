// Command bench puts the same work on oplog and on its peers, SQLite and
// PostgreSQL, side by side in one run, and prints a report in Markdown.
//
// All record the same entries and answer the same questions; the run fails
// where two of them answer differently.
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

// options are what the command line says.
type options struct {
	sizes              []int
	peersMost          int
	systems            []string
	senders            int
	serving, recording time.Duration
	out, temp, profile string
	end                time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
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

// The systems, by what the command line calls them.
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
	sizes := f.String("sizes", "100000,1000000", "how many entries; several sizes show the growth")
	f.IntVar(&o.peersMost, "peers-most", 1_000_000, "the largest size at which peers are measured too; they take long")
	systems := f.String("systems", strings.Join(allSystems, ","), "which to measure")
	f.IntVar(&o.senders, "senders", 4, "how many send batches at once")
	f.DurationVar(&o.serving, "serving", 5*time.Second, "how long 8 clients ask while memory is watched")
	f.DurationVar(&o.recording, "recording", 5*time.Second, "how long 64 senders record one entry at a time")
	f.StringVar(&o.out, "o", "", "file to write the report to as well")
	f.StringVar(&o.temp, "dir", "", "directory for the data, removed at the end; by default a temporary one")
	f.StringVar(&o.profile, "cpuprofile", "", "file for a profile of this process, which runs the engine without its server")
	end := f.String("end", time.Now().UTC().Format(time.DateOnly), "the UTC day that the entries end before; with the same day they are the same")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for text := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1000 {
			return o, fmt.Errorf("-sizes %s: %q is not a number from 1000 on", *sizes, text)
		}
		o.sizes = append(o.sizes, n)
	}
	for name := range strings.SplitSeq(*systems, ",") {
		if !slices.Contains(allSystems, name) {
			return o, fmt.Errorf("-systems %s: there is no %q; there are %s", *systems, name, strings.Join(allSystems, ", "))
		}
		o.systems = append(o.systems, name)
	}
	var err error
	if o.end, err = time.Parse(time.DateOnly, *end); err != nil {
		return o, err
	}
	if age := time.Since(o.end); age < 0 || age > oldestEnd {
		return o, fmt.Errorf("-end %s: it has to lie in the last %d days, because a histogram of all time goes on until now", *end, oldestEnd/(24*time.Hour))
	}
	return o, nil
}

// oldestEnd keeps a histogram of all time at bars of half a day: as of a
// hundred days they are weeks.
const oldestEnd = 9 * 24 * time.Hour

func (o options) say(format string, args ...any) {
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

// runSize measures the systems one after the other, so that each has the
// machine to itself, and compares their answers.
func runSize(ctx context.Context, o options, r *report, dir string, n int) error {
	o.say("%d entries", n)
	d := generate(n, o.end)
	queries, err := makeQueries(d)
	if err != nil {
		return err
	}
	at := &sizeResults{entries: n, queries: queries}
	r.sizes = append(r.sizes, at)
	slices.SortFunc(r.sizes, func(a, b *sizeResults) int { return a.entries - b.entries })
	for _, name := range o.systems {
		if n > o.peersMost && name != systemEngine && name != systemServer {
			continue
		}
		where := filepath.Join(dir, name)
		s, err := open(ctx, name, where, r.binary, d)
		if errors.Is(err, errNoFTS5) || errors.Is(err, errNoPostgres) {
			o.say("  %s is left out: %v", name, err)
			r.leaveOut(name, err)
			continue
		}
		if err != nil {
			return fmt.Errorf("open %s: %w", name, err)
		}
		measured, err := measure(ctx, s, d, queries, o)
		if server, ok := s.(*httpServer); ok && err == nil {
			at.missed, err = server.foundAtOnce(ctx, d, measured.recorded(o.recording), freshEntries)
		}
		if err := errors.Join(err, s.close(), os.RemoveAll(where)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := at.add(measured); err != nil {
			return err
		}
	}
	return nil
}

// freshEntries is how many entries are looked for right after they were
// acknowledged.
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
