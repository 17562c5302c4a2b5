package crashtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"oplog/archive/clustertest"
)

// TestArchive ships, removes and reads the old days of a log while the program, the servers and ZooKeeper are killed: at the end all of it is in the archive once, and
// no answer was short.
func TestArchive(t *testing.T) {
	a := newArchived(t, 6000)
	a.start()
	a.during(t, func() {
		for _, step := range []struct {
			name string
			kill func() (seen bool)
		}{
			{"a day is begun", a.untilStatus(func(before, now *archiveStatus) bool { return now.Tenants[0].Shipping != "" })},
			{"rows are there", a.untilRows},
			{"a day is recorded", a.untilStatus(func(before, now *archiveStatus) bool { return now.Tenants[0].Days > before.Tenants[0].Days })},
			{"a day is removed", a.untilStatus(func(before, now *archiveStatus) bool {
				return now.Tenants[0].RemovedDays > before.Tenants[0].RemovedDays
			})},
		} {
			seen := 0
			for range 3 {
				if step.kill() {
					seen++
				}
				time.Sleep(rand.N(20 * time.Millisecond))
				a.start()
			}
			t.Logf("%s: killed then %d times", step.name, seen)
		}
		for kills := range 30 {
			a.killSomething(kills)
		}
		a.settle(5 * time.Minute)
	})
	a.checkArchived(t)
	a.checkTampered(t)
}

// untilStatus returns a function that waits until the program's status holds, compared with that at the beginning.
func (a *archived) untilStatus(holds func(before, now *archiveStatus) bool) func() bool {
	return func() bool {
		before, ok := a.status()
		for end := time.Now().Add(5 * time.Second); ok && time.Now().Before(end); {
			if now, ok := a.status(); ok && holds(&before, &now) {
				return true
			}
		}
		return false
	}
}

// untilRows waits until a server has rows that it had not.
func (a *archived) untilRows() bool {
	before := [2]string{a.rows(a.cluster.Nodes[0]), a.rows(a.cluster.Nodes[2])}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if [2]string{a.rows(a.cluster.Nodes[0]), a.rows(a.cluster.Nodes[2])} != before {
			return true
		}
	}
	return false
}

// killSomething kills the program, a server, a shard or ZooKeeper, or lets a disk be full, and lets it come back.
func (a *archived) killSomething(n int) {
	c := a.cluster
	server := c.Nodes[rand.N(len(c.Nodes))]
	time.Sleep(rand.N(300 * time.Millisecond))
	switch n % 6 {
	case 0, 1, 2:
	case 3:
		server.Kill()
		time.Sleep(rand.N(2 * time.Second))
		server.Start()
	case 4:
		c.Keeper.Kill()
		time.Sleep(rand.N(2 * time.Second))
		c.Keeper.Start()
		c.Keeper.Await()
	case 5:
		server.FillDisk(1)
		time.Sleep(rand.N(2 * time.Second))
		server.EmptyDisk()
	}
	if server.Await(); n%12 == 11 { // the disk of the log
		clustertest.LimitFiles(a.t, a.s.cmd.Process.Pid, 1)
		time.Sleep(rand.N(time.Second))
	}
	a.start() // kills it, whatever it does, and ends the pause after a failure
}

var archiveIntact = regexp.MustCompile(`(?m)^archive of .*acme.*: intact, (\d+) days .* (\d+) entries`)

// checkArchived checks a log whose old days are in the archive alone: each entry is found once, everywhere.
func (a *archived) checkArchived(t *testing.T) {
	t.Helper()
	r := &archiveReader{archived: a, load: newLoad(a.ledger, a.url, time.Millisecond)}
	if came := r.pagesFrom(context.Background(), a.count-1, a.count); came != a.count {
		t.Errorf("%d of %d entries are listed", came, a.count)
	}
	for range 30 {
		r.total(context.Background())
		r.find(context.Background())
	}
	if n := r.refused.Load() + r.gone.Load() + r.slow.Load(); n > 0 {
		t.Errorf("%d questions are not answered", n)
	}
	a.checkServers(t)
	if status := a.s.end(syscall.SIGTERM); status != 0 {
		t.Errorf("stopped with status %d: %s", status, last(a.s.stderr.String()))
	}
	out := mustRun(t, "verify", "--archive", "--data", a.data)
	if found := archiveIntact.FindStringSubmatch(out); found == nil || found[2] != strconv.Itoa(a.count) {
		t.Errorf("verify --archive: %s", out)
	}
	mustRun(t, "verify", "--archive=sums", "--data", a.data)
	a.check() // what was acknowledged meanwhile, too
	t.Logf("%d old entries, and %d new ones", a.count, a.acknowledged())
}

// checkServers checks that the servers hold the rows of the recorded attempts, and nothing else after they were tidied.
func (a *archived) checkServers(t *testing.T) {
	t.Helper()
	c := a.cluster
	a.await("the servers hold each row once", time.Minute, func() bool {
		total := 0
		for _, n := range []*clustertest.Node{c.Nodes[0], c.Nodes[2]} {
			_, rows, _ := strings.Cut(a.rows(n), "\t")
			held, _ := strconv.Atoi(rows)
			total += held
		}
		return total == a.count && a.rows(c.Nodes[0]) != "" && a.rows(c.Nodes[1]) != ""
	})
	s, ok := a.status()
	if !ok || len(s.Servers) != len(c.Nodes) {
		t.Fatalf("the status is %+v", s)
	}
	for _, one := range s.Servers {
		if !one.Reachable || len(one.Missing)+len(one.Unknown) > 0 || one.Error != "" {
			t.Errorf("a server is %+v", one)
		}
	}
}

// checkTampered changes an entry on all servers, as their administrator can: it is named, and shown to nobody.
func (a *archived) checkTampered(t *testing.T) {
	t.Helper()
	i := a.count / 3
	date, name := a.time(i).Format(time.DateOnly), a.name(i)
	a.tamper(t, date, name)
	for _, mode := range []string{"--archive", "--archive=sums"} {
		r := run(t, "verify", mode, "--data", a.data)
		if r.status == 0 || !strings.Contains(r.stdout+r.stderr, date) {
			t.Errorf("verify %s of a changed entry of %s: status %d, %s%s", mode, date, r.status, r.stdout, r.stderr)
		}
		t.Logf("verify %s: %s", mode, last(r.stderr))
	}
	a.start()
	w := newLoad(a.ledger, a.url, time.Millisecond)
	period := "&from=" + a.time(i).Format(time.RFC3339Nano) + "&to=" + a.time(i+1).Format(time.RFC3339Nano)
	for _, path := range []string{"entries/" + name, "entries?limit=1" + period} {
		status, answer := w.call(context.Background(), "read", a.readKey, "GET", "tenants/acme/"+path, nil)
		if text := string(answer); status < 500 && !strings.Contains(text, `"damaged":true`) || strings.Contains(text, "Angora") {
			t.Errorf("%s of a changed entry is answered with %d: %s", path, status, text)
		}
	}
}

// tamper changes the content of an entry on all servers that have it.
func (a *archived) tamper(t *testing.T, date, name string) {
	t.Helper()
	var node *clustertest.Node
	var table string
	for _, n := range []*clustertest.Node{a.cluster.Nodes[0], a.cluster.Nodes[2]} {
		for _, found := range strings.Fields(n.MustAsk("SELECT DISTINCT table FROM system.parts WHERE active AND table LIKE 'oplog_%'")) {
			if n.MustAsk(fmt.Sprintf("SELECT count() FROM %s WHERE id = '%s'", found, name)) == "1" {
				node, table = n, found
			}
		}
	}
	if node == nil {
		t.Fatalf("no server has entry %s", name)
	}
	attempt := node.MustAsk(fmt.Sprintf("SELECT attempt FROM %s WHERE id = '%s'", table, name))
	node.MustAsk(fmt.Sprintf("CREATE TABLE kept ENGINE = Memory AS SELECT * FROM %s WHERE day = '%s'", table, date))
	node.MustAsk(fmt.Sprintf("ALTER TABLE %s DROP PARTITION ('%s', %s)", table, date, attempt))
	columns := strings.Join(strings.Fields(node.MustAsk(fmt.Sprintf("SELECT name FROM system.columns WHERE database = 'default' AND table = '%s'", table))), ", ")
	changed := strings.Replace(columns, "leaf", fmt.Sprintf("if(id = '%s', replaceAll(leaf, 'Encore', 'Angora'), leaf)", name), 1)
	node.MustAsk(fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM kept", table, columns, changed))
	rows := node.MustAsk("SELECT count() FROM kept")
	for i, n := range a.cluster.Nodes {
		if n == node { // the first replica of its shard
			other := a.cluster.Nodes[i+1]
			clustertest.Eventually(t, "the other replica has the changed rows", func() bool {
				return other.MustAsk(fmt.Sprintf("SELECT count() FROM %s WHERE day = '%s' AND attempt = %s", table, date, attempt)) == rows &&
					other.MustAsk(fmt.Sprintf("SELECT count() FROM %s WHERE id = '%s' AND position(leaf, 'Angora') > 0", table, name)) == "1"
			})
		}
	}
}

// TestArchiveRows ships and removes as many entries as OPLOG_CLICKHOUSE_ROWS says, and finds each once.
func TestArchiveRows(t *testing.T) {
	count, err := strconv.Atoi(os.Getenv("OPLOG_CLICKHOUSE_ROWS"))
	if err != nil {
		t.Skip("OPLOG_CLICKHOUSE_ROWS is not set: run make archive")
	}
	began := time.Now()
	a := newArchived(t, count)
	t.Logf("imported %d entries in %s", count, time.Since(began).Round(time.Second))
	began = time.Now()
	a.start()
	a.await("all days are shipped", 3*time.Hour, func() bool {
		time.Sleep(time.Second) // asking takes time from shipping
		s, ok := a.status()
		return ok && s.Tenants[0].DueDays == 0 && s.Tenants[0].Entries == count
	})
	took := time.Since(began)
	t.Logf("shipped in %s, %.0f entries/s", took.Round(time.Second), float64(count)/took.Seconds())
	a.settle(time.Hour)
	t.Logf("removed from here in %s", (time.Since(began) - took).Round(time.Second))
	a.checkServers(t)
	r := &archiveReader{archived: a, load: newLoad(a.ledger, a.url, time.Millisecond)}
	for range 20 {
		r.total(context.Background())
		r.find(context.Background())
		r.pages(context.Background())
	}
	if n := r.refused.Load() + r.gone.Load(); n > 0 {
		t.Errorf("%d questions are not answered", n)
	}
	if slow, whole := r.slow.Load(), r.whole.Load(); slow > 0 { // the servers share this machine
		t.Logf("%d questions took longer than queries may, %d were answered", slow, whole)
		if slow > whole/4 {
			t.Error("too many questions take too long")
		}
	}
	a.s.end(syscall.SIGTERM)
	if err := a.checkExported(); err != nil {
		t.Error(err)
	}
	began = time.Now()
	out := mustRun(t, "verify", "--archive", "--data", a.data)
	if found := archiveIntact.FindStringSubmatch(out); found == nil || found[2] != strconv.Itoa(count) {
		t.Errorf("verify --archive: %s", out)
	}
	t.Logf("verified in %s", time.Since(began).Round(time.Second))
}
