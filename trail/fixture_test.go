package trail_test

import (
	"testing"

	"oplog/node/nodetest"
)

// testLog is the log of nodetest, with what the tests here do to it.
type testLog struct{ *nodetest.Log }

func newLog(t *testing.T) *testLog {
	t.Helper()
	return &testLog{nodetest.New(t)}
}
