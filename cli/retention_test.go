package cli

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/node"
	"oplog/oplog"
)

// TestRetention: a server deletes expired entries when it starts, except those on hold; verify distinguishes that from tampering.
func TestRetention(t *testing.T) {
	data, s := newAcme(t)
	file := filepath.Join(t.TempDir(), "old.ndjson")
	var lines strings.Builder
	today := testNow().Truncate(24 * time.Hour)
	date := func(daysAgo int) string { return today.AddDate(0, 0, -daysAgo).Format(time.DateOnly) }
	for i, daysAgo := range []int{400, 300, 250, 100, 0} {
		fmt.Fprintf(&lines, `{"id":"e%d","time":"%sT00:00:01Z","user":{"id":"u","name":"Ada"},"module":"email","operation":"send"}`+"\n", i, date(daysAgo))
	}
	write(t, file, lines.String())
	s.mustRun(t, "import", "--tenant", "acme", file)
	s.mustFail(t, "180 days", "tenant", "set", "acme", "--retention-days", "90")
	s.mustRun(t, "tenant", "set", "acme", "--retention-days", "90", "--below-legal-minimum")
	s.mustFail(t, "180 days", "tenant", "set", "acme", "--retention-days", "60") // each change below the minimum must be confirmed
	hold := strings.TrimSpace(s.mustRun(t, "tenant", "hold", "add", "acme", "--from", date(310), "--to", date(290), "--reason", "case 7"))
	s.mustFail(t, "date", "tenant", "hold", "add", "acme", "--from", "May", "--reason", "x")
	s.mustPrint(t, ` `+date(311)+` 00:00 UTC = 08:00 Asia/Shanghai +`+date(289)+` 00:00 UTC = 08:00 Asia/Shanghai +stands`, "tenant", "hold", "list", "acme")
	s.mustFail(t, "oplog tenant list", "tenant", "hold", "add", "none", "--reason", "x")
	s.mustPrint(t, `(?m)^`+hold+` +`+date(310)+` +`+date(290)+` +command +.* stands +case 7$`, "tenant", "hold", "list", "acme")
	s.mustPrint(t, "tenant acme: intact, 5 entries", "verify")
	s.stdin = "correct horse"
	s.mustRun(t, "account", "add", "admin", "--role", "admin", "--tenant", "acme", "--password-stdin")

	if all := fmt.Sprint(entriesAfter(t, data, 1)); all != "[e4 e1]" {
		t.Errorf("%s are left", all)
	}
	shown := s.mustRun(t, "verify")
	if !regexp.MustCompile(`tenant acme: intact, 5 entries, .*\ntenant acme: 3 of these were deleted under the retention rule`).MatchString(shown) {
		t.Error(shown)
	}
	s.mustRun(t, "reindex")
	s.mustRun(t, "tenant", "hold", "lift", "acme", hold)
	s.mustFail(t, "already lifted", "tenant", "hold", "lift", "acme", hold)
	s.mustFail(t, "oplog tenant hold list", "tenant", "hold", "lift", "acme", "none")
	s.mustPrint(t, `lifted .* by command +case 7`, "tenant", "hold", "list", "acme")
	if all := fmt.Sprint(entriesAfter(t, data, 2)); all != "[e4]" {
		t.Errorf("%s are left", all)
	}
	s.mustPrint(t, "4 of these were deleted", "verify")

	// Expired entries are rejected individually by imports.
	if r := s.run(t, "import", "--tenant", "acme", file); !strings.Contains(r.stdout+r.stderr, "keeps entries for 90 days") {
		t.Errorf("%+v", r)
	}
	s.mustPrint(t, "tenant acme: intact, 5 entries", "verify")
	backup, restored := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
	s.mustRun(t, "backup", backup)
	setting{}.mustRun(t, "restore", backup, "--data", restored)
	setting{}.mustPrint(t, "4 of these were deleted", "verify", "--data", restored)
}

// entriesAfter serves acme until a number of deletions are finished, and returns the ids of the remaining entries.
func entriesAfter(t *testing.T, data string, deletions int) (all []string) {
	t.Helper()
	p := serve(t, "serve", "--data", data)
	defer p.stop()
	c, _ := signIn(t, p.url, "admin", "correct horse")
	for {
		var r oplog.Retention
		c.get(t, "/api/v1/tenants/acme/retention", &r)
		if len(r.Deletions) == deletions && !r.Deletions[0].FinishedAt.IsZero() {
			break
		}
	}
	var page struct{ Entries []struct{ ID string } }
	c.get(t, "/api/v1/tenants/acme/entries", &page)
	for _, e := range page.Entries {
		all = append(all, e.ID)
	}
	return all
}

// TestDaysInBoth: for chosen days of a rule or hold, the command prints their start and end in UTC and in the tenant's zone.
func TestDaysInBoth(t *testing.T) {
	_, s := newAcme(t)
	for zone, want := range map[string]string{
		"Asia/Shanghai":       "Held from 2026-03-07 00:00 UTC = 08:00 Asia/Shanghai until 2026-03-09 00:00 UTC = 08:00 Asia/Shanghai:",
		"America/Los_Angeles": "Held from 2026-03-08 00:00 UTC = 2026-03-07 16:00 America/Los_Angeles until 2026-03-10 00:00 UTC = 2026-03-09 17:00 America/Los_Angeles:",
		"UTC":                 "Held from 2026-03-08 00:00 UTC until 2026-03-09 00:00 UTC:",
	} {
		if r := s.run(t, "tenant", "set", "acme", "--time-zone", zone, "--retention-days", "365"); r.status != 0 || !strings.Contains(r.stderr, " 00:00 UTC") || !strings.Contains(r.stderr, zone) {
			t.Errorf("%+v", r)
		}
		r := s.run(t, "tenant", "hold", "add", "acme", "--from", "2026-03-08", "--to", "2026-03-08", "--reason", "x")
		if !strings.Contains(r.stderr, want) || len(strings.Fields(r.stdout)) != 1 {
			t.Errorf("%+v, want %q", r, want)
		}
	}
	if r := s.run(t, "tenant", "hold", "add", "acme", "--reason", "x"); !strings.Contains(r.stderr, "Held from the first entry on until it is lifted") {
		t.Errorf("%+v", r)
	}
	s.mustPrint(t, ` 2026-03-08 00:00 UTC = 2026-03-07 16:00 America/Los_Angeles `, "tenant", "hold", "list", "acme")
}

// TestAgreeToTheInstallationsDeletion: the command finds what waits of the installation's access log while no server runs, by the setting in the
// server's configuration file, names it, and tells its trail of the agreement, not the tenant's.
func TestAgreeToTheInstallationsDeletion(t *testing.T) {
	data, s := newAcme(t)
	s.stdin = "correct horse"
	s.mustRun(t, "account", "add", "olga", "--role", "owner", "--password-stdin")
	agree := func() result {
		m, stdout, stderr := s.main()
		m.Now = func() time.Time { return testNow().AddDate(10, 0, 0) }
		return result{m.Run(t.Context(), []string{"tenant", "agree-to-deletion", "acme", "clock"}), stdout.String(), stderr.String()}
	}
	if r := agree(); r.status != exitFailed || !strings.Contains(r.stderr, "No deletion waits") {
		t.Errorf("without the setting: %+v", r)
	}
	write(t, filepath.Join(data, "oplog.toml"), "access_log_days = 300\n")
	if r := agree(); r.status == exitDone || !strings.Contains(r.stderr, "365") {
		t.Errorf("with a wrong setting: %+v", r)
	}
	write(t, filepath.Join(data, "oplog.toml"), "access_log_days = 400\n")
	if r := agree(); r.status != exitDone || !regexp.MustCompile(`\d entries of 1 days of the installation's access log would be`).MatchString(r.stdout) {
		t.Errorf("%+v", r)
	}
	m, _, _ := s.main()
	err := m.withLog(data, func(l *node.Node) error {
		for trail, want := range map[string]bool{"": true, "acme": false} {
			page, err := l.Trail.Page(t.Context(), trail, oplog.Query{}, oplog.MaxPageSize, "")
			told := slices.ContainsFunc(page.Entries, func(e oplog.Entry) bool { return e.Operation == "agree" })
			if err != nil || told != want {
				t.Errorf("the trail of %q tells of the agreement: %v, %v", trail, told, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
