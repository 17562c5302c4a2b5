package background_test

import (
	"testing"

	"oplog/background"
	"oplog/faults"
)

// TestTaskPanics: a task that panics ends neither the program nor the tasks after it.
func TestTaskPanics(t *testing.T) {
	before := faults.Panics()
	tasks := background.New()
	ran := make(chan bool, 1)
	tasks.Once("a", func() { panic("a task") })
	tasks.Once("b", func() { ran <- true })
	tasks.Close()
	if !<-ran || faults.Panics() != before+1 {
		t.Errorf("%d panics were counted", faults.Panics()-before)
	}
}
