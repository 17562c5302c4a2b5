package onprem

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// The load: 1,000 entries a second.
const (
	senders   = 10
	batchSize = 10
	sendEvery = 100 * time.Millisecond
)

// load records entries and remembers which were acknowledged.
type load struct {
	site
	db   string // the data file
	ends bool   // the server ends meanwhile, so that batches may not be answered

	mu     sync.Mutex
	seqs   map[string]uint64 // of acknowledged entries, by id
	phases int
}

// figures are what a phase of the load measured.
type figures struct {
	acknowledged    int
	rate            float64 // entries a second
	longest, median time.Duration
	grown, bytes    int64 // by how much the data file grew, and its size at the end
}

func (f figures) String() string {
	return fmt.Sprintf("%d entries acknowledged, %.0f/s; a sender waited %s at most, %s in the median; oplog.db grew by %.1f MiB, to %.1f MiB",
		f.acknowledged, f.rate, f.longest.Round(time.Millisecond), f.median.Round(100*time.Microsecond), float64(f.grown)/(1<<20), float64(f.bytes)/(1<<20))
}

// during records 1,000 entries a second for a time, and until do returns.
func (l *load) during(least time.Duration, do func()) figures {
	l.Helper()
	l.phases++
	before, began := l.size(), time.Now()
	ctx, cancel := context.WithCancel(l.Context())
	var running sync.WaitGroup
	waits := make([][]time.Duration, senders)
	counts := make([]int, senders)
	for i := range senders {
		name := fmt.Sprintf("load-%d-%d", l.phases, i)
		v := l.visitor(100+i, "write")
		running.Go(func() {
			tick := time.NewTicker(sendEvery)
			defer tick.Stop()
			for n := 0; ctx.Err() == nil; n++ {
				took, ok := l.send(v, fmt.Sprint(name, "-", n))
				if !ok {
					return
				}
				waits[i] = append(waits[i], took)
				counts[i] += batchSize
				<-tick.C
			}
		})
	}
	if do(); time.Since(began) < least {
		time.Sleep(least - time.Since(began))
	}
	cancel()
	running.Wait()
	f := figures{bytes: l.size()}
	all := slices.Concat(waits...)
	slices.Sort(all)
	for _, n := range counts {
		f.acknowledged += n
	}
	if f.acknowledged == 0 {
		l.Fatal("nothing is acknowledged")
	}
	f.rate = float64(f.acknowledged) / time.Since(began).Seconds()
	f.longest, f.median = all[len(all)-1], all[len(all)/2]
	f.grown = f.bytes - before
	return f
}

// send records a batch, which must be acknowledged, and returns how long that took.
func (l *load) send(v *visitor, name string) (took time.Duration, ok bool) {
	var b strings.Builder
	at := time.Now().UTC().Format(time.RFC3339Nano)
	for i := range batchSize {
		fmt.Fprintf(&b, `{"id":"%s-%d","time":%q,"user":{"id":"u_%d","name":"王晓敏 Emma"},"module":"sms","operation":"send","content":{"id":"c_%d","name":"双11返场主会场 Double 11 Encore"},"ip":"10.0.0.7"}`+"\n",
			name, i, at, i, i)
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, v.url+acme+"/entries", strings.NewReader(b.String()))
	if err != nil {
		l.Error(err)
		return 0, false
	}
	r.Header.Set("Authorization", "Bearer "+v.key)
	r.Header.Set("Content-Type", "application/x-ndjson")
	began := time.Now()
	response, err := v.http.Do(r)
	if err != nil {
		if !l.ends {
			l.Errorf("a batch is not answered: %v", err)
		}
		return 0, false
	}
	defer response.Body.Close()
	var stored struct {
		Entries []struct {
			ID  string
			Seq uint64
		}
	}
	err = json.NewDecoder(response.Body).Decode(&stored)
	took = time.Since(began)
	if err != nil || response.StatusCode != http.StatusCreated || len(stored.Entries) != batchSize {
		if l.ends {
			return 0, false
		}
		l.Errorf("a batch is answered with %d and %d entries: %v", response.StatusCode, len(stored.Entries), err)
		return 0, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range stored.Entries {
		l.seqs[e.ID] = e.Seq
	}
	return took, true
}

func (l *load) size() int64 {
	info, err := os.Stat(l.db)
	if err != nil {
		l.Fatal(err)
	}
	return info.Size()
}

// acknowledged returns the ids that were acknowledged so far, with their seqs.
func (l *load) acknowledged() map[string]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[string]uint64, len(l.seqs))
	for id, seq := range l.seqs {
		all[id] = seq
	}
	return all
}

// checkStored checks that a data directory of a machine has entries that were acknowledged, once, as they were acknowledged.
func (m *machine) checkStored(data string, acknowledged map[string]uint64) {
	m.Helper()
	stored := map[string]uint64{}
	text := m.oplog("", "export", "--tenant", "acme", "--from", "2000-01-01", "--to", "2100-01-01", "--format", "ndjson", "--data", data)
	rows := 0
	for line := range strings.Lines(text) {
		var e struct {
			ID  string
			Seq uint64
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			m.Fatalf("%v: %s", err, line)
		}
		stored[e.ID] = e.Seq
		rows++
	}
	if rows != len(stored) {
		m.Errorf("%d entries are stored under %d ids", rows, len(stored))
	}
	missing := 0
	for id, seq := range acknowledged {
		if stored[id] != seq {
			missing++
		}
	}
	if missing > 0 || len(acknowledged) == 0 {
		m.Errorf("of %d acknowledged entries, %d are missing or other ones", len(acknowledged), missing)
	}
}
