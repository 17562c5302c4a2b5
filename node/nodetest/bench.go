package nodetest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"oplog/archive"
	"oplog/demo"
	"oplog/node"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

var benchEntries = flag.Int("entries", 1_000_000, "how many entries benchmarks ask about")

// Generate returns entries of the demo company, the newest of now.
func Generate(n int) []oplog.Entry {
	return slices.Collect(demo.Generate(1, n, time.Now()))
}

// Open opens a log in a directory, with the demo tenant.
func Open(b *testing.B, dir string, formats ...oplog.ExportFormat) *node.Node {
	return open(b, dir, nil, formats...)
}

// OpenArchived is Open with an archive of some shards.
func OpenArchived(b *testing.B, dir string, shards ...archive.Engine) *node.Node {
	return open(b, dir, shards)
}

func open(b *testing.B, dir string, shards []archive.Engine, formats ...oplog.ExportFormat) *node.Node {
	store, err := storage.Open(dir, storage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	index, err := search.Open(filepath.Join(dir, "index"), store)
	if err != nil {
		b.Fatal(err)
	}
	l, err := node.New(store, index, node.Options{
		ExportDir: filepath.Join(dir, "exports"), Formats: formats,
		Shards: shards, Compile: index.Compile, Decode: storage.Decode, Analysis: search.AnalysisVersion,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	if _, err := l.Directory.Tenant(demo.Tenant().ID); err != nil {
		if _, err := l.Directory.AddTenant(demo.Tenant()); err != nil {
			b.Fatal(err)
		}
		if _, err := l.Directory.SetOrganizations(context.Background(), demo.Tenant().ID, demo.Organizations()); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

// OpenFull opens a log with that many entries. OPLOG_BENCH_DIR keeps it for the next run.
func OpenFull(b *testing.B, formats ...oplog.ExportFormat) *node.Node {
	dir := os.Getenv("OPLOG_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	l := Open(b, dir, formats...)
	if have, _, err := l.Journal.Counts(demo.Tenant().ID); err != nil || have > 0 {
		return l
	}
	start := time.Now()
	for chunk := range slices.Chunk(Generate(*benchEntries), 5000) {
		if _, err := l.Journal.Append(context.Background(), demo.Tenant().ID, chunk); err != nil {
			b.Fatal(err)
		}
	}
	fmt.Printf("# %d entries recorded in %.1f s\n", *benchEntries, time.Since(start).Seconds())
	return l
}
