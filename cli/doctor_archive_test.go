package cli

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// archivedDay records that a day is in the archive.
func archivedDay(t *testing.T, data string) {
	t.Helper()
	m, _, _ := setting{}.main()
	l, err := m.openLog(data)
	if err != nil {
		t.Fatal(err)
	}
	day := oplog.ArchivedDay{Tenant: "demo", Date: "2020-01-01", State: oplog.DayArchived, Attempt: 1, VerifiedAt: time.Now()}
	text, err := json.Marshal(day)
	if err == nil {
		err = l.Records().PutRecord(oplog.RecordArchive, day.Name(), oplog.Revision{}, text)
	}
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestDoctorOfArchive: days that only the archive has need its servers in the settings.
func TestDoctorOfArchive(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	serve(t, "demo", "--entries", "10", "--data", data).stop()
	archivedDay(t, data)
	out := setting{}.run(t, "doctor", "--data", data, "--json").stdout
	if !strings.Contains(out, `"archive-not-configured"`) {
		t.Errorf("without --archive, oplog doctor says %s", out)
	}
	out = setting{}.run(t, "doctor", "--data", data, "--archive", "http://127.0.0.1:1").stdout
	if !strings.Contains(out, "Archive server http://127.0.0.1:1 cannot be used: connection refused") {
		t.Errorf("with --archive, oplog doctor says %s", out)
	}
}
