package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"
)

// report holds the results of a run.
type report struct {
	options options
	binary  string
	load    string // of the machine, before the run
	began   time.Time
	sizes   []*sizeResults
	omitted []string // what was left out, and why
}

// sizeResults are the results of all systems at one size.
type sizeResults struct {
	entries int
	queries []query
	systems []*results
	missed  int // entries that the next request did not find
}

func newReport(o options) *report { return &report{options: o, began: time.Now()} }

func (r *report) omit(name string, why error) {
	line := fmt.Sprintf("%s was skipped: %v.", name, why)
	if len(r.omitted) == 0 || r.omitted[len(r.omitted)-1] != line {
		r.omitted = append(r.omitted, line)
	}
}

// add adds a system's results, or returns an error if they differ from the other systems'.
func (s *sizeResults) add(r *results) error {
	if len(s.systems) > 0 {
		first := s.systems[0]
		for what := range requestKinds {
			for i, q := range s.queries {
				// The log has no request for the total only: it returns all counts.
				if difference := first.answers[what][i].differs(r.answers[what][i], what); difference != "" {
					return fmt.Errorf("%s and %s return different results for %q (%s): %s", first.name, r.name, q.name, requestNames[what], difference)
				}
			}
		}
	}
	s.systems = append(s.systems, r)
	return nil
}

func (s *sizeResults) find(name string) *results {
	for _, r := range s.systems {
		if r.name == name {
			return r
		}
	}
	return nil
}

// peers are the systems other than oplog.
func (s *sizeResults) peers() []*results {
	var peers []*results
	for _, r := range s.systems {
		if r.name != (&engine{}).name() && r.name != (&httpServer{}).name() {
			peers = append(peers, r)
		}
	}
	return peers
}

func (s *sizeResults) engine() *results { return s.find((&engine{}).name()) }
func (s *sizeResults) server() *results { return s.find((&httpServer{}).name()) }

func (r *report) write() error {
	if r.options.out == "" {
		return nil
	}
	return os.WriteFile(r.options.out, []byte(r.text()), 0o644) //nolint:gosec // a report is for all to read
}

// text formats the report in Markdown.
func (r *report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results\n\n%s; %s; load average before the run: %s.\n\n`%s`\n\n", r.began.UTC().Format(time.DateOnly), machine(), r.load, r.command())
	b.WriteString(r.about())
	r.goals(&b)
	for _, s := range r.sizes {
		fmt.Fprintf(&b, "\n## %s entries\n\n", thousands(s.entries))
		s.ingest(&b)
		for what := range requestKinds {
			s.latencies(&b, what)
		}
	}
	r.growth(&b)
	return b.String()
}

func (r *report) command() string {
	o := r.options
	var sizes []string
	for _, n := range o.sizes {
		sizes = append(sizes, fmt.Sprint(n))
	}
	return fmt.Sprintf("go run -tags sqlite_fts5 . -sizes %s -peers-most %d -senders %d -systems %s -end %s",
		strings.Join(sizes, ","), o.maxPeerEntries, o.senders, strings.Join(o.systems, ","), o.end.Format(time.DateOnly))
}

func (r *report) about() string {
	about := "All systems recorded the same entries and returned the same results for every query: rows, totals, buckets and counts. " +
		"Times are medians in milliseconds with one client, warm unless stated otherwise; the ratio is that of the faster of SQLite and PostgreSQL to oplog, without HTTP. " +
		"Over HTTP, oplog has no route for the total alone: there page + exact count is a page and a whole summary. " +
		"Bytes are the size on disk at rest; for PostgreSQL, of the table and its indexes. " +
		"Memory is anonymous memory; for PostgreSQL, the proportional set size of all its processes, including shared buffers.\n"
	for _, line := range r.omitted {
		about += "\n" + line + "\n"
	}
	return about
}

// ingest writes the table of recording.
func (s *sizeResults) ingest(b *strings.Builder) {
	b.WriteString("| | 64 senders, one entry at a time | p50 / p99 ms | batches of 500, durable and searchable | until the index is built | bytes per entry | memory, 8 clients |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, r := range s.systems {
		memory := "–"
		if r.memory > 0 {
			memory = fmt.Sprintf("%.0f MB at %.0f/s", float64(r.memory)/(1<<20), r.queryRate)
		}
		fmt.Fprintf(b, "| %s | %s/s | %s / %s | %s/s | %s/s | %.0f | %s |\n", r.name, thousands(int(r.singleRate)), millis(r.single.p50), millis(r.single.p99),
			thousands(int(r.batchRate)), thousands(int(r.settledRate)), float64(r.disk)/float64(s.entries), memory)
	}
	b.WriteString("\n")
}

// latencies writes the table of one kind of request.
func (s *sizeResults) latencies(b *strings.Builder, what request) {
	fmt.Fprintf(b, "### %s, %s entries\n\n| query | matches |", capital(requestNames[what]), thousands(s.entries))
	rule := "| --- | ---: |"
	for _, r := range s.systems {
		fmt.Fprintf(b, " %s |", r.name)
		rule += " ---: |"
	}
	fmt.Fprintf(b, " ratio | p99: oplog, HTTP, best peer | cold: oplog, HTTP, best peer |\n%s ---: | ---: | ---: |\n", rule)
	for i, q := range s.queries {
		fmt.Fprintf(b, "| %s | %s |", q.name, thousands(s.systems[0].answers[summary][i].total))
		for _, r := range s.systems {
			fmt.Fprintf(b, " %s |", millis(r.latencies[what][i].p50))
		}
		best := s.best(what, i)
		fmt.Fprintf(b, " %s | %s | %s |\n", times(ratio(best, s.engine().at(what, i))),
			triple(s, what, i, best, func(l latency) time.Duration { return l.p99 }), triple(s, what, i, best, func(l latency) time.Duration { return l.cold }))
	}
	b.WriteString("| **geometric mean** | |")
	for _, r := range s.systems {
		fmt.Fprintf(b, " **%s** |", fmt.Sprintf("%.3f", r.mean(what)))
	}
	fmt.Fprintf(b, " **%s** | | |\n\n", times(s.ratio(what)))
}

func triple(s *sizeResults, what request, i int, best *latency, of func(latency) time.Duration) string {
	var parts []string
	for _, l := range []*latency{s.engine().at(what, i), s.server().at(what, i), best} {
		text := "–"
		if l != nil {
			text = millis(of(*l))
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " / ")
}

func (r *results) at(what request, i int) *latency {
	if r == nil {
		return nil
	}
	return &r.latencies[what][i]
}

// best returns the latency of the fastest peer, nil if there is none.
func (s *sizeResults) best(what request, i int) *latency {
	var best *latency
	for _, r := range s.peers() {
		if l := r.at(what, i); best == nil || l.p50 < best.p50 {
			best = l
		}
	}
	return best
}

// ratio returns how many times faster b is, 0 if unknown.
func ratio(a, b *latency) float64 {
	if a == nil || b == nil {
		return 0
	}
	return float64(a.p50) / float64(b.p50)
}

// ratio is the geometric mean over the queries.
func (s *sizeResults) ratio(what request) float64 {
	var all []float64
	for i := range s.queries {
		all = append(all, ratio(s.best(what, i), s.engine().at(what, i)))
	}
	return geometricMean(all)
}

// mean is the geometric mean of the medians, in milliseconds.
func (r *results) mean(what request) float64 {
	if r == nil {
		return 0
	}
	var all []float64
	for _, l := range r.latencies[what] {
		all = append(all, float64(l.p50)/1e6)
	}
	return geometricMean(all)
}

func (r *results) worst(what request) time.Duration {
	var worst time.Duration
	for _, l := range r.latencies[what] {
		worst = max(worst, l.p50)
	}
	return worst
}

func geometricMean(all []float64) float64 {
	sum := 0.0
	for _, v := range all {
		if v <= 0 {
			return 0
		}
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(all)))
}

// growth writes the table that compares sizes.
func (r *report) growth(b *strings.Builder) {
	if len(r.sizes) < 2 {
		return
	}
	b.WriteString("## Growth\n\nGeometric means over the queries, in milliseconds.\n\n| entries | system |")
	for _, name := range requestNames {
		fmt.Fprintf(b, " %s |", name)
	}
	b.WriteString("\n| ---: | --- | ---: | ---: | ---: |\n")
	for _, s := range r.sizes {
		for _, x := range s.systems {
			fmt.Fprintf(b, "| %s | %s | %.3f | %.3f | %.3f |\n", thousands(s.entries), x.name, x.mean(page), x.mean(count), x.mean(summary))
		}
	}
}

func millis(d time.Duration) string {
	ms := float64(d) / 1e6
	switch {
	case ms < 1:
		return fmt.Sprintf("%.3f", ms)
	case ms < 10:
		return fmt.Sprintf("%.2f", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f", ms)
	}
	return fmt.Sprintf("%.0f", ms)
}

func times(x float64) string {
	switch {
	case x == 0:
		return "–"
	case x < 10:
		return fmt.Sprintf("%.1f×", x)
	}
	return fmt.Sprintf("%.0f×", x)
}

// thousands formats 1000000 as 1,000,000.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
