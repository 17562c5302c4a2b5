//go:build unix

package crashtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"time"
)

// check stops all nodes, starts them again, and checks each one's directory: what was acknowledged is there, once, and the trees are equal.
func (c *nodes) check() {
	c.t.Helper()
	c.stopEqual()
	if err := c.compare(); err != nil {
		c.t.Fatal(err)
	}
	if err := c.checkExports(); err != nil {
		c.t.Error(err)
	}
	c.checkBackups()
}

// stopEqual stops all nodes with the same entries. A node records what was looked at on it when it stops, which those that have stopped before get
// when they are started.
func (c *nodes) stopEqual() {
	c.t.Helper()
	c.startAll()
	c.awaitIndexes() // an export of a stopped node cannot complete them
	for _, m := range c.members {
		m.end(syscall.SIGTERM)
	}
	c.startAll()
	c.settle()
	for _, m := range c.members {
		m.end(syscall.SIGKILL)
	}
}

// awaitIndexes waits until the index of each node has all entries.
func (c *nodes) awaitIndexes() {
	c.t.Helper()
	for _, m := range c.members {
		w := newLoad(c.ledger, m.url, 0)
		status := 0
		for end := time.Now().Add(startTime); status != http.StatusOK; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				c.t.Fatalf("the index of the node at %s is not ready: %d", m.address, status)
			}
			status, _ = w.call(context.Background(), "read", c.readKey, http.MethodGet, "tenants/acme/entries?limit=1", nil)
		}
		w.http.CloseIdleConnections()
	}
}

// compare returns what is wrong with the directories of stopped nodes: each has what was acknowledged, once, and their trees are equal.
func (c *nodes) compare() error {
	c.t.Helper()
	var wrong []error
	roots := make(map[string]string)
	for _, m := range c.members {
		if err := c.checkEntries(m.data); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", m.data, err))
		}
		roots[m.data] = run(c.t, "verify", "--data", m.data).stdout
	}
	first := c.members[0].data
	for data, root := range roots {
		if root != roots[first] {
			wrong = append(wrong, fmt.Errorf("the trees differ: %s has\n%s\nand %s\n%s", data, root, first, roots[first]))
		}
	}
	return errors.Join(wrong...)
}
