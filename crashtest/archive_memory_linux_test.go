package crashtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// memoryMore is how much more anonymous memory the program may take with an archive than without, in KiB.
const memoryMore = 64 << 10

// TestArchiveMemory loads a log of OPLOG_ARCHIVE_MEMORY entries (a million by default) with the same reads without an archive, and with one: while all days are
// shipped, and when all are in the archive alone. Each time, all is exported and verified. The peak must not be much higher with the archive.
func TestArchiveMemory(t *testing.T) {
	count := 1_000_000
	if text := os.Getenv("OPLOG_ARCHIVE_MEMORY"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	a := newArchived(t, count)
	restore := withoutArchive()
	a.start()
	without := a.peak(t, "without archive", func() {
		a.readAll(t, "verify")
		a.readAll(t, "verify")
	})
	if status := a.s.end(syscall.SIGTERM); status != 0 {
		t.Fatalf("stopped with status %d: %s", status, last(a.s.stderr.String()))
	}
	restore()
	a.start()
	with := a.peak(t, "with archive", func() {
		a.readAll(t, "verify", "--archive=sums")
		a.await("all days are in the archive alone", time.Hour, func() bool {
			time.Sleep(time.Second)
			s, ok := a.status()
			return ok && s.Tenants[0].RemovedEntries == count
		})
		a.readAll(t, "verify", "--archive")
	})
	t.Logf("%d entries: at most %d KiB without the archive, %d KiB with it: %d KiB more", count, without, with, with-without)
	if with-without > memoryMore {
		t.Errorf("%d KiB more with the archive, of %d", with-without, memoryMore)
	}
}

// withoutArchive takes the archive out of the environment until restore is called.
func withoutArchive() (restore func()) {
	kept := map[string]string{}
	for _, one := range os.Environ() {
		if name, value, _ := strings.Cut(one, "="); strings.HasPrefix(name, "OPLOG_ARCHIVE") {
			kept[name] = value
			_ = os.Unsetenv(name)
		}
	}
	return func() {
		for name, value := range kept {
			_ = os.Setenv(name, value) // t.Setenv of newArchived ends it
		}
	}
}

// peak returns the most anonymous memory of the program while do runs, in KiB.
func (a *archived) peak(t *testing.T, title string, do func()) (kib int) {
	t.Helper()
	done := make(chan struct{})
	path := fmt.Sprintf("/proc/%d/status", a.s.cmd.Process.Pid)
	var sampling sync.WaitGroup
	sampling.Go(func() {
		for every := time.NewTicker(100 * time.Millisecond); ; {
			status, _ := os.ReadFile(path)
			if m := anonymous.FindSubmatch(status); m != nil {
				now, _ := strconv.Atoi(string(m[1]))
				kib = max(kib, now)
			}
			select {
			case <-every.C:
			case <-done:
				every.Stop()
				return
			}
		}
	})
	began := time.Now()
	do()
	close(done)
	sampling.Wait()
	t.Logf("%s: at most %d KiB in %s", title, kib, time.Since(began).Round(time.Second))
	return kib
}

// readAll reads a log from many sides while all of it is exported and then verified.
func (a *archived) readAll(t *testing.T, verify ...string) {
	t.Helper()
	r := &archiveReader{archived: a, load: newLoad(a.ledger, a.url, time.Millisecond)}
	ctx, cancel := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for _, act := range []func(context.Context){r.total, r.pages, r.find, r.summary, r.summary} {
		readers.Go(func() {
			for rounds := 0; rounds < 100 || ctx.Err() == nil; rounds++ {
				act(context.Background())
			}
		})
	}
	began := time.Now()
	mustRun(t, "export", "--tenant", "acme", "--from", "2000-01-01", "--to", "2100-01-01", "--format", "ndjson", "-o", filepath.Join(t.TempDir(), "all"), "--data", a.data)
	exported := time.Since(began)
	mustRun(t, append(verify, "--data", a.data)...)
	cancel()
	readers.Wait()
	if n := r.refused.Load() + r.gone.Load(); 50*n > r.whole.Load() {
		t.Errorf("%d questions are not answered, and %d are", n, r.whole.Load())
	}
	t.Logf("exported in %s, verified in %s; %d answers", exported.Round(time.Second), (time.Since(began) - exported).Round(time.Second), r.whole.Load())
}

// summary asks for the counts of all entries by what they have.
func (r *archiveReader) summary(ctx context.Context) {
	if r.ask(ctx, "summary", url.Values{}) != nil {
		r.whole.Add(1)
	}
}
