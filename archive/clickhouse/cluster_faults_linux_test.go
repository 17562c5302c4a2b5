package clickhouse

import (
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/archive/clustertest"
)

// Codes of ClickHouse.
const (
	codeUnknownUser   = 192
	codeWrongPassword = 193
)

// checkAccess: servers are trusted by the CA that is given alone, and take its user with the right password alone.
func checkAccess(t *testing.T, c *clustertest.Cluster, f *fixture) {
	f.archived(t, 10)
	for name, o := range map[string]Options{
		"without the CA":    {User: clustertest.User, Password: clustertest.Password},
		"of another CA":     {User: clustertest.User, Password: clustertest.Password, CA: x509.NewCertPool()},
		"a wrong password":  {User: clustertest.User, Password: "wrong", CA: c.CA},
		"an unknown person": {User: "nobody", Password: clustertest.Password, CA: c.CA},
	} {
		o.Servers = c.Shard(0)
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		d, entries, _ := f.day(1)
		putErr := s.Put(ctx, f.shipment(d), f.rows(entries))
		for what, err := range map[string]error{"reads": f.ask(t, s), "Put": putErr, "Drop": s.Drop(ctx, f.shipment(f.days[0])), "Check": s.Check(ctx, f.tenant)} {
			var refused *Error
			isRefused := errors.As(err, &refused) && slices.Contains([]int{codeWrongPassword, codeUnknownUser}, refused.Code)
			if untrusted := errors.As(err, new(x509.UnknownAuthorityError)); untrusted != (o.User == clustertest.User && o.Password == clustertest.Password) || untrusted == isRefused {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
	f.mustAsk(t, f.shard)
}

// putWithout ships a day, during which a replica is killed: the shipment fails and may have left rows.
func (f *fixture) putWithout(t *testing.T, n *clustertest.Node) archive.Shipment {
	t.Helper()
	d, entries, _ := f.day(3000)
	err := f.shard.Put(ctx, f.shipment(d), until(f.rows(entries), 1000, n.Kill))
	if err == nil {
		t.Error("Put succeeds without a replica")
	}
	t.Log(err)
	f.mustAsk(t, f.shard)
	began := time.Now()
	if err := f.shard.Put(ctx, f.shipment(d), f.rows(entries)); err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("the next Put returns %v after %s", err, time.Since(began))
	}
	if sums, err := f.shard.Verify(ctx, f.shipment(d)); err == nil {
		t.Errorf("Verify without a replica returns %v", sums)
	}
	if err := f.shard.Drop(ctx, f.shipment(d)); err == nil {
		t.Error("Drop without a replica succeeds")
	}
	return f.shipment(d)
}

// checkKilledReplica: the next attempt succeeds once the replica is back, and what the failed one left is dropped. Rows go in through the first server.
func checkKilledReplica(t *testing.T, c *clustertest.Cluster, f *fixture) {
	f.archived(t, 2000)
	for _, first := range []int{0, 1} {
		f.shard = openServers(t, c, c.Nodes[first].URL, c.Nodes[1-first].URL)
		f.shard.quorum = 2 * time.Second
		for _, killed := range c.Nodes[:2] {
			left := f.putWithout(t, killed)
			killed.Start()
			killed.Await()
			f.ships(t)
			await(t, "the attempt is dropped", func() bool { return f.shard.Drop(ctx, left) == nil })
			if rows := f.held(t)[left.DayAttempt]; rows > 0 {
				t.Errorf("%d rows of a dropped attempt are left", rows)
			}
			f.mustAsk(t, f.shard)
		}
	}
}

// checkDroppedFirst: dropping rows that lacked the quorum does not keep later ones from reaching it.
func checkDroppedFirst(t *testing.T, c *clustertest.Cluster, f *fixture) {
	f.archived(t, 2000)
	left := f.putWithout(t, c.Nodes[1])
	c.Nodes[1].Start()
	c.Nodes[1].Await()
	await(t, "the attempt is dropped", func() bool { return f.shard.Drop(ctx, left) == nil })
	f.ships(t)
}

// checkReturn: a replica that lacks what was archived while it was away answers nothing until it has all.
func checkReturn(t *testing.T, c *clustertest.Cluster, f *fixture) {
	f.archived(t, 1000)
	there, back := openServers(t, c, c.Nodes[0].URL), openServers(t, c, c.Nodes[1].URL)
	both := openServers(t, c, c.Nodes[1].URL, c.Nodes[0].URL)
	c.Nodes[1].Kill()
	for range 12 {
		d, entries, _ := f.day(700)
		if err := there.Put(ctx, f.shipment(d), f.rows(entries)); err != nil {
			t.Fatal(err)
		}
		f.days = append(f.days, d)
	}
	c.Nodes[0].Pause() // nothing can be had from it
	c.Nodes[1].Start()
	c.Nodes[1].Await()
	if err := f.ask(t, back); !errors.Is(err, archive.ErrIncomplete) {
		t.Errorf("a replica without the rows answers %v", err)
	}
	c.Nodes[0].Resume()
	incomplete, asked := 0, 0
	await(t, "the replica has all", func() bool {
		asked++
		f.mustAsk(t, both)
		err := f.ask(t, back)
		if err != nil && !errors.Is(err, archive.ErrIncomplete) {
			t.Fatal(err)
		}
		if err != nil {
			incomplete++
		}
		return err == nil
	})
	t.Logf("asked %d times until the replica had all, %d times it had not", asked, incomplete)
	f.ships(t)
}

// checkStandstill: a server that takes connections and answers nothing holds up one reader.
func checkStandstill(t *testing.T, c *clustertest.Cluster, f *fixture) {
	f.archived(t, 500)
	c.Nodes[0].Pause()
	defer c.Nodes[0].Resume()
	f.mustAsk(t, f.shard)
	began := time.Now()
	for range 5 {
		f.mustAsk(t, f.shard)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("readers wait %s for a server that stands still", took)
	}
	d, entries, _ := f.day(1)
	if err := f.shard.Put(ctx, f.shipment(d), f.rows(entries)); err == nil {
		t.Error("Put succeeds without a server")
	}
}

// checkKeeper: without ZooKeeper reads go on, and Put fails.
func checkKeeper(t *testing.T, c *clustertest.Cluster, f *fixture) {
	f.archived(t, 500)
	c.Keeper.Kill()
	d, entries, _ := f.day(2000)
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); { // sessions end in this time
		f.mustAsk(t, f.shard)
		began := time.Now()
		if err := f.shard.Put(ctx, f.shipment(d), f.rows(entries)); err == nil || time.Since(began) > 20*time.Second {
			t.Fatalf("Put without ZooKeeper returns %v after %s", err, time.Since(began))
		}
	}
	c.Keeper.Start()
	c.Keeper.Await()
	f.ships(t)
}

// checkShardAway: nothing is answered of a shard without servers, and the other shard goes on.
func checkShardAway(t *testing.T, c *clustertest.Cluster, f *fixture) {
	f.archived(t, 500)
	other := &fixture{place: clusterPlace(t, c, 1, f.tenant), leaves: f.leaves}
	if err := other.shard.MakeTable(ctx, f.tenant, true); err != nil {
		t.Fatal(err)
	}
	other.archived(t, 300)
	c.Nodes[0].Kill()
	c.Nodes[1].Kill()
	if err := f.ask(t, f.shard); err == nil || strings.Count(err.Error(), "connection refused") != 8 { // four questions to two servers
		t.Errorf("a shard without servers answers %v", err)
	}
	other.mustAsk(t, other.shard)
	for _, n := range c.Nodes[:2] {
		n.Start()
		n.Await()
	}
	f.mustAsk(t, f.shard)
	f.ships(t)
}

// checkChaos ships days while servers and ZooKeeper are killed at random, and a reader asks all the time.
func checkChaos(t *testing.T, c *clustertest.Cluster, f *fixture) {
	f.archived(t, 500)
	end, done := time.Now().Add(30*time.Second), make(chan int)
	go func() {
		kills := 0
		for ; time.Now().Before(end); kills++ {
			if rand.N(4) == 0 {
				c.Keeper.Kill()
				time.Sleep(rand.N(time.Second))
				c.Keeper.Start()
			} else {
				n := c.Nodes[rand.N(2)]
				n.Kill()
				time.Sleep(rand.N(time.Second))
				n.Start()
			}
			time.Sleep(rand.N(3 * time.Second))
		}
		done <- kills
	}()
	answered, refused, attempts := 0, 0, 0
	for time.Now().Before(end) {
		d, entries, want := f.day(2000)
		for shipped := false; !shipped && time.Now().Before(end); attempts++ {
			d.Attempt = uint32(attempts + 1)
			err := f.shard.Put(ctx, f.shipment(d), f.rows(entries))
			sums, verifyErr := f.shard.Verify(ctx, f.shipment(d))
			if shipped = verifyErr == nil && !slices.ContainsFunc(sums, func(s archive.Sum) bool { return s != want }); shipped { // even if Put failed
				f.days = append(f.days, d)
			} else if err == nil && verifyErr == nil {
				t.Errorf("Put succeeds, and the servers hold %v instead of %v", sums, want)
			} else {
				time.Sleep(50 * time.Millisecond)
			}
			if f.ask(t, f.shard) == nil {
				answered++
			} else {
				refused++
			}
		}
	}
	kills := <-done
	c.Keeper.Await()
	for _, n := range c.Nodes[:2] {
		n.Await()
	}
	f.ships(t)
	t.Logf("%d kills, %d attempts, %d days; %d times all questions were answered, %d times not", kills, attempts, len(f.days), answered, refused)
}
