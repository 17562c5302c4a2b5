package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"oplog/archive"
	"oplog/archive/clickhouse"
	"oplog/durable"
	"oplog/node"
	"oplog/oplog"
)

// archiveSettings are the settings of the database that keeps old days. Commands that embed them take them from the configuration file.
type archiveSettings struct {
	Servers      []string      `name:"archive" section:"archive" key:"servers" sep:"\u0020" placeholder:"URL" help:"ClickHouse server that keeps the archived days of tenants (oplog tenant set --archive-after), such as https://clickhouse-1:8443; URLs of servers with the same data are joined by commas. May be repeated, once for each shard."`
	User         string        `name:"archive-user" section:"archive" placeholder:"USER" help:"User of these servers."`
	PasswordFile string        `name:"archive-password-file" section:"archive" placeholder:"FILE" help:"File with the password of that user, which others must not be able to read."`
	CA           string        `name:"archive-ca" section:"archive" placeholder:"FILE" help:"File with the CA of the servers' certificates; by default, the CAs that this machine trusts."`
	Grace        time.Duration `name:"archive-grace" section:"archive" default:"168h" placeholder:"DURATION" help:"How long a day stays in the log after the archive has it (${default}, a week). Then it is compared again, and removed from the log."`
}

// check checks the settings before anything is opened.
func (a *archiveSettings) checkArchive() error {
	switch {
	case a.Grace < 0:
		return fmt.Errorf("--archive-grace %s is negative; specify a duration such as 168h, or 0 for none", a.Grace)
	case len(a.Servers) == 0 && (a.User != "" || a.PasswordFile != "" || a.CA != ""):
		return errors.New("--archive-user, --archive-password-file and --archive-ca are for the servers of an archive; specify these with --archive")
	case a.PasswordFile != "" && a.User == "":
		return errors.New("--archive-password-file needs the user whose password it is; specify it with --archive-user")
	}
	known := map[string]bool{}
	for _, one := range slices.Concat(a.shards()...) {
		if known[one] {
			return fmt.Errorf("--archive names %s twice; each server belongs to one shard", one)
		}
		known[one] = true
	}
	for _, servers := range a.shards() { // nothing is read, nobody is asked
		if _, err := clickhouse.Open(clickhouse.Options{Servers: servers}); err != nil {
			return fmt.Errorf("--archive %s: %w", strings.Join(servers, ","), err)
		}
	}
	return nil
}

// shards returns the URLs of the servers of each shard.
func (a *archiveSettings) shards() (shards [][]string) {
	for _, joined := range a.Servers {
		var servers []string
		for one := range strings.SplitSeq(joined, ",") {
			servers = append(servers, strings.TrimSuffix(strings.TrimSpace(one), "/"))
		}
		shards = append(shards, servers)
	}
	return shards
}

// open returns the engines of the archive, none without servers. It asks no server.
func (a *archiveSettings) open() ([]archive.Engine, error) {
	if len(a.Servers) == 0 {
		return nil, nil
	}
	o := clickhouse.Options{User: a.User}
	if a.PasswordFile != "" {
		text, err := durable.ReadSecret(a.PasswordFile)
		if errors.Is(err, fs.ErrPermission) {
			err = fmt.Errorf("%w; the file must belong to the user that the log runs as", err)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the password of the archive: %w", err)
		}
		if o.Password = strings.TrimRight(string(text), "\r\n"); o.Password == "" || strings.ContainsAny(o.Password, "\r\n") {
			return nil, fmt.Errorf("--archive-password-file %s does not contain one password on one line", a.PasswordFile)
		}
	}
	if a.CA != "" {
		text, err := os.ReadFile(a.CA)
		if err != nil {
			return nil, fmt.Errorf("cannot read the CA of --archive-ca: %w", err)
		}
		if o.CA = x509.NewCertPool(); !o.CA.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--archive-ca %s contains no certificate in PEM", a.CA)
		}
	}
	var engines []archive.Engine
	for _, o.Servers = range a.shards() {
		shard, err := clickhouse.Open(o)
		if err != nil {
			return nil, fmt.Errorf("--archive: %w", err)
		}
		engines = append(engines, shard)
	}
	return engines, nil
}

// archiveStart is how long the servers of the archive may take to answer when the log starts.
const archiveStart = 5 * time.Second

// checkArchive returns an error if recorded days are on a shard that is not configured, and says what may keep days from being archived. The log runs
// without the archive.
func (m *Program) checkArchive(ctx context.Context, l *node.Node, a *archiveSettings) error {
	tenants, err := l.TenantStates()
	if err != nil {
		m.say(slog.LevelWarn, fmt.Sprintf("Not all tenants can be archived at the moment: %s\n", oneLine(err)))
	}
	if err := l.Archive.CheckShards(tenants); err != nil {
		return fmt.Errorf("--archive: %w", err)
	}
	for _, servers := range a.shards() {
		if len(servers) == 1 {
			m.say(slog.LevelWarn, fmt.Sprintf("The archive keeps a single copy of what is on %s: what that server loses is lost. Several servers with the same data are joined by commas in --archive.\n", servers[0]))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, archiveStart)
	defer cancel()
	isArchived := func(t *oplog.TenantState) bool { return t.ArchiveAfter > 0 || len(l.Archive.Days(t.ID)) > 0 }
	for i := range tenants {
		if t := &tenants[i]; isArchived(t) {
			if err := l.Archive.Check(ctx, t.ID); err != nil {
				m.say(slog.LevelWarn, fmt.Sprintf("The archive cannot be used for tenant %s at the moment: %s\n", t.ID, oneLine(err)))
				break // of others there is no more to say
			}
		}
	}
	return nil
}

// oneLine returns the text of an error in one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
