package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// attackEnv has the attack that a process of its own makes, as JSON.
const attackEnv = "OPLOG_TEST_ATTACK"

// attack is what an attacker does.
type attack struct {
	Address      string // of the server
	Connections  int
	First, Again string // see sends
	End          time.Time
}

// attacker is a process that makes an attack.
type attacker struct {
	process           *exec.Cmd
	output            io.Reader
	stand             atomic.Bool // whether all connections were tried
	connected, writes int         // set when it has ended
	ended             chan struct{}
}

// attack starts an attacker, whose process the system runs only when a processor would be idle otherwise.
func (f *flooded) attack(b *testing.B, what attack) *attacker {
	b.Helper()
	plan, err := json.Marshal(what)
	if err != nil {
		b.Fatal(err)
	}
	a := &attacker{process: exec.CommandContext(b.Context(), "chrt", "--idle", "0", os.Args[0], "-test.run=^TestAttacker$"), ended: make(chan struct{})}
	a.process.Env, a.process.Stderr = append(os.Environ(), attackEnv+"="+string(plan)), os.Stderr
	if a.output, err = a.process.StdoutPipe(); err != nil {
		b.Fatal(err)
	}
	if err := a.process.Start(); err != nil {
		b.Fatal(err)
	}
	go a.listen()
	return a
}

// listen reads what the attacker says.
func (a *attacker) listen() {
	defer close(a.ended)
	for lines := bufio.NewScanner(a.output); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "connected %d", &a.connected); err == nil {
			a.stand.Store(true)
		}
		_, _ = fmt.Sscanf(lines.Text(), "writes %d", &a.writes)
	}
}

// result waits for the attacker's end, and returns how many connections it got and how often it wrote to one after the first time.
func (a *attacker) result(b *testing.B) (connected, writes int) {
	b.Helper()
	<-a.ended
	if err := a.process.Wait(); err != nil {
		b.Fatalf("the attacker: %v", err)
	}
	return a.connected, a.writes
}

// TestAttacker is the process of an attacker.
func TestAttacker(t *testing.T) {
	if os.Getenv(attackEnv) == "" {
		t.Skip("started by BenchmarkAttack")
	}
	var a attack
	if err := json.Unmarshal([]byte(os.Getenv(attackEnv)), &a); err != nil {
		t.Fatal(err)
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 3)}}
	var all, tried sync.WaitGroup
	var connected, writes atomic.Int64
	tried.Add(a.Connections)
	for range a.Connections {
		all.Go(func() {
			c, err := dialer.DialContext(t.Context(), "tcp", a.Address)
			if err != nil {
				tried.Done()
				return
			}
			defer func() { _ = c.Close() }()
			connected.Add(1)
			_, _ = io.WriteString(c, a.First) // what the server thinks of it is not our concern
			tried.Done()
			for time.Now().Before(a.End) {
				time.Sleep(time.Second)
				_, _ = io.WriteString(c, a.Again)
				writes.Add(1)
			}
		})
	}
	tried.Wait()
	fmt.Printf("connected %d\n", connected.Load())
	all.Wait()
	fmt.Printf("writes %d\n", writes.Load())
}
