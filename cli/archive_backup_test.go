package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

// newRemoved returns a log of newArchived whose archived days are in the archive alone, with an owner, and its server.
func newRemoved(t *testing.T, flags ...string) (s setting, shelf *shelf, dates []string, p served) {
	t.Helper()
	var data string
	data, s, shelf, dates = newArchived(t)
	s.stdin = "correct horse\n"
	s.mustRun(t, "account", "add", "root", "--role", "owner", "--password-stdin")
	s.mustRun(t, "archive", "schema", "--apply", "--replicated")
	s.mustRun(t, "archive", "ship")
	p = s.serve(t, append([]string{"serve", "--data", data, "--archive-grace", "0s"}, flags...)...)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		of, _ := archiveStateOf(t, s)
		if of.RemovedDays == archivedDays {
			return s, shelf, dates, p
		}
		if time.Now().After(deadline) {
			t.Fatalf("the days are not removed: %+v", of)
		}
	}
}

// TestBackupsNameTheArchive: a backup says what it relies on, beside a server, of a stopped log, and over the API; restore says so, too, and looks.
func TestBackupsNameTheArchive(t *testing.T) {
	s, shelf, dates, p := newRemoved(t)
	dir := t.TempDir()
	relies := fmt.Sprintf("relies on 3 archived days (from %s to %s, 60 entries) in the archive", dates[0], dates[2])
	backUp := func(name string, args ...string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		r := s.run(t, append([]string{"backup", file}, args...)...)
		if r.status != exitDone || !strings.Contains(r.stderr, "The backup "+relies+": their entries are there alone, so back up that database, too.") {
			t.Errorf("%s: %+v", name, r)
		}
		return file
	}
	backUp("beside")
	key := filepath.Join(dir, "key")
	write(t, key, s.mustRun(t, "key", "add", "--tenant", "acme", "--scope", "backup", "--name", "nightly"))
	backUp("api", "--server", p.url, "--key-file", key)
	p.stop()
	file := backUp("stopped")

	restore := func(name string, engines ...archive.Engine) result {
		t.Helper()
		return setting{engines: engines}.run(t, "restore", file, "--data", filepath.Join(dir, name))
	}
	if r := restore("alone"); r.status != exitDone || !strings.Contains(r.stderr, "The log "+relies) || !strings.Contains(r.stderr, "oplog archive verify --sums --data "+filepath.Join(dir, "alone")) {
		t.Errorf("without the archive: %+v", r)
	}
	if r := restore("checked", shelf); r.status != exitDone || !strings.Contains(r.stderr, "The log "+relies) || !strings.Contains(r.stdout, "intact, 3 days") || strings.Contains(r.stderr, "To check") {
		t.Errorf("with the archive: %+v", r)
	}
	s.mustRun(t, "verify", "--archive", "--data", filepath.Join(dir, "checked"))
	shelf.modify(1)
	if r := restore("differs", shelf); r.status != exitFailed || !strings.Contains(r.stderr, "the archive does not have all that it relies on") || !strings.Contains(r.stdout, "https://two:8443") {
		t.Errorf("of an archive that differs: %+v", r)
	}
	setting{}.mustRun(t, "verify", "--data", filepath.Join(dir, "differs")) // it was restored nevertheless
}

// TestScheduledBackupsProveArchivedDays: a backup is restored and verified although days are in the archive alone, and says which.
func TestScheduledBackupsProveArchivedDays(t *testing.T) {
	_, _, dates, p := newRemoved(t, "--backup-dir", t.TempDir())
	owner, status := signIn(t, p.url, "root", "correct horse")
	if status != http.StatusOK {
		t.Fatalf("signing in: %d", status)
	}
	r, err := http.NewRequest(http.MethodPost, p.url+"/api/v1/system/backups", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := owner.Do(r)
	if err != nil || answer.StatusCode != http.StatusAccepted {
		t.Fatalf("%+v, %v", answer, err)
	}
	_ = answer.Body.Close()
	if made := awaitBackup(t, owner); made.Failure != nil || made.LastProved == nil {
		t.Fatalf("%+v, %+v", made.LastProved, made.Failure)
	}
	var state struct {
		Files []struct {
			ReliesOn oplog.Reliance `json:"relies_on"`
		}
	}
	if err := json.Unmarshal([]byte(owner.text(t, "/api/v1/system/backups")), &state); err != nil || len(state.Files) != 1 {
		t.Fatalf("%+v, %v", state, err)
	}
	if want := (oplog.Reliance{Days: 3, Entries: 60, First: dates[0], Last: dates[2]}); state.Files[0].ReliesOn != want {
		t.Errorf("it relies on %+v, not %+v", state.Files[0].ReliesOn, want)
	}
}

// TestRestoreOfABackupBeforeShipping: the days that were shipped after it are in it. They are shipped again under other numbers, and the earlier
// shipments, which the restored log does not know, are left alone.
func TestRestoreOfABackupBeforeShipping(t *testing.T) {
	data, s, shelf, dates := newArchived(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "early")
	if r := s.run(t, "backup", file); r.status != exitDone || strings.Contains(r.stderr, "relies on") {
		t.Errorf("before anything is archived: %+v", r)
	}
	s.mustRun(t, "archive", "schema", "--apply", "--replicated")
	s.mustRun(t, "archive", "ship")
	restored := filepath.Join(dir, "restored")
	if r := s.run(t, "restore", file, "--data", restored); r.status != exitDone || strings.Contains(r.stderr, "relies on") {
		t.Errorf("restored: %+v", r)
	}
	copyFile(t, filepath.Join(data, "signing.key"), filepath.Join(restored, "signing.key"))
	s.env = map[string]string{"OPLOG_DATA": restored}
	if out := s.mustRun(t, "verify"); !strings.Contains(out, "tenant acme: intact, 61 entries") {
		t.Errorf("the days are not in it: %s", out)
	}
	if of, servers := archiveStateOf(t, s); of.DueDays != archivedDays || len(servers[0].Unknown) != archivedDays {
		t.Errorf("before shipping: %+v, %+v", of, servers)
	}
	s.mustPrint(t, `3 days shipped, 60 entries`, "archive", "ship")
	of, servers := archiveStateOf(t, s)
	if of.Days != archivedDays || servers[0].Entries != 60 || len(servers[0].Missing) > 0 || len(servers[0].Unknown) != archivedDays || servers[0].Unknown[0] != "acme/"+dates[0]+" attempt 1" {
		t.Errorf("after shipping: %+v, %+v", of, servers)
	}
	for _, date := range dates {
		for attempt := range uint32(2) {
			if rows := shelf.rows[0][archive.Shipment{Tenant: "acme", DayAttempt: archive.DayAttempt{Date: date, Attempt: attempt + 1}}]; len(rows) != archivedEntries {
				t.Errorf("attempt %d of %s has %d rows", attempt+1, date, len(rows))
			}
		}
	}
	s.mustRun(t, "archive", "verify")
}
