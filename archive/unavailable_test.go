package archive_test

import (
	"strings"
	"testing"

	"oplog/oplog"
)

// TestNotConfigured: without servers, readers of archived days are told which setting is missing, not to wait.
func TestNotConfigured(t *testing.T) {
	f := newFixture(t, 1, 1)
	date := f.dates()[0]
	id := f.sent[date][7]
	f.settle()
	f.Shards = nil
	f.Restart()
	dates := map[string]string{"entry": date, "page": date, "export": date} // what the feed needs first, is of another
	for what, read := range map[string]func() error{
		"entry":  func() error { _, err := f.Journal.Entry("plain", id, ""); return err },
		"feed":   func() error { _, err := f.fed(); return err },
		"page":   func() error { _, err := f.Journal.Page(t.Context(), "plain", on(date, date), 10, ""); return err },
		"export": func() error { _, err := f.export(date); return err },
	} {
		err := read()
		if oplog.CodeOf(err) != oplog.CodeUnavailable || !strings.Contains(err.Error(), dates[what]) || !strings.Contains(err.Error(), "--archive") || strings.Contains(err.Error(), "retry") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
