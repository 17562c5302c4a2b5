package crashtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// What three nodes on one machine must reach, beside a single node in the same run.
const (
	minSingles     = 0.35 // of a single node's entries per second, by 64 senders of one
	minBatches     = 0.3  // by 8 senders of 500
	maxQuery       = 1.1  // times a single node's time
	maxFailover    = 2500 * time.Millisecond
	maxRestart     = time.Second
	maxIdleMemory  = 20_000_000 // bytes beside a single node's
	maxIdlePercent = 1          // of a core
)

// Sizes of the measurement.
const (
	measuredEntries  = 20_000 // that are there when queries are timed
	measuredRounds   = 3
	measuredRound    = 4 * time.Second
	measuredIdle     = 15 * time.Second
	measuredRestarts = 7
	measuredKills    = 11
)

// TestNodesMeasured measures three nodes beside a single one, and prints what README says of them.
func TestNodesMeasured(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c, single := newNodes(t, 3), newLedger(t, t.TempDir()+"/data")
	alone := start(t, "--data", single.data)
	f := &figures{t: t}
	f.idle(c, alone)
	one := target{key: single.writeKey, read: single.readKey, urls: []string{alone.url}}
	leader := c.leader()
	lead := target{key: c.writeKey, read: c.readKey, urls: []string{leader.url()}}
	others, all := lead, lead
	others.urls, all.urls = nil, nil
	for _, m := range c.members {
		all.urls = append(all.urls, m.url())
		if m != leader {
			others.urls = append(others.urls, m.url())
		}
	}
	for _, of := range []target{one, all} {
		of.rate(t, 4, 500, measuredEntries)
	}
	known := others
	known.position = "1" // what the client has seen is there
	f.queries(one, lead, others, known)
	f.rates("64 senders of 1", 64, 1, minSingles, one, lead, all)
	f.rates("1 sender of 1", 1, 1, 0, one, lead, all)
	f.rates("8 senders of 500", 8, 500, minBatches, one, lead, all)
	f.restarts(c)
	f.failovers(c)
	t.Log("\n" + f.text.String())
}

// figures are what was measured.
type figures struct {
	t    *testing.T
	text strings.Builder
}

// tell notes a figure, and whether it is as it must be.
func (f *figures) tell(good bool, format string, args ...any) {
	f.t.Helper()
	line := fmt.Sprintf(format, args...)
	fmt.Fprintln(&f.text, line)
	if !good {
		f.t.Error(line)
	}
}

// idle measures processes of which nobody wants anything.
func (f *figures) idle(c *nodes, alone *server) {
	f.t.Helper()
	time.Sleep(2 * time.Second)
	processes := []int{alone.cmd.Process.Pid}
	for _, m := range c.members {
		processes = append(processes, m.running().cmd.Process.Pid)
	}
	var before, percent []float64
	for _, pid := range processes {
		before = append(before, processorSeconds(f.t, pid))
	}
	time.Sleep(measuredIdle)
	for i, pid := range processes {
		percent = append(percent, 100*(processorSeconds(f.t, pid)-before[i])/measuredIdle.Seconds())
	}
	var memory []int
	for _, pid := range processes {
		resident, _ := memoryOf(f.t, pid)
		memory = append(memory, resident)
	}
	for i := 1; i < len(processes); i++ {
		more := memory[i] - memory[0]
		f.tell(more <= maxIdleMemory && percent[i]-percent[0] <= maxIdlePercent,
			"idle: node %d has %.1f MB more than a single one's %.1f, and uses %.2f %% of a core, that one %.2f %%", i, float64(more)/1e6, float64(memory[0])/1e6, percent[i], percent[0])
	}
}

// processorSeconds returns how long a process has run on processors.
func processorSeconds(t *testing.T, pid int) float64 {
	t.Helper()
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, task := range tasks {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, task.Name()))
		if err != nil {
			continue // it has ended
		}
		nanoseconds, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		total += nanoseconds / 1e9
	}
	return total
}

// target is a log, on one node or several. Each request goes to the next node.
type target struct {
	key, read string
	urls      []string
	position  string // Oplog-Position of searches
}

var measuredBatches atomic.Int64

// measuredBatch returns a batch of entries with ids of their own.
func measuredBatch(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"entries":[`)
	batch, at := measuredBatches.Add(1), time.Now().UTC().Format(time.RFC3339Nano)
	for i := range size {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"m%d-%d","time":%q,"user":{"id":"u_%d","name":"王晓敏 Emma"},"module":"sms","operation":"send","content":{"id":"c_%d","name":"双11返场 Encore %d"},`+
			`"details":{"recipients":%d,"channel":"marketing"}}`, batch, i, at, i%50, batch, i, 100+i)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// rate has senders record batches, for a round or until so many entries are recorded, and returns the entries per second and the median time of a batch.
func (g target) rate(t *testing.T, senders, size, entries int) (perSecond float64, median time.Duration) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), measuredRound)
	if entries > 0 {
		ctx, cancel = context.WithTimeout(context.Background(), startTime)
	}
	defer cancel()
	var recorded atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var sending sync.WaitGroup
	began := time.Now()
	for i := range senders {
		sending.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				body, sent := measuredBatch(size), time.Now()
				if !g.call(t, client, http.MethodPost, n, "entries", body, http.StatusCreated) {
					return
				}
				if total := int(recorded.Add(int64(size))); entries > 0 && total >= entries {
					cancel()
				}
				mu.Lock()
				took = append(took, time.Since(sent))
				mu.Unlock()
			}
		})
	}
	sending.Wait()
	return float64(recorded.Load()) / time.Since(began).Seconds(), middle(took)
}

// call sends a request to one of the nodes, which must be answered with a status.
func (g target) call(t *testing.T, client *http.Client, method string, n int, path string, body []byte, status int) bool {
	t.Helper()
	r, err := http.NewRequest(method, g.urls[n%len(g.urls)]+"/api/v1/tenants/acme/"+path, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return false
	}
	key := g.read
	if body != nil {
		key = g.key
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	if g.position != "" {
		r.Header.Set("Oplog-Position", g.position)
	}
	a, err := client.Do(r)
	if err != nil {
		t.Error(err)
		return false
	}
	defer a.Body.Close()
	answer, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != status {
		t.Errorf("%s is answered with %d: %s, %v", path, a.StatusCode, last(string(answer)), err)
		return false
	}
	return true
}

// middle returns the median; 0 of none.
func middle(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// rates compares the rates of a log on one node, and on three through the one that leads, and through any, taking turns. On three each must
// be at least a part of that of one node.
func (f *figures) rates(what string, senders, size int, least float64, one, lead, all target) {
	f.t.Helper()
	var sums [3]float64
	var medians [3][]time.Duration
	for range measuredRounds {
		for i, g := range []target{one, lead, all} {
			perSecond, median := g.rate(f.t, senders, size, 0)
			sums[i] += perSecond
			medians[i] = append(medians[i], median)
		}
	}
	f.tell(true, "%s: %.0f entries/s on a single node, each in %v (median)", what, sums[0]/measuredRounds, middle(medians[0]).Round(10*time.Microsecond))
	for i, through := range []string{"the leader", "any node"} {
		f.tell(sums[i+1] >= least*sums[0], "%s: %.0f entries/s on three nodes through %s: %.2f×, each in %v", what,
			sums[i+1]/measuredRounds, through, sums[i+1]/sums[0], middle(medians[i+1]).Round(10*time.Microsecond))
	}
}

// queries compares how long searches take on a single node, on the leader, on the others, and on these if the client says what it has seen. The
// others ask the leader first how far they must have come, which is not measured against the limit.
func (f *figures) queries(one, lead, others, known target) {
	f.t.Helper()
	client := &http.Client{}
	defer client.CloseIdleConnections()
	var sums [4]time.Duration
	for _, path := range []string{"entries?q=encore&limit=50", "entries?user=u_7&order=seq&limit=200", "summary?range=last_30_days"} {
		var took [4][]time.Duration
		for n := range 300 {
			for i, g := range []target{one, lead, others, known} {
				began := time.Now()
				if !g.call(f.t, client, http.MethodGet, n, path, nil, http.StatusOK) {
					return
				}
				took[i] = append(took[i], time.Since(began))
			}
		}
		for i := range took {
			sums[i] += middle(took[i])
		}
	}
	for i, where := range []string{"the leader", "another node, which asks the leader how far it is", "another node, which is told what the client has seen"} {
		ratio := float64(sums[i+1]) / float64(sums[0])
		f.tell(i == 1 || ratio <= maxQuery, "three searches of %d entries: %v on a single node, %v on %s: %.2f×", measuredEntries,
			sums[0].Round(10*time.Microsecond), sums[i+1].Round(10*time.Microsecond), where, ratio)
	}
}

// restarts measures how long a node takes from its start to an answer that is not old, with what was recorded while it was down.
func (f *figures) restarts(c *nodes) {
	f.t.Helper()
	var took []time.Duration
	client := &http.Client{}
	for range measuredRestarts {
		m := c.other(c.leader())
		m.end(syscall.SIGKILL)
		left := target{key: c.writeKey}
		for _, other := range c.alive() {
			left.urls = append(left.urls, other.url())
		}
		left.rate(f.t, 4, 50, 2000)
		began := time.Now()
		m.start()
		for !f.current(client, m, c.readKey) {
			if time.Since(began) > startTime {
				f.t.Fatal("a node does not come back")
			}
		}
		took = append(took, time.Since(began))
		client.CloseIdleConnections()
	}
	f.tell(middle(took) <= maxRestart, "a restarted node answers with all that was recorded meanwhile after %v (median of %d; at most %v)",
		middle(took).Round(time.Millisecond), len(took), slices.Max(took).Round(time.Millisecond))
}

// current reports whether a node answers, with what all nodes have.
func (f *figures) current(client *http.Client, m *member, key string) bool {
	f.t.Helper()
	r, err := http.NewRequest(http.MethodGet, m.url()+"/api/v1/tenants/acme/entries?limit=1", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	a, err := client.Do(r)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, a.Body)
	_ = a.Body.Close()
	return a.StatusCode == http.StatusOK && a.Header.Get("Oplog-Stale") == ""
}

// failovers measures how long nothing is acknowledged after the end of a leader.
func (f *figures) failovers(c *nodes) {
	f.t.Helper()
	c.load().during(func() {
		for range measuredKills {
			c.awaitProgress()
			c.killLeader()
		}
	})
	slices.Sort(c.failovers)
	f.tell(middle(c.failovers) <= maxFailover, "from the end of a leader to the next acknowledgement: %v (median of %d; %v to %v)", middle(c.failovers).Round(time.Millisecond),
		len(c.failovers), c.failovers[0].Round(time.Millisecond), c.failovers[len(c.failovers)-1].Round(time.Millisecond))
}
