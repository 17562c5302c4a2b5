package node_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"oplog/node"
	"oplog/oplog"
)

// withoutExports is a store that can be used, but for its exports.
type withoutExports struct{ oplog.Store }

var errNoExports = errors.New("the exports cannot be read")

func (withoutExports) Records(kind oplog.RecordKind, _ string) ([]oplog.Record, error) {
	if kind == oplog.RecordExport {
		return nil, errNoExports
	}
	return nil, nil
}

func (withoutExports) Record(oplog.RecordKind, string) ([]byte, oplog.Revision, error) {
	return nil, oplog.Revision{}, oplog.Errorf(oplog.CodeNotFound, "There is none.")
}

func (withoutExports) OnRecord(func(oplog.RecordKind, string))  {}
func (withoutExports) OnAppend(func(string, []oplog.Entry))     {}
func (withoutExports) FetchArrivals(oplog.FetchArrivals)        {}
func (withoutExports) UnknownDays() ([]oplog.UnknownDay, error) { return nil, nil }
func (withoutExports) Failure() error                           { return nil }
func (withoutExports) Counts(string) (_, _ uint64, _ error)     { return 0, 0, nil }

// TestNewFails: a node that cannot be opened leaves nothing running.
func TestNewFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if goroutines are left
		if _, err := node.New(withoutExports{}, nil, node.Options{Now: time.Now, ExportDir: t.TempDir()}); !errors.Is(err, errNoExports) {
			t.Error(err)
		}
	})
}
