package main

import (
	"fmt"
	"strings"
	"time"
)

// Sizes at which goals are evaluated.
const (
	goalEntries   = 1_000_000
	growthEntries = 5_000_000
)

// goal is a row of the table of goals.
type goal struct {
	what, target, measured string
	met                    bool
}

// goals writes the table of goals for the sizes and systems of this run.
func (r *report) goals(b *strings.Builder) {
	var all []goal
	at, grown := r.size(goalEntries), r.size(growthEntries)
	if at != nil {
		all = append(all, at.speedGoals()...)
		all = append(all, at.ingestGoals()...)
	}
	if at != nil && grown != nil {
		all = append(all, growthGoals(at, grown)...)
	}
	if grown != nil && grown.server() != nil {
		memory := float64(grown.server().memory) / (1 << 20)
		all = append(all, goal{"anonymous memory, 5 M entries, 8 clients", "≤ 150 MB", fmt.Sprintf("%.0f MB", memory), memory <= 150})
	}
	if len(all) == 0 {
		return
	}
	b.WriteString("\n## Goals\n\n| what | goal | measured | |\n| --- | --- | --- | --- |\n")
	for _, g := range all {
		verdict := "met"
		if !g.met {
			verdict = "**not met**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", g.what, g.target, g.measured, verdict)
	}
}

func (r *report) size(entries int) *sizeResults {
	for _, s := range r.sizes {
		if s.entries == entries {
			return s
		}
	}
	return nil
}

func (s *sizeResults) speedGoals() []goal {
	var all []goal
	if s.engine() != nil && len(s.peers()) > 0 {
		for what, wanted := range [requestKinds]float64{page: 5, count: 20, summary: 50} {
			x := s.ratio(request(what))
			all = append(all, goal{requestNames[what] + ", engine against engine, geometric mean", "≥ " + times(wanted), times(x), x >= wanted})
		}
	}
	if server := s.server(); server != nil {
		for _, what := range []request{page, summary} {
			wanted := 500 * time.Microsecond
			if what == summary {
				wanted = time.Millisecond
			}
			worst := server.worst(what)
			all = append(all, goal{requestNames[what] + " over HTTP, p50 of the slowest query", "< " + millis(wanted) + " ms",
				fmt.Sprintf("%s ms (geometric mean %.3f)", millis(worst), server.mean(what)), worst < wanted})
		}
		all = append(all,
			goal{"acknowledged entry → found by the next request", "always", fmt.Sprintf("%d of %d", freshEntries-s.missed, freshEntries), s.missed == 0},
			goal{"bytes per entry on disk, including senders' ids and proof", "≤ 400", fmt.Sprintf("%.0f", float64(server.disk)/float64(s.entries)), server.disk <= 400*int64(s.entries)})
	}
	return all
}

// ingestGoals compares the journal in process with SQLite in process and with PostgreSQL over its socket; the figures over HTTP are added
// in parentheses.
func (s *sizeResults) ingestGoals() []goal {
	ours := s.engine()
	if ours == nil {
		return nil
	}
	var all []goal
	compare := func(what string, peer *results, wanted float64, of func(*results) float64) {
		if peer == nil {
			return
		}
		x := of(ours) / of(peer)
		measured := times(x)
		if server := s.server(); server != nil {
			measured += fmt.Sprintf(" (over HTTP %s)", times(of(server)/of(peer)))
		}
		all = append(all, goal{what + " against " + peer.name, "≥ " + times(wanted), measured, x >= wanted})
	}
	singles := func(r *results) float64 { return r.singleRate }
	compare("durable ingest, 64 senders,", s.find("PostgreSQL"), 5, singles)
	for _, peer := range s.peers() {
		if strings.HasPrefix(peer.name, "SQLite") {
			compare("durable ingest, 64 senders,", peer, 20, singles)
		}
	}
	compare("batches until found,", s.find("PostgreSQL"), 1.3, func(r *results) float64 { return r.batchRate })
	return append(all, goal{"batches until found, stretch", "80,000/s", thousands(int(ours.batchRate)) + "/s", ours.batchRate >= 80_000})
}

func growthGoals(at, grown *sizeResults) []goal {
	var all []goal
	for _, pair := range [][2]*results{{at.engine(), grown.engine()}, {at.server(), grown.server()}} {
		if pair[0] == nil || pair[1] == nil {
			continue
		}
		pages, summaries := pair[1].mean(page)/pair[0].mean(page), pair[1].mean(summary)/pair[0].mean(summary)
		all = append(all,
			goal{"5 M against 1 M, page, " + pair[0].name, "≤ 1.3×", fmt.Sprintf("%.2f×", pages), pages <= 1.3},
			goal{"5 M against 1 M, page + summary, " + pair[0].name, "≤ 5×", fmt.Sprintf("%.2f×", summaries), summaries <= 5})
	}
	return all
}
