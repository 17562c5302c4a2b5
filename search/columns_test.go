package search

import (
	"fmt"
	"testing"

	"oplog/oplog"
)

// TestNumbersOfManyActions: catalogs replaced repeatedly have more pairs of module and operation than a single one.
func TestNumbersOfManyActions(t *testing.T) {
	n := newNumbering(defaultSizes.keptTexts)
	const pairs = 1<<16 + 2
	act := func(i int) action { return action{module: fmt.Sprint("module", i), operation: "edit"} }
	for range 2 {
		for i := range pairs {
			if got, _ := n.of(&oplog.Entry{Module: act(i).module, Operation: act(i).operation}); int(got) != i {
				t.Fatalf("pair %d has number %d", i, got)
			}
		}
	}
	if actions := n.snapshot().actions; len(actions) != pairs || actions[pairs-1] != act(pairs-1) {
		t.Errorf("%d pairs are numbered", len(actions))
	}
}
