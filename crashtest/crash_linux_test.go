package crashtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cyclesOf returns the number of cycles that a variable of the environment asks for, or skips the test.
func cyclesOf(t testing.TB, variable, target string) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		t.Skipf("run make %s", target)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s is not a number of cycles", variable, text)
	}
	return n
}

// lanes is how many logs are tested at the same time.
const lanes = 4

// TestSystemCalls makes system calls of the running program fail, or kills it at one. OPLOG_CRASH is the number of cycles.
func TestSystemCalls(t *testing.T) {
	cycles := cyclesOf(t, "OPLOG_CRASH", "crash")
	all := faults()
	for lane := range lanes {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			c := crash{t: t, struck: make(map[string]int)}
			c.begin()
			for i := lane; i < cycles; i += lanes {
				if i/lanes%len(all) == 0 {
					c.begin() // a new log for each round
				}
				c.cycle(all[i/lanes%len(all)])
			}
			c.checkBackups()
			t.Logf("%d entries were acknowledged; struck: %v; damaged by lies, and refused in words: %d", c.total+c.acknowledged(), c.struck, c.refused)
		})
	}
}

// crash tests a log with faults.
type crash struct {
	*ledger // of the current log
	t       *testing.T
	total   int // entries that were acknowledged by earlier logs
	struck  map[string]int
	refused int
}

// begin begins another log.
func (c *crash) begin() {
	c.t.Helper()
	if c.ledger != nil {
		c.checkBackups()
		c.total += c.acknowledged()
	}
	c.ledger = newLedger(c.t, c.t.TempDir())
}

// cycle serves a log once with a fault, and checks it. It repeats until the fault strikes: calls are counted by thread.
func (c *crash) cycle(f fault) {
	c.t.Helper()
	for try := range 20 {
		if try > 0 && try%4 == 0 {
			c.begin()
		}
		most := 30
		if f.call == "fsync" || f.call == "/^rename" || f.call == "ftruncate" {
			most = 3
		}
		n := 1 + rand.IntN(max(1, most>>try))
		struck := c.serve(f, n)
		c.judge(f, n)
		if struck {
			c.struck[f.String()]++
			return
		}
	}
	c.t.Errorf("%s never struck", f)
}

// serve serves the log with a fault at the nth call of a thread, under load, and reports whether it struck.
func (c *crash) serve(f fault, n int) (struck bool) {
	c.t.Helper()
	trace := newTracer(c.t, filepath.Join(c.dir, "strace"))
	s := begin(c.t, trace.under(f.options(n)...), "--data", c.data)
	if !s.answers() {
		<-s.ended
	} else {
		newLoad(c.ledger, s.at, 2*time.Millisecond).during(func() {
			select {
			case <-s.ended:
			case <-time.After(200*time.Millisecond + rand.N(1300*time.Millisecond)): // some recover before
			}
		})
	}
	own := false
	select {
	case <-s.ended:
		own = true
	default:
		s.end([]syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[rand.IntN(2)])
	}
	if stack.MatchString(s.stderr.String()) {
		c.t.Fatalf("%s at call %d of a thread: the program ended with a stack: %s", f, n, last(s.stderr.String()))
	}
	if f.kills() {
		return own && s.cmd.ProcessState.ExitCode() == -1
	}
	return strings.Contains(trace.read(), "(INJECTED)")
}

// judge checks the log after a fault. After a lie it may also be refused in words.
func (c *crash) judge(f fault, n int) {
	c.t.Helper()
	err := errors.Join(c.checkEntries(c.data), c.checkExports())
	refused := new(refusedError)
	if f.lies && (err == nil || errors.As(err, &refused)) {
		if err != nil {
			c.refused++
		}
		clear(c.backups) // of the damaged log
		c.begin()
		return
	}
	if err != nil {
		c.t.Fatalf("after %s at call %d of a thread: %v", f, n, err)
	}
}
