package crashtest

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNodesFullDisk fills the disk of a node, the leader, while the others go on; with space it comes back.
func TestNodesFullDisk(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	if os.Geteuid() != 0 {
		t.Skip("needs root: volumes are mounted")
	}
	c := newNodes(t, 3)
	small := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	mount := func(options string) {
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", small).CombinedOutput(); err != nil {
			t.Skipf("a volume cannot be mounted here: %v, %s", err, out)
		}
	}
	mount("size=40m")
	t.Cleanup(func() { _ = syscall.Unmount(small, syscall.MNT_DETACH) })
	m := &member{t: t, data: filepath.Join(small, "data"), address: freeAddress(t)}
	token := strings.TrimSpace(mustRun(t, "cluster", "token", "--data", c.alive()[0].data))
	mustRun(t, "cluster", "join", token, "--address", m.address, "--data", m.data)
	m.start()
	c.members, c.dirs = append(c.members, m), append(c.dirs, m.data)
	fill := filepath.Join(small, "fill")
	c.load().during(func() {
		c.awaitProgress()
		_ = run(t, "cluster", "transfer", c.idOf(m), "--data", c.leader().data)
		f, err := os.Create(fill)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = f.Write(make([]byte, 64<<10))
		}
		_ = f.Close()
		for range 50 {
			c.awaitProgress()
		}
		time.Sleep(3 * time.Second)
		if err := os.Remove(fill); err != nil {
			t.Fatal(err)
		}
		mount("remount,size=400m")
		c.awaitProgress()
	})
	c.check()
}

// TestNodesLosePower cuts the power of two of three nodes, then of all, under load.
func TestNodesLosePower(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	var volumes []*volume
	for range 3 {
		volumes = append(volumes, newVolume(t, "ext4"))
	}
	c := newNodesIn(t, volumes[0].dir, volumes[1].dir, volumes[2].dir)
	for cut := range 12 {
		gone := []int{0, 1, 2}
		if cut%2 == 0 {
			gone = append(gone[:cut%3], gone[cut%3+1:]...)
		}
		c.load().during(func() {
			c.awaitProgress()
			time.Sleep(rand.N(time.Second))
			for _, i := range gone {
				volumes[i].cut()
			}
			for _, i := range gone {
				c.members[i].end(syscall.SIGKILL)
			}
		})
		for _, m := range c.members {
			m.end(syscall.SIGKILL)
		}
		for _, i := range gone {
			volumes[i].restart()
		}
		c.startAll()
		c.check()
		c.startAll()
	}
}

// TestNodesFailingDisk makes the disk of a node that leads fail while its process runs: another node leads, and the first comes back with its disk.
func TestNodesFailingDisk(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	v := newVolume(t, "ext4")
	c := newNodesIn(t, v.dir, t.TempDir(), t.TempDir())
	m := c.members[0]
	c.load().during(func() {
		for range 2 {
			c.awaitProgress()
			if leader := c.leader(); leader != m {
				mustRun(t, "cluster", "transfer", c.idOf(m), "--data", leader.data)
			}
			v.cut()
			for range 20 {
				c.awaitProgress()
			}
			m.end(syscall.SIGKILL)
			v.restart()
			m.start()
			c.awaitProgress()
		}
	})
	c.check()
}
