package doctor

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Archive is what a server knows of the servers that keep archived days.
type Archive struct {
	Days    int    // in the archive
	Entries uint64 // of these days
	Servers []ArchiveServer
	Tables  []ArchiveTable  // that are not as they should be
	Behind  []ArchiveBehind // tenants
}

// ArchiveServer is a server of the archive.
type ArchiveServer struct {
	URL              string // without secrets
	Shard            int    // its number, from 0
	Error            string // why it cannot be used; "" if it can
	Missing, Unknown []string
}

// ArchiveTable is why the servers cannot keep a tenant's days.
type ArchiveTable struct{ Tenant, Error string }

// ArchiveBehind is a tenant whose days are not in the archive as early as they should be.
type ArchiveBehind struct {
	Tenant string
	Days   int
	Error  string // of the last attempt; "" if that did not fail
}

// archiveBehind is by how many days archiving may be behind: a day is shipped after it has ended.
const archiveBehind = 2

// archive checks the servers that keep archived days, if there are any or should be.
func (r *round) archive() (found []Finding) {
	l, err := r.log()
	if len(r.ArchiveServers) == 0 {
		if err == nil && l.ArchivedDays > 0 {
			return []Finding{finding("archive-not-configured", "days", l.ArchivedDays)}
		}
		return nil
	}
	if f := r.archivePassword(); f != nil {
		found = append(found, *f)
	}
	if err == nil && l.ArchiveShards > len(r.ArchiveServers) {
		return append(found, finding("archive-shards", "shards", l.ArchiveShards, "configured", len(r.ArchiveServers)))
	}
	for _, servers := range r.ArchiveServers {
		if len(servers) == 1 {
			found = append(found, finding("archive-single", "url", servers[0]))
		}
	}
	if err != nil || l.Archive == nil {
		return append(found, r.reachingArchive()...)
	}
	a := l.Archive()
	bad := a.findings()
	if len(bad) == 0 {
		bad = []Finding{finding("archive-answers", "servers", len(a.Servers), "days", a.Days, "entries", a.Entries)}
	}
	return append(found, bad...)
}

// archivePassword checks that nobody else can read the password.
func (r *round) archivePassword() *Finding {
	path := r.ArchivePasswordFile
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	var f Finding
	switch {
	case err != nil:
		f = finding("archive-password-missing", "path", path, "error", cause(err))
	case !readable(path):
		f = finding("archive-password-unreadable", "path", path, "user", CurrentUser())
	case info.Mode().Perm()&ownAccess != 0 && runtime.GOOS != "windows":
		f = finding("archive-password-open", "path", path, "mode", octal(info.Mode()))
	default:
		return nil
	}
	return &f
}

// reachingArchive tries to connect to the servers, and sends nothing.
func (r *round) reachingArchive() []Finding {
	var found []Finding
	for _, servers := range r.ArchiveServers {
		for _, url := range servers {
			found = append(found, finding("archive-reachable", "url", url))
		}
	}
	var asked sync.WaitGroup
	for i := range found {
		url := found[i].Params["url"].(string)
		asked.Go(func() {
			if err := dial(url); err != nil {
				found[i] = finding("archive-unreachable", "url", url, "error", networkCause(err))
			}
		})
	}
	asked.Wait()
	return found
}

// findings tells what is wrong with the archive.
func (a *Archive) findings() (found []Finding) {
	usable := map[int]bool{} // shards
	for i := range a.Servers {
		usable[a.Servers[i].Shard] = usable[a.Servers[i].Shard] || a.Servers[i].Error == ""
	}
	for i := range a.Servers {
		s := &a.Servers[i]
		switch {
		case s.Error != "" && !usable[s.Shard]:
			found = append(found, finding("archive-shard-away", "url", s.URL, "error", s.Error))
		case s.Error != "":
			found = append(found, finding("archive-unreachable", "url", s.URL, "error", s.Error))
		}
		if len(s.Missing) > 0 {
			found = append(found, finding("archive-missing", "url", s.URL, "days", firstOf(s.Missing)))
		}
		if len(s.Unknown) > 0 {
			found = append(found, finding("archive-unknown", "url", s.URL, "days", firstOf(s.Unknown)))
		}
	}
	if len(found) == 0 { // of servers that are away, nobody knows the tables
		for _, t := range a.Tables {
			found = append(found, finding("archive-table", "tenant", t.Tenant, "error", t.Error))
		}
	}
	for _, t := range a.Behind {
		switch {
		case t.Error != "":
			found = append(found, finding("archive-failing", "tenant", t.Tenant, "error", t.Error))
		case t.Days > archiveBehind:
			found = append(found, finding("archive-behind", "tenant", t.Tenant, "left", time.Duration(t.Days)*24*time.Hour))
		}
	}
	return found
}

// maxNamed is how many days a finding names.
const maxNamed = 3

// firstOf returns the first of several names in one text.
func firstOf(names []string) string {
	if len(names) > maxNamed {
		return strings.Join(names[:maxNamed], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

var ofTheArchive = map[string]kind{
	"archive-answers":             {OK, "All servers of the archive answer: {servers}. Entries there: {entries}, of {days} days", ""},
	"archive-reachable":           {OK, "Archive server {url} can be reached", ""},
	"archive-not-configured":      {Error, "Days in the archive: {days}; no server of it is configured, so their entries cannot be read", "Specify the servers with --archive, as they were before."},
	"archive-shards":              {Error, "Days are on {shards} shards of the archive, and only {configured} are configured", "Specify all shards with --archive, in the same order as before."},
	"archive-password-missing":    {Error, "The password of the archive cannot be read from {path}: {error}", "Specify the file with --archive-password-file."},
	"archive-password-unreadable": {Error, "{user} may not read {path}, the password of the archive", "Make {user} its owner: chown {user} {path}."},
	"archive-password-open":       {Error, "Others can read {path}, the password of the archive (mode {mode})", "Run chmod go= {path}, and change the password if others may have read it."},
	"archive-single":              {Warning, "Archive server {url} keeps the only copy of its days: what it loses is lost", "Add a server with the same data, joined by a comma in --archive."},
	"archive-unreachable":         {Warning, "Archive server {url} cannot be used: {error}", "Start it, or repair the network. Recording is not affected; days are read from a server with the same data, if there is one, and none are shipped."},
	"archive-shard-away":          {Error, "Archive server {url} cannot be used, and no other server has its days: {error}", "Start it, or repair the network. Until then these days cannot be read; recording is not affected."},
	"archive-missing":             {Error, "Archive server {url} lacks days that it had: {days}", "Have ClickHouse copy them from another server, or restore them there. oplog archive status names all of them."},
	"archive-unknown":             {Warning, "Archive server {url} has rows that this log knows nothing of: {days}", "Another log may use the same database: give each its own. Rows of a backup that was put back can be dropped there."},
	"archive-table":               {Error, "The archive cannot be used for tenant {tenant}: {error}", "Make the table, or correct it, with the statement that oplog archive schema {tenant} prints."},
	"archive-failing":             {Error, "Days of tenant {tenant} cannot be archived: {error}", "Do what this says. It is tried again by itself; until then they stay here, and take space."},
	"archive-behind":              {Warning, "Archiving of tenant {tenant} is {left:duration} behind", "Wait, if it was just switched on. Otherwise look at the log of the service, and at how busy the servers of the archive are."},
}
