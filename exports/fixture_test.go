package exports_test

import (
	"testing"

	"oplog/node/nodetest"
)

// testLog extends the log of nodetest with helpers for these tests.
type testLog struct{ *nodetest.Log }

func newLog(t *testing.T) *testLog {
	t.Helper()
	return &testLog{nodetest.New(t)}
}
