package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

// archivedDays and archivedEntries are of the logs of newArchived.
const archivedDays, archivedEntries = 3, 20

// newArchived returns a log with three days that are due, each of 20 entries, one that is not, and an archive in memory.
func newArchived(t *testing.T) (data string, s setting, shelf *shelf, dates []string) {
	t.Helper()
	shelf = newShelf()
	data, s = newAcme(t)
	s.engines = []archive.Engine{shelf}
	var lines strings.Builder
	for day := range archivedDays {
		at := testNow().UTC().Truncate(24*time.Hour).AddDate(0, 0, day-60).Add(time.Hour)
		dates = append(dates, oplog.DateOf(at))
		for i := range archivedEntries {
			fmt.Fprintf(&lines, `{"id":"%d-%d","time":"%s","user":{"id":"u","name":"王芳"},"module":"sms","operation":"send"}`+"\n", day, i, at.Add(time.Duration(i)*time.Minute).Format(time.RFC3339))
		}
	}
	fmt.Fprintf(&lines, `{"id":"new","time":"%s","user":{"id":"u","name":"王芳"},"module":"sms","operation":"send"}`+"\n", testNow().AddDate(0, 0, -2).Format(time.RFC3339))
	file := filepath.Join(t.TempDir(), "old.ndjson")
	write(t, file, lines.String())
	s.mustRun(t, "import", "--tenant", "acme", "--strict", file)
	s.mustRun(t, "tenant", "set", "acme", "--archive-after", "30")
	return data, s, shelf, dates
}

// archiveStateOf returns what archive status --json says of the tenant and of the servers.
func archiveStateOf(t *testing.T, s setting) (of archiveTenantBody, servers []archiveServersBody) {
	t.Helper()
	var state archiveStateBody
	if err := json.Unmarshal([]byte(s.mustRun(t, "archive", "status", "--json")), &state); err != nil || len(state.Tenants) != 1 {
		t.Fatalf("%+v, %v", state, err)
	}
	return state.Tenants[0], state.Servers
}

func TestArchiveCommands(t *testing.T) {
	data, s, shelf, dates := newArchived(t)
	s.mustPrint(t, `(?m)^-- The archived days of tenant acme\.\nCREATE TABLE IF NOT EXISTS oplog_61636d65 \(`, "archive", "schema")
	s.mustFail(t, "https://one:8443, https://two:8443 have the same data, which needs a table that is replicated; add --replicated", "archive", "schema", "--apply")
	s.mustPrint(t, `^$`, "archive", "schema", "--apply", "--replicated")
	if !slices.Equal(shelf.tables, []string{"acme"}) {
		t.Errorf("tables were made for %q", shelf.tables)
	}
	if of, servers := archiveStateOf(t, s); of.DueDays != archivedDays || of.Days != 0 || of.ArchiveAfter != 30 || len(servers) != 2 || !servers[0].Reachable {
		t.Errorf("before: %+v, %+v", of, servers)
	}
	s.mustPrint(t, `(?m)^The archive has no days yet\.$`, "archive", "verify")

	s.mustPrint(t, fmt.Sprintf(`(?s)^tenant acme: day %s is in the archive, 20 entries\n.*day %s is in the archive, 20 entries\ntenant acme: 3 days shipped, 60 entries; nothing else is due\n$`, dates[0], dates[2]),
		"archive", "ship", "--tenant", "acme")
	s.mustPrint(t, `^tenant acme: 0 days shipped, 0 entries; nothing else is due\n$`, "archive", "ship")
	of, servers := archiveStateOf(t, s)
	if of.DueDays != 0 || of.Days != archivedDays || of.Entries != 60 || of.RemovedDays != 0 || of.First != dates[0] || of.Last != dates[2] || of.VerifiedAt.IsZero() || servers[1].Entries != 60 || len(servers[1].Missing) > 0 {
		t.Errorf("after: %+v, %+v", of, servers)
	}
	s.mustPrint(t, `(?s)TENANT +ARCHIVED AFTER +DAYS.*\nacme +30 days +3 +`+dates[0]+` +`+dates[2]+` +60 +0 in 0 days +0 +0 days.*\n1 +https://one:8443 +answers +60 +0\n1 +https://two:8443 +answers +60 +0\n$`, "archive", "status")

	whole := fmt.Sprintf(`archive of tenant acme: intact, 3 days from %s to %s, 60 entries: `, dates[0], dates[2])
	s.mustPrint(t, `^`+whole+`every entry is the one that was recorded\n$`, "archive", "verify")
	s.mustPrint(t, `^`+whole+`the sums of all servers match\n$`, "archive", "verify", "--sums", "--tenant", "acme")
	s.mustPrint(t, `(?s)tenant acme: intact, 61 entries.*\n`+whole+`every entry`, "verify", "--archive")
	s.mustPrint(t, `(?s)tenant acme: intact, 61 entries.*\n`+whole+`the sums`, "verify", "--archive=sums", "--tenant", "acme")
	if out := s.mustRun(t, "verify", "--data", data); strings.Contains(out, "archive of") {
		t.Errorf("without --archive: %s", out)
	}

	seq := shelf.modify(0)
	for _, args := range [][]string{{"archive", "verify"}, {"verify", "--archive"}} {
		r := s.run(t, args...)
		if r.status != exitFailed || !strings.Contains(r.stderr, "NOT INTACT: archived day") || !strings.Contains(r.stdout, fmt.Sprintf("entry %d on https://one:8443: it was modified", seq)) {
			t.Errorf("%q of a modified entry: %+v", args, r)
		}
	}
	fails := func(want string, args ...string) {
		t.Helper()
		if r := s.run(t, args...); r.status != exitFailed || !strings.Contains(r.stderr, want) {
			t.Errorf("%q: %+v", args, r)
		}
	}
	fails("on https://one:8443: it has 20 entries, as it should, but their sum differs", "archive", "verify", "--sums")
	shelf.away = true
	fails("NOT KNOWN TO BE INTACT", "archive", "verify", "--sums")
	if _, servers := archiveStateOf(t, s); servers[0].Reachable || servers[0].Error == "" {
		t.Errorf("of a server that does not answer: %+v", servers)
	}
}

// TestArchiveWithoutTenants: before a tenant is archived, the status says how that begins.
func TestArchiveWithoutTenants(t *testing.T) {
	_, s := newAcme(t)
	s.engines = []archive.Engine{newShelf()}
	s.mustPrint(t, `(?s)^No tenant's days are archived; say .* oplog tenant set ID --archive-after DAYS\.\n.*https://one:8443 +answers`, "archive", "status")
}

// TestShippingIsTold: of a day that takes long it is told how much was sent.
func TestShippingIsTold(t *testing.T) {
	defer func(before time.Duration) { sendingEvery = before }(sendingEvery)
	sendingEvery = time.Millisecond
	_, s, shelf, dates := newArchived(t)
	s.mustRun(t, "archive", "schema", "--replicated", "--apply")
	shelf.sent = func() { time.Sleep(200 * time.Millisecond) }
	r := s.run(t, "archive", "ship")
	for _, date := range dates {
		if line := fmt.Sprintf("tenant acme: day %s: 20 entries sent\n", date); r.status != 0 || strings.Count(r.stderr, line) != 1 {
			t.Errorf("%+v; want %q once", r, line)
		}
	}
}

func TestArchiveCommandsBesideAServer(t *testing.T) {
	data, s, shelf, dates := newArchived(t)
	s.mustRun(t, "archive", "schema", "--apply", "--replicated")
	s.mustRun(t, "archive", "ship")
	p := s.serve(t, "serve", "--data", data)
	s.engines = nil // the server's are used
	s.mustRun(t, "tenant", "add", "other", "--name", "Other")
	s.mustRun(t, "tenant", "set", "other", "--archive-after", "90")
	s.mustPrint(t, `(?s)oplog_61636d65 .*oplog_6f74686572 `, "archive", "schema")
	s.mustRun(t, "archive", "schema", "--apply", "--replicated")
	if want := []string{"acme", "acme", "other"}; !slices.Equal(shelf.tables, want) {
		t.Errorf("tables were made for %q, want %q", shelf.tables, want)
	}
	s.mustPrint(t, `(?m)^acme +30 days +3 `, "archive", "status")
	s.mustPrint(t, `^tenant acme: 0 days shipped.*\ntenant other: 0 days shipped`, "archive", "ship")
	s.mustPrint(t, `intact, 3 days from `+dates[0], "archive", "verify")
	s.mustPrint(t, `(?s)tenant acme: intact.*archive of tenant acme: intact, .*the sums`, "verify", "--archive=sums")
	seq := shelf.modify(0)
	if r := s.run(t, "verify", "--archive"); r.status != exitFailed || !strings.Contains(r.stdout, fmt.Sprintf("entry %d on https://one:8443", seq)) {
		t.Errorf("of a modified entry: %+v", r)
	}
	p.stop()

	p = serve(t, "serve", "--data", data)
	defer p.stop()
	for _, args := range [][]string{{"archive", "ship"}, {"archive", "verify"}, {"archive", "schema", "--apply"}} {
		s.mustFail(t, "this server runs without an archive; start it with --archive", args...)
	}
	s.mustPrint(t, `No archive is configured: archived days cannot be read`, "archive", "status")
}

// TestArchiveIsRefusedInWords: what is missing or wrong is named.
func TestArchiveIsRefusedInWords(t *testing.T) {
	_, s, _, _ := newArchived(t)
	s.engines = nil
	for _, args := range [][]string{{"archive", "ship"}, {"archive", "verify"}, {"archive", "schema", "--apply"}, {"verify", "--archive"}} {
		s.mustFail(t, "no archive is configured; specify its servers", args...)
	}
	s.mustFail(t, "There is no tenant none; see oplog tenant list", "archive", "ship", "--tenant", "none")
	s.mustFail(t, "There is no tenant none; see oplog tenant list", "archive", "verify", "--tenant", "none")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--archive=everything is not known", []string{"verify", "--archive=everything"}},
		{"--old is for what is printed", []string{"archive", "schema", "--old", "--apply"}},
		{"--tenant a/b may contain only", []string{"archive", "schema", "--tenant", "a/b"}},
		{"is not the URL of a ClickHouse server", []string{"archive", "status", "--archive", "clickhouse:8123"}},
		{"--archive-user", []string{"archive", "ship", "--archive", "http://127.0.0.1:1", "--archive-password-file", "none"}},
	} {
		if r := s.run(t, c.args...); r.status != exitUsage || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%q: %+v", c.args, r)
		}
	}
	s.mustPrint(t, `(?s)archive schema .*archive status .*archive ship .*archive verify `, "archive", "--help")
	s.engines = []archive.Engine{newShelf()}
	s.mustRun(t, "tenant", "add", "quiet", "--name", "Quiet")
	s.mustFail(t, "the days of tenant quiet stay in the log; change that with oplog tenant set quiet --archive-after DAYS", "archive", "ship", "--tenant", "quiet")
	s.mustRun(t, "tenant", "set", "acme", "--archive-after", "0")
	s.mustFail(t, "no tenant is archived yet; name one with --tenant", "archive", "schema")
}

// TestClickHouseRefusals: what a ClickHouse server says reaches the person, whatever the command. The servers are those of the configuration file.
func TestClickHouseRefusals(t *testing.T) {
	data, s, _, _ := newArchived(t)
	s.engines, s.env = nil, nil
	answer := func(w http.ResponseWriter, statement string) {}
	clickHouse := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "oplog" || password != "secret" {
			w.Header().Set("X-ClickHouse-Exception-Code", "516")
			http.Error(w, "Code: 516. DB::Exception: oplog: Authentication failed: password is incorrect", http.StatusUnauthorized)
			return
		}
		statement := r.URL.Query().Get("query")
		if body := make([]byte, 1<<16); statement == "" {
			n, _ := r.Body.Read(body)
			statement = string(body[:n])
		}
		answer(w, statement)
	}))
	defer clickHouse.Close()
	password := filepath.Join(data, "archive.password")
	configure := func(secret string) {
		t.Helper()
		write(t, filepath.Join(data, "oplog.toml"), fmt.Sprintf("[archive]\nservers = [%q]\nuser = \"oplog\"\npassword_file = \"archive.password\"\n", clickHouse.URL))
		write(t, password, secret+"\n")
	}
	configure("wrong")
	for _, args := range [][]string{{"archive", "ship"}, {"archive", "schema", "--apply"}} {
		s.mustFail(t, "Authentication failed: password is incorrect", append(args, "--data", data)...)
	}
	s.mustPrint(t, `(?s)cannot be used.*Authentication failed`, "archive", "status", "--data", data)

	configure("secret")
	answer = func(w http.ResponseWriter, statement string) {
		switch {
		case strings.Contains(statement, "version()"):
			fmt.Fprintln(w, "26.7.2.1")
		case strings.Contains(statement, "INSERT"):
			http.Error(w, "Code: 60. DB::Exception: Table oplog.oplog_61636d65 does not exist", http.StatusNotFound)
		}
	}
	s.mustFail(t, "Table oplog.oplog_61636d65 does not exist (oplog archive schema prints", "archive", "ship", "--data", data)
	s.mustFail(t, "has no table oplog_61636d65: make it with the statement that `oplog archive schema --tenant acme` prints", "archive", "schema", "--apply", "--data", data)
	if err := os.Chmod(password, 0o644); err != nil {
		t.Fatal(err)
	}
	s.mustFail(t, "can be read or changed by others", "archive", "status", "--data", data)
}
