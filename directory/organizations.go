package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"oplog/oplog"
	"oplog/records"
)

// loadedTree is a tenant's tree with the number of the next record of learned organizations. The tree as it was last replaced is one record;
// the organizations that each request with unknown ones has added are another, small one.
type loadedTree struct {
	*oplog.OrganizationTree
	next int
}

// learnedName returns the name of a tenant's record of learned organizations with a number; names sort by number.
func learnedName(tenant string, number int) string { return fmt.Sprintf("%s/%08d", tenant, number) }

// loadTree reads a tenant's tree.
func (d *Directory) loadTree(tenant string) (*loadedTree, error) {
	whole, err := records.Read[oplog.Tree](d.records, oplog.RecordOrganizations, tenant)
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return nil, err
	}
	t := &loadedTree{}
	found, err := d.records.Records(oplog.RecordLearned, tenant+"/")
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		learned, number, err := readLearned(r.Name, r.Data)
		if err != nil {
			return nil, err
		}
		whole, t.next = append(whole, learned...), number+1
	}
	t.OrganizationTree = oplog.NewOrganizationTree(whole)
	return t, nil
}

func readLearned(name string, data []byte) (learned oplog.Tree, number int, err error) {
	_, digits, _ := strings.Cut(name, "/")
	number, err = strconv.Atoi(digits)
	if err == nil {
		err = json.Unmarshal(data, &learned)
	}
	if err != nil {
		return nil, 0, oplog.DamagedRecord(oplog.RecordLearned, name)
	}
	return learned, number, nil
}

// growTree adds the organizations of a new record to a cached tree, whose other readers need not load it again.
func (d *Directory) growTree(c *cachedTenant, name string) {
	data, _, err := d.records.Record(oplog.RecordLearned, name)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	if c.tree == nil {
		c.state = nil
		return
	}
	learned, number, damaged := readLearned(name, data)
	switch {
	case err == nil && damaged == nil && number < c.tree.next && c.tree.has(learned): // it was loaded with it
	case err == nil && damaged == nil && number == c.tree.next:
		c.tree = &loadedTree{c.tree.Grown(learned), number + 1}
		if c.state != nil {
			state := *c.state
			state.Tree = c.tree.OrganizationTree
			c.state = &state
		}
	default: // removed, with all others, as the tree was replaced
		c.tree, c.state = nil, nil
	}
}

func (t *loadedTree) has(learned oplog.Tree) bool {
	for _, o := range learned {
		if _, known := t.Find(o.ID); !known {
			return false
		}
	}
	return true
}

// Organizations returns a tenant's tree, or the part of it that is visible in a scope (an organization, "" for all); CodeInvalid if data
// permission is off.
func (d *Directory) Organizations(tenant, scope string) (oplog.Tree, error) {
	t, err := d.State(tenant)
	if err != nil {
		return nil, err
	}
	if !t.DataPermission {
		return nil, oplog.Refuse(oplog.CodeInvalid, "no-data-permission", "This tenant's data permission is off, so it has no organization tree.")
	}
	if scope != "" {
		return t.Tree.Subtree(scope), nil
	}
	return t.Tree.List(), nil
}

// SetOrganizations replaces a tenant's tree. Omitted organizations that still have entries stay, archived, and count towards
// [MaxOrganizations].
func (d *Directory) SetOrganizations(ctx context.Context, tenant string, next oplog.Tree, checks ...May) (oplog.Tree, error) {
	state, err := d.State(tenant)
	if err != nil {
		return nil, err
	}
	errs := next.Validate()
	if len(errs) == 0 {
		errs = state.Tree.ValidateNew(next)
	}
	if len(errs) > 0 {
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The organization tree is invalid; it was not changed.", Fields: errs}
	}
	var replaced oplog.Tree
	err = d.changeUnused(ctx, tenant, oplog.Match{}, checks, func(counts oplog.Counts) error {
		return d.change(tenant, func() (err error) {
			for {
				if replaced, err = d.replaceTree(tenant, next, counts); !errors.Is(err, oplog.ErrRevision) {
					return err
				}
			}
		})
	})
	return replaced, err
}

// replaceTree replaces a tenant's tree, and removes the records of learned organizations; organizations with entries stay.
func (d *Directory) replaceTree(tenant string, next oplog.Tree, counts oplog.Counts) (oplog.Tree, error) {
	old, revision, err := d.records.Record(oplog.RecordOrganizations, tenant)
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return nil, err
	}
	learned, err := d.records.Records(oplog.RecordLearned, tenant+"/")
	if err != nil {
		return nil, err
	}
	t, err := d.loadTree(tenant)
	if err != nil {
		return nil, err
	}
	result := t.List().Replace(next, func(id string) bool { return counts.Organizations[id] > 0 })
	if n := len(result); n > oplog.MaxOrganizations && n > t.Len() {
		v := oplog.Validation{}
		v.Fail("", n, "too_many_organizations", "results in {count} organizations, including {archived} omitted ones that stay archived because they have entries; the limit is {max}",
			n, n-len(next), oplog.MaxOrganizations)
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The organization tree is invalid; it was not changed.", Fields: v.Errors}
	}
	data, err := json.Marshal(result)
	if err != nil || len(learned) == 0 && bytes.Equal(data, old) {
		return result, err
	}
	changes := []oplog.RecordChange{{Kind: oplog.RecordOrganizations, Name: tenant, Replaces: revision, Data: data}}
	for _, r := range learned {
		changes = append(changes, oplog.RecordChange{Kind: oplog.RecordLearned, Name: r.Name, Replaces: oplog.RevisionOf(r.Data)})
	}
	return result, d.changes.PutRecords(changes)
}

// LearnOrganizations adds unknown organizations of entries to a tenant's tree, or none if there is no room for all. It writes one small
// record.
func (d *Directory) LearnOrganizations(tenant string, unknown []oplog.Ref, entries []oplog.Entry) error {
	return d.change(tenant, func() error {
		for {
			if err := d.tryLearn(tenant, unknown, entries); !errors.Is(err, oplog.ErrRevision) {
				return err
			}
		}
	})
}

func (d *Directory) tryLearn(tenant string, unknown []oplog.Ref, entries []oplog.Entry) error {
	tree, err := d.currentTree(tenant)
	if err != nil {
		return err
	}
	if errs := tree.NoRoomFor(entries); len(errs) > 0 {
		return oplog.TooManyOrganizationsError(errs)
	}
	learned := tree.Learn(unknown)
	if len(learned) == 0 {
		return nil // another request was first
	}
	data, err := json.Marshal(learned)
	if err != nil {
		return err
	}
	return d.records.PutRecord(oplog.RecordLearned, learnedName(tenant, tree.next), oplog.Revision{}, data)
}

// currentTree returns a tenant's tree; the caller holds changeMu.
func (d *Directory) currentTree(tenant string) (*loadedTree, error) {
	if _, err := d.State(tenant); err != nil { // loads it
		return nil, err
	}
	c, err := d.cached(tenant)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	tree := c.tree
	c.mu.Unlock()
	if tree != nil {
		return tree, nil
	}
	return d.loadTree(tenant)
}
