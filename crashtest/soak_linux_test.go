package crashtest

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// bound says how much a measure may grow between the second fifth of a soak, when caches are warm, and the last: times a factor, plus an amount.
type bound struct{ times, plus float64 }

// measures are what a soak measures, with their bounds. Why they grow at all: memory, descriptors and reading with the segments of the index.
var measures = []struct {
	name, unit string
	bound      bound
}{
	{"memory without files", "MiB", bound{1.25, 16}},
	{"goroutines", "", bound{1, 20}},
	{"descriptors", "", bound{1, 32}},
	{"oplog.db and index, per entry", "bytes", bound{1.2, 0}},
	{"recording a batch, median", "ms", bound{1.5, 2}},
	{"recording a batch, 99th percentile", "ms", bound{2, 20}},
	{"reading, median", "ms", bound{1.5, 2}},
	{"reading, 99th percentile", "ms", bound{2, 20}},
}

// samples are a soak's samples, by measure.
type samples [][]float64

// TestSoak loads the program for OPLOG_SOAK, such as 30m, and checks that nothing grows beyond its bound. The machine should do nothing else. OPLOG_SOAK_SVG names the file of the plot.
func TestSoak(t *testing.T) {
	text := os.Getenv("OPLOG_SOAK")
	if text == "" {
		t.Skip("run make soak")
	}
	duration, err := time.ParseDuration(text)
	if err != nil || duration < 20*time.Second {
		t.Fatalf("OPLOG_SOAK=%s is not a duration of 20s or more", text)
	}
	l := newLedger(t, t.TempDir())
	l.removes = true
	s := start(t, "--data", l.data, "--anchor", l.dir)
	k := soak{load: newLoad(l, s.at, 100*time.Millisecond), pid: s.cmd.Process.Pid, took: make(map[string][]float64), samples: make(samples, len(measures))}
	k.answered = k.note
	now := time.Now().UTC() // exports do not grow with the log
	k.exportRequest = fmt.Sprintf(`{"range":"custom","from":%q,"to":%q,"format":"ndjson"}`, now.Format(time.RFC3339), now.Add(duration/50).Format(time.RFC3339))
	k.backUpEvery = duration / 10
	k.during(func() { k.run(duration) })
	if status := s.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d: %s", status, last(s.stderr.String()))
	}
	if path := os.Getenv("OPLOG_SOAK_SVG"); path != "" {
		if err := os.WriteFile(path, []byte(k.samples.plot(duration)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d entries in %s", l.acknowledged(), duration)
	for i, m := range measures {
		early, late := k.samples.fifth(i, 1), k.samples.fifth(i, 4)
		most := early*m.bound.times + m.bound.plus
		t.Logf("%s: %.1f %s early, %.1f late, at most %.1f", m.name, early, m.unit, late, most)
		if late > most {
			t.Errorf("%s grew from %.1f to %.1f %s; at most %.1f was expected", m.name, early, late, m.unit, most)
		}
	}
	l.check()
}

// soak is a long load that is measured.
type soak struct {
	*load
	pid     int
	samples samples

	tookMu sync.Mutex
	took   map[string][]float64 // milliseconds since the last sample, by kind of request
}

func (k *soak) note(kind string, took time.Duration) {
	k.tookMu.Lock()
	defer k.tookMu.Unlock()
	k.took[kind] = append(k.took[kind], float64(took.Microseconds())/1000)
}

// run takes a hundred samples.
func (k *soak) run(duration time.Duration) {
	tick := time.NewTicker(duration / 100)
	defer tick.Stop()
	for range 100 {
		<-tick.C
		k.sample()
	}
}

func (k *soak) sample() {
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", k.pid))
	if err != nil {
		k.t.Error(err)
	}
	k.tookMu.Lock()
	took := k.took
	k.took = make(map[string][]float64)
	k.tookMu.Unlock()
	for i, value := range []float64{
		k.memory(), k.goroutines(), float64(len(files)), float64(k.bytes()) / float64(max(1, k.acknowledged())),
		percentile(took["send"], 50), percentile(took["send"], 99), percentile(took["read"], 50), percentile(took["read"], 99),
	} {
		k.samples[i] = append(k.samples[i], value)
	}
}

var (
	anonymous  = regexp.MustCompile(`RssAnon:\s+(\d+)`)
	goroutines = regexp.MustCompile(`(?m)^go_goroutines (\d+)`)
)

// memory returns the memory of the server without files, in MiB.
func (k *soak) memory() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", k.pid))
	if err != nil {
		k.t.Error(err)
	}
	return number(anonymous.FindSubmatch(status)) / 1024
}

func (k *soak) goroutines() float64 {
	answer, err := http.Get(k.url() + "/metrics")
	if err != nil {
		k.t.Error(err)
		return 0
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		k.t.Error(err)
	}
	return number(goroutines.FindSubmatch(text))
}

func number(found [][]byte) float64 {
	if found == nil {
		return 0
	}
	n, _ := strconv.ParseFloat(string(found[1]), 64)
	return n
}

// bytes returns the size of the data file and the index.
func (k *soak) bytes() (n int64) {
	_ = filepath.WalkDir(k.data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Base(filepath.Dir(path)) != "exports" {
			if info, err := d.Info(); err == nil { // a segment may have been removed meanwhile
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// percentile returns a percentile of values, 0 for none.
func percentile(values []float64, percent int) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)-1)*percent/100]
}

// fifth returns the median of a measure in a fifth of the time, 0 to 4.
func (s samples) fifth(measure, number int) float64 {
	values := s[measure]
	return percentile(slices.Clone(values[len(values)*number/5:len(values)*(number+1)/5]), 50)
}
