package archive

import "oplog/oplog"

// tally counts what a shipped day counts without asking the archive.
type tally struct{}

func newTally() *tally { return &tally{} }

func (t *tally) add(*oplog.Entry) {}

func (t *tally) encode() ([]byte, error) { return nil, nil }
