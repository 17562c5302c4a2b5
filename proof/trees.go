package proof

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"oplog/directory"
	"oplog/oplog"
)

// Trees are the Merkle trees of a node: each tenant's log, each tenant's trail, and the installation's trail.
type Trees struct {
	directory *directory.Directory
	prover    oplog.Prover
}

// NewTrees returns the trees of a store.
func NewTrees(directory *directory.Directory, prover oplog.Prover) *Trees {
	return &Trees{directory: directory, prover: prover}
}

// names returns the store's names of all trees.
func (t *Trees) names() ([]string, error) {
	tenants, err := t.directory.Tenants()
	if err != nil {
		return nil, err
	}
	names := []string{oplog.TrailName("")}
	for _, tenant := range tenants {
		names = append(names, tenant.ID, oplog.TrailName(tenant.ID))
	}
	return names, nil
}

// head is the signed content of a checkpoint: origin, size and root.
type head struct {
	origin string
	size   uint64
	root   string
}

// headOf reads a checkpoint without checking its signature.
func headOf(checkpoint string) (head, error) {
	lines := strings.SplitN(checkpoint, "\n", 4)
	if len(lines) == 4 {
		if size, err := strconv.ParseUint(lines[1], 10, 63); err == nil {
			return head{lines[0], size, lines[2]}, nil
		}
	}
	return head{}, errors.New("it is not a checkpoint")
}

// signer returns the current verifier key if it verifies a checkpoint; "" if an earlier one signed that.
func (t *Trees) signer(checkpoint string) (key string, err error) {
	key = t.prover.VerifierKey()
	v, err := note.NewVerifier(key)
	if err != nil {
		return "", fmt.Errorf("read the log's verifier key: %w", err)
	}
	if _, err := note.Open([]byte(checkpoint), note.VerifierList(v)); err != nil {
		return "", nil //nolint:nilerr // it is not for this key
	}
	return key, nil
}

// checkpoint returns a tree's signed head.
func (t *Trees) checkpoint(tree string) (string, head, error) {
	text, err := t.prover.Checkpoint(tree)
	if err != nil {
		return "", head{}, err
	}
	h, err := headOf(text)
	if err != nil {
		return "", h, fmt.Errorf("checkpoint of %s: %w", tree, err)
	}
	return text, h, nil
}
