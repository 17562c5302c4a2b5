package cluster

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"oplog/oplog"
	"oplog/storage"
)

// sent returns how many copies of their stores the nodes have made, and whether one of these is left.
func (c *trio) sent() (copies uint64, left bool) {
	for _, n := range c.nodes {
		if n.isOpen() {
			copies += n.node().Meters().SnapshotsSent
		}
		found, _ := filepath.Glob(filepath.Join(n.dir, folderName, sendingPrefix+"*"))
		left = left || len(found) > 0
	}
	return copies, left
}

func failureIn(n *Node) string { return n.ownStatus().Failure }

// needsCopy returns a node that is closed, and whose log is damaged, so that it takes a copy once it is opened, and the first other node.
func (c *trio) needsCopy() (n, other *testNode) {
	t, _ := c.t.(*testing.T)
	n = c.rewound()
	flip(t, filepath.Join(n.dir, folderName, logFile), "content b")
	for _, other = range c.nodes {
		if other != n {
			return n, other
		}
	}
	return n, nil
}

// TestNoRoomForAFetchedCopy: a node that has to fetch a copy and has no room for it keeps what it has, says how much is missing, and fetches the
// copy once there is room; no other node makes one before.
func TestNoRoomForAFetchedCopy(t *testing.T) {
	c := newTrio(t, "")
	n, _ := c.needsCopy()
	n.disk.free.Store(full)
	before := c.read(n, "oplog.db")
	n.start()
	c.await(func() bool { return strings.Contains(failureIn(n.node()), "bytes free") })
	failure := failureIn(n.node())
	if !strings.Contains(failure, "has 1000 (0 MiB)") || !strings.Contains(failure, "The next try is at 20") {
		t.Errorf("the status says: %s", failure)
	}
	m := n.node().Meters()
	if m.CopyMissing <= maxReserve || m.CopiesFailed == 0 {
		t.Errorf("%d bytes are missing, %d failed", m.CopyMissing, m.CopiesFailed)
	}
	if copies, left := c.sent(); copies > 0 || left {
		t.Errorf("%d copies were made; left: %t", copies, left)
	}
	if _, err := os.Stat(filepath.Join(n.dir, folderName, receivedFolder)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was received: %v", err)
	}
	if len(before) == 0 || n.node().Store().DB.Failure() != nil {
		t.Error("the store is not what it was")
	}
	n.disk.free.Store(roomy)
	c.await(func() bool { return n.restartCount() == 1 })
	c.settle()
	if failure := failureIn(n.node()); failure != "" || n.node().Meters().CopyMissing != 0 {
		t.Errorf("afterwards: %s", failure)
	}
}

// TestNoRoomForASentCopy: the node that leads asks a node that has fallen behind whether it has room, before it makes a copy for it.
func TestNoRoomForASentCopy(t *testing.T) {
	c := newTrio(t, "")
	away, leader := c.follower(), c.leader()
	away.stop()
	mustSend(t, leader, "a", "b", "c")
	c.compact(leader)
	away.disk.free.Store(full)
	away.start()
	c.await(func() bool { return strings.Contains(failureIn(away.node()), "bytes free") })
	if failure := failureIn(away.node()); !strings.Contains(failure, "is behind and needs a copy") || away.node().Meters().CopyMissing == 0 {
		t.Errorf("the status says: %s", failure)
	}
	time.Sleep(300 * time.Millisecond) // Raft tries again meanwhile
	if copies, left := c.sent(); copies > 0 || left {
		t.Errorf("%d copies were made; left: %t", copies, left)
	}
	away.disk.free.Store(roomy)
	c.await(func() bool { return away.restartCount() == 1 })
	c.settle()
	mustSend(t, away, "d")
	c.settle()
	if failure := failureIn(away.node()); failure != "" {
		t.Errorf("afterwards: %s", failure)
	}
}

// TestCopyThatGrowsTooLarge: what an earlier version sends without a question is refused as well.
func TestCopyThatGrowsTooLarge(t *testing.T) {
	c := newTrio(t, "")
	on := c.follower()
	n := on.node()
	on.disk.free.Store(full)
	n.announced.Store(5)
	s, err := snapshots{n}.Create(1, 7, 1, raft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("piece")); !errors.As(err, new(noRoom)) {
		t.Errorf("error %v", err)
	}
	on.disk.free.Store(roomy)
	if _, err := s.Write([]byte("piece")); err != nil {
		t.Fatal(err)
	}
	on.disk.free.Store(full)
	if _, err := s.Write(make([]byte, roomCheckBytes)); !errors.As(err, new(noRoom)) {
		t.Errorf("error %v", err)
	}
	if err := s.Cancel(); err != nil {
		t.Error(err)
	}
}

// TestSenderWithoutRoom: a node that has no room to make a copy says so, and another one sends it.
func TestSenderWithoutRoom(t *testing.T) {
	c := newTrio(t, "")
	n, other := c.needsCopy()
	other.disk.free.Store(full)
	n.start()
	c.await(func() bool { return n.restartCount() == 1 })
	c.settle()
	if m := other.node().Meters(); m.SnapshotsSent > 0 {
		t.Error("the node without room made a copy")
	}
}

// TestDamagedCopyIsWaitedFor: the first copy that a node takes is damaged. It is not put in place, the store stays, the next is taken after a pause,
// from another node; the status says so.
func TestDamagedCopyIsWaitedFor(t *testing.T) {
	c := newTrio(t, "")
	n, other := c.needsCopy()
	rot(t, other, "content a")
	before := failedCopies.Load()
	began := time.Now()
	n.start()
	folder := filepath.Join(n.dir, folderName)
	var kept copyFailed
	c.await(func() bool { kept = readCopyFailed(folder, time.Now()); return kept.Why != "" && n.restartCount() == 1 })
	if kept.From != other.node().ID() || kept.Times != 1 || !strings.Contains(kept.Why, "entry 1 differs from what was recorded") {
		t.Errorf("kept %+v", kept)
	}
	failure := failureIn(n.node())
	if !strings.Contains(failure, "could not be taken: ") || !strings.Contains(failure, "The next try is at "+kept.Next.Format(time.RFC3339)) {
		t.Errorf("the status says: %s", failure)
	}
	if got := nameOf(t, n.node(), "a"); got != "content a" {
		t.Errorf("the store was replaced: %s", got)
	}
	c.await(func() bool { return n.restartCount() == 2 })
	if took := time.Since(began); took < minCopyWait*3/4 {
		t.Errorf("it took another copy after %s", took)
	}
	c.settle()
	if got := nameOf(t, n.node(), "a"); got != "content a" {
		t.Errorf("the copy has %s", got)
	}
	if after := failedCopies.Load(); after != before+1 || readCopyFailed(folder, time.Now()).Why != "" || failureIn(n.node()) != "" {
		t.Errorf("%d failed, and the status says: %s", after-before, failureIn(n.node()))
	}
}

// TestDamagedCopyIsNotSentAtOnce: a node whose last copy was damaged takes none that is sent to it before its time.
func TestDamagedCopyIsNotSentAtOnce(t *testing.T) {
	c := newTrio(t, "")
	leader, n := c.leader().node(), c.follower().node()
	f := n.refused(leader.ID(), errors.New("it is damaged"))
	err := leader.askRoom(t.Context(), n.ID(), 1)
	if err == nil || !strings.Contains(err.Error(), "it is damaged") || !strings.Contains(err.Error(), f.Next.Format(time.RFC3339)) {
		t.Errorf("error %v", err)
	}
	time.Sleep(time.Until(f.Next))
	if err := leader.askRoom(t.Context(), n.ID(), 1); err != nil {
		t.Error(err)
	}
	mustSend(t, c.leader(), "a") // it has come by the log
	c.settle()
	c.await(func() bool { return failureIn(n) == "" && readCopyFailed(n.id.folder, time.Now()).Why == "" })
}

// TestWaitsGrow: from a second to five minutes, less by a quarter at most, and are kept.
func TestWaitsGrow(t *testing.T) {
	folder, now := t.TempDir(), morning
	var f copyFailed
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300} {
		f = f.again("n1", errors.New("it is damaged"), now)
		if wait := f.Next.Sub(now); wait > want*time.Second || wait < want*time.Second*3/4-time.Millisecond || f.Times != i+1 {
			t.Errorf("%d: waits %s, want %d s", f.Times, wait, want)
		}
	}
	f.keep(folder)
	if got := readCopyFailed(folder, now); got != f {
		t.Errorf("kept %+v, want %+v", got, f)
	}
	if got := readCopyFailed(folder, now.Add(-24*time.Hour)); got.Next.Sub(now.Add(-24*time.Hour)) != maxCopyWait {
		t.Errorf("with a clock that was put back: %s", got.Next)
	}
	if err := errors.Join(forgetCopyFailed(folder), forgetCopyFailed(folder)); err != nil || readCopyFailed(folder, now) != (copyFailed{}) {
		t.Error(err)
	}
}

// TestCopiesAtATime: a node makes so many copies at a time, and says so to others.
func TestCopiesAtATime(t *testing.T) {
	c := newTrio(t, "")
	leader, n := c.leader().node(), c.follower().node()
	for range maxCopies {
		if !leader.beginCopy() {
			t.Fatal("no place is free")
		}
	}
	err := n.receiver().fetch(t.Context(), leader.ID(), leader.id.Address)
	if !errors.As(err, new(notSent)) || !strings.Contains(err.Error(), errBusy.Error()) {
		t.Errorf("error %v", err)
	}
	at, _ := leader.snapshotNow()
	p := &promised{leader, at.meta(ownSnapshot, 0), at}
	if err := p.send(n.ID(), new(raft.InstallSnapshotRequest), nil); !errors.Is(err, errBusy) {
		t.Errorf("error %v", err)
	}
	leader.endCopy()
	if err := n.receiver().fetch(t.Context(), leader.ID(), leader.id.Address); err != nil {
		t.Error(err)
	}
	leader.endCopy()
	if copies, left := c.sent(); copies != 1 || left {
		t.Errorf("%d copies, left: %t", copies, left)
	}
	if err := removeReceived(n.id.folder); err != nil {
		t.Error(err)
	}
}

// TestFollowerSendsACopy: a copy of a node that does not lead has all that the leader's log had, and its position is right.
func TestFollowerSendsACopy(t *testing.T) {
	c := newTrio(t, "")
	from := c.follower()
	for i := range 20 {
		mustSend(t, c.leader(), fmt.Sprint("a", i))
		at, err := from.node().barrierNow(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if applied := from.node().Applied(); applied < c.leader().node().Applied() || at.Index < applied || len(at.Nodes) != 3 {
			t.Errorf("%+v, applied %d", at, applied)
		}
	}
	n := c.nodes[0].node()
	if n == from.node() {
		n = c.nodes[1].node()
	}
	if err := n.receiver().fetch(t.Context(), from.node().ID(), from.node().id.Address); err != nil {
		t.Fatal(err)
	}
	var what received
	text, err := os.ReadFile(filepath.Join(n.id.folder, receivedFolder, receivedFile))
	if err := errors.Join(err, json.Unmarshal(text, &what)); err != nil {
		t.Fatal(err)
	}
	p, err := storage.PositionOfCopy(filepath.Join(n.id.folder, receivedFolder, receivedCopy))
	if err != nil || p.Index != from.node().Applied() || what.Snapshot.Index < p.Index || what.From != from.node().ID() {
		t.Errorf("the copy is at %d, %+v, %v", p.Index, what, err)
	}
	if err := removeReceived(n.id.folder); err != nil {
		t.Error(err)
	}
}

// TestReceiverThatReadsNothing: a node asks for a copy and takes nothing of it. The sender gives it up, and keeps neither file nor place. One that
// reads slowly gets all of it.
func TestReceiverThatReadsNothing(t *testing.T) {
	const stall = time.Second
	times := steady
	times.stall = stall
	c := newNodes(t, "", 3, times)
	leader, n := c.leader().node(), c.follower().node()
	long := strings.Repeat("x", 1<<20)
	for i := range 12 { // more than connections hold by themselves
		e := testEntry(fmt.Sprint("large", i))
		e.Content.Name = long
		if _, err := leader.Store().Append(t.Context(), "acme", []oplog.Entry{e}, 0); err != nil {
			t.Fatal(err)
		}
	}
	holdLittle(askForCopy(t, n, leader))
	c.await(func() bool { copies, _ := c.sent(); return copies == 1 })
	began := time.Now()
	c.await(func() bool { _, left := c.sent(); return !left && len(leader.copies) == 0 })
	if took := time.Since(began); took < stall*7/10 || took > 10*stall {
		t.Errorf("it was given up after %s", took)
	}
	from := bufio.NewReader(askForCopy(t, n, leader))
	resp, err := http.ReadResponse(from, nil)
	for err == nil && resp.StatusCode == http.StatusProcessing { // it is being made
		resp, err = http.ReadResponse(from, nil)
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	began = time.Now()
	read := int64(0)
	for err == nil {
		time.Sleep(stall / 5)
		var some int64
		some, err = io.CopyN(io.Discard, resp.Body, resp.ContentLength/12)
		read += some
	}
	if read != resp.ContentLength || !errors.Is(err, io.EOF) || time.Since(began) < 2*stall {
		t.Errorf("%d of %d bytes came in %s: %v", read, resp.ContentLength, time.Since(began), err)
	}
}

// holdLittle keeps the system from taking much that a connection does not read.
func holdLittle(conn net.Conn) {
	if below, ok := conn.(interface{ NetConn() net.Conn }); ok {
		if tcp, ok := below.NetConn().(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4096)
		}
	}
}

// askForCopy asks a node for a copy, and returns the connection.
func askForCopy(t *testing.T, n, from *Node) net.Conn {
	t.Helper()
	conn, err := n.id.dial(t.Context(), from.id.Address, from.ID(), protocolStore)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", pathCopy); err != nil {
		t.Fatal(err)
	}
	return conn
}
