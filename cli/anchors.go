package cli

import (
	"context"
	"fmt"
	"time"

	"oplog/node"
	"oplog/proof"
	"oplog/server"
)

// setUpAnchors sets up the folder and the witnesses that get the checkpoints.
func (f *serveFlags) setUpAnchors(l *node.Node, o *server.Options, now func() time.Time) (err error) {
	trees := proof.NewTrees(l.Directory, l.Prover)
	if f.Anchor != "" {
		o.Anchors = proof.NewAnchors(trees, l.Place, now, f.Anchor)
	}
	if len(f.Witness) == 0 {
		return nil
	}
	if o.Witnesses, err = proof.NewWitnesses(trees, l.Place, now, f.Witness); err != nil {
		return fmt.Errorf("--witness: %w", err)
	}
	l.Journal.OnGrowth(o.Witnesses.Grown)
	return nil
}

// writeLastAnchors has the last checkpoints, which cover all entries, cosigned and written to the folder.
func (m *Program) writeLastAnchors(ctx context.Context, o server.Options, failed func(error)) {
	if o.Witnesses != nil {
		if err := o.Witnesses.Finish(ctx); err != nil {
			failed(err)
		}
	}
	if o.Anchors != nil {
		if err := o.Anchors.WriteIfLeading(); err != nil {
			failed(err)
		}
	}
}
