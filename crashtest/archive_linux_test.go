package crashtest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"oplog/archive/clustertest"
)

// archived is a log whose old days go to a cluster of ClickHouse servers.
type archived struct {
	*ledger
	cluster *clustertest.Cluster
	count   int       // entries that were imported, all older than what stays here
	first   time.Time // of the oldest of these
	step    time.Duration

	mu sync.Mutex // guards s
	s  *server    // nil before the first start
}

// archivedDays are how many days the imported entries cover. The newest is archivedAge days old; days go to the archive after 30.
const (
	archivedDays = 40
	archivedAge  = 40
)

// newArchived makes a log with so many old entries, and the tables of its tenant. The program takes the servers from the environment.
func newArchived(t *testing.T, count int) *archived {
	t.Helper()
	c := clustertest.Start(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(clustertest.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"": strings.Join(c.Shard(0), ",") + " " + strings.Join(c.Shard(1), ","), "_USER": clustertest.User, "_PASSWORD_FILE": password, "_CA": c.CAFile, "_GRACE": "0s",
	} {
		t.Setenv("OPLOG_ARCHIVE"+name, value)
	}
	a := &archived{
		ledger: newLedger(t, filepath.Join(t.TempDir(), "data")), cluster: c, count: count,
		first: time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -archivedAge-archivedDays), step: archivedDays * 24 * time.Hour / time.Duration(count),
	}
	a.importAll()
	mustRun(t, "tenant", "set", "acme", "--archive-after", "30", "--data", a.data)
	mustRun(t, "archive", "schema", "--apply", "--replicated", "--data", a.data)
	return a
}

// name returns the id of an imported entry, and of its content; time its time. The oldest is 0.
func (a *archived) name(i int) string    { return fmt.Sprintf("old.%d.0.1", i) }
func (a *archived) time(i int) time.Time { return a.first.Add(time.Duration(i) * a.step) }

// importAll imports the old entries, a million at a time.
func (a *archived) importAll() {
	a.t.Helper()
	const atOnce = 1_000_000
	path := filepath.Join(a.dir, "old.ndjson")
	for from := 0; from < a.count; from += atOnce {
		f, err := os.Create(path)
		if err != nil {
			a.t.Fatal(err)
		}
		out := bufio.NewWriterSize(f, 1<<20)
		for i := from; i < min(a.count, from+atOnce); i++ {
			fmt.Fprintf(out, `{"id":%q,"time":%q,"user":{"id":"u%d","name":"王晓敏 Emma %d"},"organization":{"id":"o%d","name":"Sales"},"module":"sms","operation":"send",`+
				`"content":{"id":%q,"name":"双11返场 Encore %d"},"ip":"10.0.%d.%d"}`+"\n",
				a.name(i), a.time(i).Format(time.RFC3339Nano), i%500, i%500, i%60, a.name(i), i%9973, i>>8&255, i&255)
		}
		if err := out.Flush(); err != nil {
			a.t.Fatal(err)
		}
		_ = f.Close()
		mustRun(a.t, "import", "--tenant", "acme", "--data", a.data, path)
	}
	_ = os.Remove(path)
}

// start starts the program, again if it runs: then it is killed.
func (a *archived) start() {
	a.t.Helper()
	a.kill()
	s := start(a.t, "--data", a.data)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.s = s
}

// kill kills the program.
func (a *archived) kill() {
	a.mu.Lock()
	s := a.s
	a.mu.Unlock()
	if s != nil {
		s.end(syscall.SIGKILL)
	}
}

// url returns the URL of the program, which may have been killed.
func (a *archived) url() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.s.at()
}

// archiveStatus is a part of what oplog archive status --json prints.
type archiveStatus struct {
	Tenants []struct {
		Days           int
		Entries        int
		RemovedDays    int `json:"removed_days"`
		RemovedEntries int `json:"removed_entries"`
		DueDays        int `json:"due_days"`
		Shipping       string
		Error          string
	}
	Servers []struct {
		URL       string
		Reachable bool
		Entries   int
		Missing   []string
		Unknown   []string
		Error     string
	}
}

// status returns what the program says of its archive; false if it was killed meanwhile.
func (a *archived) status() (s archiveStatus, ok bool) {
	a.t.Helper()
	r := run(a.t, "archive", "status", "--json", "--data", a.data)
	return s, r.status == 0 && json.Unmarshal([]byte(r.stdout), &s) == nil && len(s.Tenants) == 1
}

// rows returns the rows of all attempts on a server.
func (a *archived) rows(n *clustertest.Node) string {
	answer, err := n.Ask("SELECT count(), sum(rows) FROM system.parts WHERE active AND table LIKE 'oplog_%'")
	if err != nil {
		return ""
	}
	return answer
}

// await waits until what holds.
func (a *archived) await(what string, limit time.Duration, holds func() bool) {
	a.t.Helper()
	for end := time.Now().Add(limit); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s, _ := a.status()
			a.t.Fatalf("not within %s: %s; the archive is %+v, and the program says %s", limit, what, s, last(a.s.stderr.String()))
		}
	}
}

// settle starts the program again with all servers up, and waits until all old days are in the archive alone, once.
func (a *archived) settle(limit time.Duration) {
	a.t.Helper()
	a.cluster.Keeper.Await()
	for _, n := range a.cluster.Nodes {
		n.Await()
	}
	a.start()
	next := time.Now().Add(20 * time.Second)
	a.await("all is in the archive", limit, func() bool {
		s, ok := a.status()
		if failed := ok && s.Tenants[0].Error != ""; failed && time.Now().After(next) { // it waits before it tries again
			a.start()
			next = time.Now().Add(20 * time.Second)
		}
		return ok && s.Tenants[0].DueDays == 0 && s.Tenants[0].RemovedEntries == a.count
	})
}

// readers read all the time until the context ends.
func (a *archived) readers(ctx context.Context) *archiveReader {
	var readers sync.WaitGroup
	r := &archiveReader{archived: a, load: newLoad(a.ledger, a.url, 5*time.Millisecond)}
	for _, act := range []func(context.Context){r.total, r.pages, r.find} {
		readers.Go(func() { repeat(ctx, 5*time.Millisecond, func() { act(ctx) }) })
	}
	readers.Go(func() { repeat(ctx, 20*time.Millisecond, func() { r.load.send(ctx, &r.load.senders[0]) }) })
	readers.Wait()
	return r
}

// during lets readers read while do runs.
func (a *archived) during(t *testing.T, do func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := a.readers(ctx)
		t.Logf("%d answers were whole, %d were errors, and %d requests had no answer", r.whole.Load(), r.refused.Load()+r.slow.Load(), r.gone.Load())
		if r.whole.Load() == 0 {
			t.Error("nothing was read")
		}
	}()
	defer func() {
		cancel()
		<-done
	}()
	do()
}
