package clickhouse

import (
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/archive"
	"oplog/archive/clustertest"
	"oplog/oplog"
)

// cutter passes connections on to a server, until they are cut.
type cutter struct {
	url  string
	mu   sync.Mutex
	open []net.Conn
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	c := &cutter{url: "http://" + l.Addr().String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", strings.TrimPrefix(to, "http://"))
			if err != nil {
				_ = client.Close()
				continue
			}
			c.mu.Lock()
			c.open = append(c.open, client, server)
			c.mu.Unlock()
			for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
				go func() {
					_, _ = io.Copy(pair[0], pair[1])
					_ = pair[0].Close()
				}()
			}
		}
	}()
	return c
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.open {
		_ = one.Close()
	}
	c.open = nil
}

// checkBrokenBody: a server inserts the rows that came before a break, as if they were all. Verify sees it.
func checkBrokenBody(t *testing.T, c *clustertest.Cluster, f *fixture) {
	f.archived(t, 500)
	proxy := newCutter(t, c.Nodes[0].Plain)
	through, direct := openServers(t, c, proxy.url), openServers(t, c, c.Nodes[0].URL)
	partly := 0
	for attempt := range uint32(6) {
		d, entries, want := f.day(3000)
		d.Attempt = 10 + attempt
		err := through.Put(ctx, f.shipment(d), until(f.rows(entries), 1000+rand.N(1500), func() {
			time.Sleep(200 * time.Millisecond) // the server has all rows before
			proxy.cut()
		}))
		if err == nil {
			t.Fatal("Put succeeds though its connection was cut")
		}
		time.Sleep(300 * time.Millisecond)
		sums, err := direct.Verify(ctx, f.shipment(d))
		if err != nil || sums[0] == want {
			t.Errorf("a broken shipment is %v, %v", sums, err)
		}
		if sums[0].Rows > 0 {
			partly++
		}
		f.mustAsk(t, f.shard)
	}
	if partly == 0 {
		t.Error("no part of a broken body was inserted: the test does not try what it is for")
	}
	t.Logf("%d of 6 broken bodies were inserted in part", partly)
	f.ships(t)
}

// checkTampered: a row that was changed on all servers is told by the sum, and by the hash of its leaf.
func checkTampered(t *testing.T, _ *clustertest.Cluster, f *fixture) {
	f.archived(t, 800)
	d, entries, want := f.day(900)
	if err := f.shard.Put(ctx, f.shipment(d), f.rows(entries)); err != nil {
		t.Fatal(err)
	}
	f.checkSum(t, f.shipment(d), want)
	f.days = append(f.days, d)
	changed := entries[rand.N(len(entries))]
	f.tamper(t, d, changed.Seq)
	await(t, "both servers have the changed row", func() bool {
		sums, err := f.shard.Verify(ctx, f.shipment(d))
		return err == nil && !slices.ContainsFunc(sums, func(s archive.Sum) bool { return s.Rows != d.Rows || s.Lanes == want.Lanes })
	})
	f.checkSum(t, f.shipment(f.days[0]), f.sumOf(f.days[0]))
	var named []uint64
	err := f.shard.Leaves(ctx, &archive.Range{Tenant: f.tenant, Days: f.days}, func(key oplog.Key, leaf []byte) error {
		if archive.LeafHash(leaf) != archive.LeafHash(f.leaves[key]) {
			named = append(named, key.Seq())
		}
		return nil
	})
	if err != nil || !slices.Equal(named, []uint64{changed.Seq}) {
		t.Errorf("changed leaves are those of %v, %v; want %d", named, err, changed.Seq)
	}
}

// sumOf returns the sum of a day's leaves.
func (f *fixture) sumOf(d archive.Day) (sum archive.Sum) {
	for key, leaf := range f.leaves {
		if oplog.DateOf(key.Time()) == d.Date {
			sum.Add(key.Seq(), archive.LeafHash(leaf))
		}
	}
	return sum
}

// parts returns the directories of a day's parts on a server.
func (f *fixture) parts(t *testing.T, n *clustertest.Node, d archive.Day) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(n.Data, "data/default", tableOf(f.tenant), strings.ReplaceAll(d.Date, "-", "")+"-*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no parts of %s: %v", d.Date, err)
	}
	return found
}

// checkDamagedFile: bytes that changed on the disk of one server are noticed by it, and the other one answers.
func checkDamagedFile(t *testing.T, c *clustertest.Cluster, f *fixture) {
	d := f.archived(t, 3000)
	file := filepath.Join(f.parts(t, c.Nodes[0], d)[0], "leaf.bin")
	bytes, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	bytes[len(bytes)/2] ^= 0x10
	if err := os.WriteFile(file, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		f.mustAsk(t, f.shard)
		c.Nodes[0].Restart() // nothing of the file is in memory
	}
	await(t, "the server has whole bytes again, or tells of the damage", func() bool {
		sums, err := f.shard.Verify(ctx, f.shipment(d))
		if err == nil && sums[0] != sums[1] {
			t.Logf("sums are %v", sums)
		}
		return err != nil || sums[0] == sums[1] && sums[0] == f.sumOf(d)
	})
	f.ships(t)
}

// checkLostFiles: a replica that lost parts of its disk answers nothing of these days until it has them from the other.
func checkLostFiles(t *testing.T, c *clustertest.Cluster, f *fixture) {
	for range 3 {
		f.archived(t, 1000)
	}
	c.Nodes[0].Kill()
	for _, part := range f.parts(t, c.Nodes[0], f.days[1]) {
		if err := os.RemoveAll(part); err != nil {
			t.Fatal(err)
		}
	}
	c.Nodes[0].Start()
	c.Nodes[0].Await()
	alone, asked := openServers(t, c, c.Nodes[0].URL), 0
	await(t, "the replica has its parts again", func() bool {
		asked++
		f.mustAsk(t, f.shard)
		return f.ask(t, alone) == nil
	})
	t.Logf("asked %d times until the replica had all", asked)
	f.checkSum(t, f.shipment(f.days[1]), f.sumOf(f.days[1]))
}

// checkFullDisk: a server that cannot write fails Put, reads go on, and with space all is well again.
func checkFullDisk(t *testing.T, c *clustertest.Cluster, f *fixture) {
	f.archived(t, 500)
	for _, n := range c.Nodes[:2] {
		n.FillDisk(1)
		d, entries, _ := f.day(5000)
		began := time.Now()
		if err := f.shard.Put(ctx, f.shipment(d), f.rows(entries)); err == nil {
			t.Error("Put succeeds though a disk is full")
		} else {
			t.Logf("after %s: %v", time.Since(began).Round(time.Millisecond), err)
		}
		f.mustAsk(t, f.shard)
		n.EmptyDisk()
		f.ships(t)
	}
}
