package server

import (
	"path/filepath"
	"slices"
	"testing"

	"oplog/doctor"
)

// TestChecks: an owner sees what the checks find, with what to do, and they are not made for each request.
func TestChecks(t *testing.T) {
	const path = "/api/v1/system/checks"
	type checks struct {
		CheckedAt string `json:"checked_at"`
		Findings  []doctor.Finding
	}
	f := newServer(t)
	if got := decode[checks](t, f.get("owner", path, 200)); got.CheckedAt != "" || got.Findings == nil || len(got.Findings) > 0 {
		t.Errorf("without a doctor: %+v", got)
	}
	rounds := 0
	gone := filepath.Join(t.TempDir(), "backups")
	f.server.doctor = doctor.New(doctor.Options{
		Settings: doctor.Settings{Dir: f.dir, Listen: "127.0.0.1:8484", BackupDir: gone}, Server: doctor.Running, Now: f.tick,
		Log: func() (doctor.Log, error) { rounds++; return doctor.Log{Format: 6, NewestFormat: 6}, nil },
	})
	for range 3 {
		got := decode[checks](t, f.get("owner", path, 200))
		at := slices.IndexFunc(got.Findings, func(one doctor.Finding) bool { return one.Code == "backup-dir-gone" })
		if at < 0 || got.CheckedAt != "2026-11-22T08:00:00Z" {
			t.Fatalf("%+v", got)
		}
		if one := got.Findings[at]; one.Check != "backup" || one.Level != doctor.Error || one.Params["dir"] != gone ||
			one.Fact != "The backup directory "+gone+" does not exist" || one.Advice != "Mount or create it." {
			t.Errorf("%+v", one)
		}
	}
	if rounds != 1 {
		t.Errorf("the checks were made %d times", rounds)
	}
	f.advance(doctor.Interval)
	f.get("owner", path, 200)
	if rounds != 2 {
		t.Errorf("the checks were made %d times, want twice", rounds)
	}
}
