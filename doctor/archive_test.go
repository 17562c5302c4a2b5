package doctor

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// archived is a log whose days are in an archive of two servers with the same data.
func archived(t *testing.T) (Options, *Archive) {
	o := healthy(t)
	o.Server = Running
	o.ArchiveServers = [][]string{{"https://a.example:8443", "https://b.example:8443"}}
	a := &Archive{Days: 3, Entries: 1200, Servers: []ArchiveServer{{URL: "https://a.example:8443"}, {URL: "https://b.example:8443"}}}
	o.Log = func() (Log, error) {
		l := sound()
		l.ArchivedDays, l.ArchiveShards = 3, 1
		l.Archive = func() Archive { return *a }
		return l, nil
	}
	return o, a
}

func TestArchive(t *testing.T) {
	finds(t, healthy(t), "archive") // without an archive, there is nothing to check
	o, a := archived(t)
	if got := finds(t, o, "archive", "archive-answers"); got.Fact != "All servers of the archive answer: 2. Entries there: 1200, of 3 days" {
		t.Errorf("%+v", got)
	}
	a.Servers[0].Error = "connection refused"
	if got := finds(t, o, "archive", "archive-unreachable"); got.Level != Warning || !strings.Contains(got.Fact, "Archive server https://a.example:8443 cannot be used: connection refused") {
		t.Errorf("%+v", got)
	}
	a.Servers[1].Error = "time-out"
	if got := finds(t, o, "archive", "archive-shard-away", "archive-shard-away"); got.Level != Error {
		t.Errorf("%+v", got)
	}
	a.Tables = []ArchiveTable{{"acme", "there is no table"}}
	finds(t, o, "archive", "archive-shard-away", "archive-shard-away")
	a.Servers[0].Error, a.Servers[1].Error = "", ""
	if got := finds(t, o, "archive", "archive-table"); got.Advice != "Make the table, or correct it, with the statement that oplog archive schema acme prints." {
		t.Errorf("%+v", got)
	}
	a.Tables = nil
	a.Servers[1].Missing, a.Servers[1].Unknown = []string{"acme/1", "acme/2", "acme/3", "acme/4"}, []string{"acme/9 2"}
	if got := finds(t, o, "archive", "archive-missing", "archive-unknown"); got.Fact != "Archive server https://b.example:8443 lacks days that it had: acme/1, acme/2, acme/3, …" {
		t.Errorf("%+v", got)
	}
	a.Servers[1].Missing, a.Servers[1].Unknown = nil, nil
	a.Behind = []ArchiveBehind{{"acme", 2, ""}, {"big", 3, ""}, {"sick", 1, "quorum"}}
	if got := finds(t, o, "archive", "archive-behind", "archive-failing"); got.Fact != "Archiving of tenant big is 3 days behind" {
		t.Errorf("%+v", got)
	}
}

// TestArchiveSettings: settings that do not fit what is recorded, and a password that others can read.
func TestArchiveSettings(t *testing.T) {
	o, _ := archived(t)
	servers := o.ArchiveServers
	o.ArchiveServers = nil
	if got := finds(t, o, "archive", "archive-not-configured"); got.Level != Error || got.Params["days"] != 3 {
		t.Errorf("%+v", got)
	}
	o.ArchiveServers = [][]string{{"https://a.example:8443"}}
	finds(t, o, "archive", "archive-single", "archive-answers")
	log := o.Log
	o.Log = func() (Log, error) {
		l, err := log()
		l.ArchiveShards = 2
		return l, err
	}
	o.ArchiveServers = servers
	finds(t, o, "archive", "archive-shards")
	o.Log = log
	o.ArchivePasswordFile = filepath.Join(o.Dir, "password")
	finds(t, o, "archive", "archive-password-missing", "archive-answers")
	write(t, o.ArchivePasswordFile, "secret")
	chmod(t, o.ArchivePasswordFile, 0o600)
	finds(t, o, "archive", "archive-answers")
	chmod(t, o.ArchivePasswordFile, 0o640)
	if got := finds(t, o, "archive", "archive-password-open", "archive-answers"); got.Params["mode"] != "0640" {
		t.Errorf("%+v", got)
	}
}

// TestArchiveWithoutServer: where no server runs, it is tried to connect.
func TestArchiveWithoutServer(t *testing.T) {
	o, _ := archived(t)
	log := o.Log
	o.Log = func() (Log, error) {
		l, err := log()
		l.Archive = nil
		return l, err
	}
	there, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	defer there.Close()
	o.ArchiveServers = [][]string{{"http://" + there.Addr().String(), "http://" + gone.Addr().String()}}
	finds(t, o, "archive", "archive-reachable", "archive-unreachable")
}
