package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"oplog/exports"
	"oplog/oplog"
	"oplog/signing"
)

// lineChecker checks the lines of a log: each has the next seq, its entry is its leaf, its hash is that of the leaf, and all hashes together make the
// root of the log's checkpoint. What was deleted is named by a deletion.
type lineChecker struct {
	log       exports.TenantLog
	isLeaf    func(oplog.Entry, []byte) bool
	deletions []oplog.Deletion

	heads   []tlog.Hash // of the complete subtrees so far, largest first
	seq     uint64
	deleted uint64
}

func (c *lineChecker) check(r io.Reader) error {
	lines := json.NewDecoder(r)
	for {
		var line exports.TenantLine
		err := lines.Decode(&line)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("after seq %d there is no valid line: %w", c.seq, err)
		}
		if err := c.checkLine(&line); err != nil {
			return err
		}
	}
	if c.seq != c.log.Size {
		return fmt.Errorf("it ends with seq %d, and the log had %d entries", c.seq, c.log.Size)
	}
	if c.deleted != c.log.Deleted {
		return fmt.Errorf("%d entries are said to be deleted, and it was %d", c.deleted, c.log.Deleted)
	}
	head, err := signing.ParseHead(c.log.Checkpoint)
	if err != nil {
		return err
	}
	if c.seq > 0 && c.root() != head.Root {
		return errors.New("its leaf hashes do not make the tree of the signed checkpoint")
	}
	return nil
}

func (c *lineChecker) checkLine(line *exports.TenantLine) error {
	if line.Seq != c.seq+1 {
		return fmt.Errorf("seq %d is missing: seq %d follows on %d", c.seq+1, line.Seq, c.seq)
	}
	c.seq++
	if len(line.LeafHash) != tlog.HashSize {
		return fmt.Errorf("seq %d has no leaf hash", c.seq)
	}
	if err := c.checkContent(line); err != nil {
		return err
	}
	// A leaf completes as many subtrees as its number has zeros at the end.
	head := tlog.Hash(line.LeafHash)
	for n := c.seq; n%2 == 0; n /= 2 {
		head = tlog.NodeHash(c.heads[len(c.heads)-1], head)
		c.heads = c.heads[:len(c.heads)-1]
	}
	c.heads = append(c.heads, head)
	return nil
}

func (c *lineChecker) checkContent(line *exports.TenantLine) error {
	if line.Deleted {
		date := line.Time.UTC().Format(time.DateOnly)
		if line.Entry != nil || line.Leaf != nil {
			return fmt.Errorf("seq %d is said to be deleted, and has an entry", c.seq)
		}
		if !slices.ContainsFunc(c.deletions, func(d oplog.Deletion) bool { return d.Tenant == c.log.Log && d.Contains(date) }) {
			return fmt.Errorf("seq %d of %s is said to be deleted, which no deletion in %s names", c.seq, date, exports.TenantDeletionsFile)
		}
		c.deleted++
		return nil
	}
	if line.Entry == nil {
		return fmt.Errorf("seq %d has no entry", c.seq)
	}
	if hash := tlog.RecordHash(line.Leaf); !bytes.Equal(hash[:], line.LeafHash) {
		return fmt.Errorf("seq %d was changed: its leaf has another hash than the log recorded", c.seq)
	}
	e := *line.Entry
	if e.Tenant = c.log.Log; e.Seq != c.seq || !c.isLeaf(e, line.Leaf) {
		return fmt.Errorf("seq %d was changed: the fields of its entry are not those that were recorded, which is the leaf", c.seq)
	}
	return nil
}

// root returns the root of all leaves so far.
func (c *lineChecker) root() tlog.Hash {
	root := c.heads[len(c.heads)-1]
	for _, head := range slices.Backward(c.heads[:len(c.heads)-1]) {
		root = tlog.NodeHash(head, root)
	}
	return root
}
