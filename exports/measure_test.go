package exports_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"oplog/exports"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// TestExportsAreMeasured: complete exports are timed, failed ones are counted, and cancelled ones and those that a limit ended are neither.
func TestExportsAreMeasured(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	l.ended(l.export(exports.Export{Tenant: "acme", Range: oplog.RangeToday}), exports.Done)
	if _, _, err := l.Exports.Write(context.Background(), exports.Export{Tenant: "acme", Range: oplog.RangeToday, Format: "txt"}, io.Discard, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	x := l.heldExport()
	l.Lines.Gate <- errors.New("no space left on device")
	l.ended(x, exports.Failed)
	x = l.heldExport()
	l.Lines.Gate <- oplog.Errorf(oplog.CodeTooMany, "The exports of this tenant take all the space that they may.")
	l.ended(x, exports.Failed)
	x = l.heldExport()
	l.Lines.Gate <- context.Canceled
	l.ended(x, exports.Cancelled)
	var text strings.Builder
	if err := l.Exports.Took().Write(&text, "x", ""); err != nil || !strings.HasSuffix(text.String(), "\nx_count 2\n") || l.Exports.Failures() != 1 {
		t.Errorf("%v, %d failed\n%s", err, l.Exports.Failures(), text.String())
	}
}
