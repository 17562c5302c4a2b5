package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime/debug"
	"time"

	"oplog/demo"
	"oplog/identity"
	"oplog/node"
	"oplog/oplog"
	"oplog/server"
	"oplog/storage"
)

type demoCommand struct {
	serveFlags
	Entries int    `default:"100000" placeholder:"N" help:"Number of entries (${default})."`
	Seed    uint64 `default:"1" placeholder:"S" help:"Seed for the generated data; the same seed generates the same entries (${default})."`
}

// maxDemoEntries keeps a typing error from filling the disk.
const maxDemoEntries = 20_000_000

// Validate checks the flags before anything is opened.
func (c *demoCommand) Validate() error {
	if c.Entries < 0 || c.Entries > maxDemoEntries {
		return fmt.Errorf("--entries %d is not between 0 and %d", c.Entries, maxDemoEntries)
	}
	if c.Insecure {
		return errors.New("the demo does not allow --insecure: its passwords are public")
	}
	return c.serveFlags.Validate()
}

// demoPassword is the password of all demo accounts. It is public: by default the demo only listens on this machine, and it holds no real
// data.
const demoPassword = "demo-password"

// login is a demo account.
type login struct {
	username           string
	role               identity.Role
	organization, sees string
}

var logins = []login{
	{"owner", identity.RoleOwner, "", "every tenant"},
	{"admin", identity.RoleAdmin, "", "the whole company"},
	{"east", identity.RoleAdmin, "east", "华东大区 East China and below"},
	{"auditor", identity.RoleAuditor, "", "the whole company, read-only"},
	{"member", identity.RoleMember, "", "nothing"},
}

// Run fills a data directory with the demo and serves it.
func (c *demoCommand) Run(ctx context.Context, m *Program) (err error) {
	if err := c.Logging.apartFrom(c.Data); err != nil {
		return err
	}
	endLog, err := m.beginLog(c.Logging)
	if err != nil {
		return err
	}
	defer func() { err = endLog(err) }()
	ln, err := c.listen(ctx, m)
	if err != nil {
		return err
	}
	dir := c.Data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "oplog-demo-"); err != nil {
			return errors.Join(fmt.Errorf("create a temporary data directory: %w", err), ln.Close())
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	store, err := openStore(dir, storage.Options{SignCommand: m.signCommand, NoCopy: m.noCopy})
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	l, err := m.openNode(dir, store, nil, c.archiveSettings)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	if err = c.prepare(ctx, m, l, c.url(ln)); err == nil {
		err = m.checkArchive(ctx, l, &c.archiveSettings)
	}
	if err != nil {
		return errors.Join(err, ln.Close(), l.Close())
	}
	debug.FreeOSMemory() // generating the demo took ten times the memory that serving needs
	host := demo.Host{Key: func() (identity.APIKey, error) { return hostKey(l) }, Now: m.Now}
	return errors.Join(m.serve(ctx, openedLog{Node: l, dir: dir, store: store}, ln, c.serveFlags, server.Options{Host: host}), l.Close())
}

// hostKey returns the launch key of the demo's host system.
func hostKey(l *node.Node) (identity.APIKey, error) {
	keys, err := l.Identity.LaunchKeys(demo.TenantID)
	if err == nil && len(keys) == 0 {
		err = errors.New("the launch key of this host system was revoked; restart the demo to create another")
	}
	if err != nil {
		return identity.APIKey{}, err
	}
	return keys[0], nil
}

// prepare creates the demo tenant unless it exists, and prints the logins.
func (c *demoCommand) prepare(ctx context.Context, m *Program, l *node.Node, url string) error {
	_, err := l.Directory.Tenant(demo.TenantID)
	if err == nil {
		return m.greetAgain(l, url)
	}
	if oplog.CodeOf(err) != oplog.CodeNotFound {
		return err
	}
	if err := c.fill(ctx, m, l); err != nil {
		return fmt.Errorf("create the demo: %w", err)
	}
	_, key, err := l.Identity.AddKey(demo.TenantID, identity.ScopeWrite, "demo")
	if err != nil {
		return fmt.Errorf("create the demo: %w", err)
	}
	if err := m.greet(l, url); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, `Record your own operation:
  curl %s/api/v1/tenants/%s/entries \
    -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \
    -d '{"user":{"id":"u_1","name":"Ada"},"module":"email","operation":"send","content":{"id":"eml_1","name":"Hello"}}'

`, url, demo.TenantID, key)
	return nil
}

// greetAgain serves a demo that an earlier run created. Accounts are created last, so without them that run was interrupted.
func (m *Program) greetAgain(l *node.Node, url string) error {
	if _, err := l.Identity.Account(logins[len(logins)-1].username); err != nil {
		return errors.New("creating the demo in this data directory was interrupted; remove the directory, or specify another with --data")
	}
	return m.greet(l, url)
}

// greet prints the logins and the host system's URL.
func (m *Program) greet(l *node.Node, url string) error {
	if _, err := hostKey(l); err != nil {
		if _, _, err := l.Identity.AddKey(demo.TenantID, identity.ScopeLaunch, "host"); err != nil {
			return fmt.Errorf("create the host system's launch key: %w", err)
		}
	}
	entries, _, err := l.Journal.Counts(demo.TenantID)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s, tenant %s: %d entries\n\n", demo.Tenant().Name, demo.TenantID, entries)
	rows := [][]string{{"USERNAME", "PASSWORD", "ROLE", "SEES"}}
	for _, a := range logins {
		rows = append(rows, []string{a.username, demoPassword, string(a.role), a.sees})
	}
	if err := table(m.Stdout, rows); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "\nOr open the log from a fictitious host system:\n  %s%s\n\n", url, demo.HostPath)
	return nil
}

func (c *demoCommand) fill(ctx context.Context, m *Program, l *node.Node) error {
	if err := checkNew(l); err != nil {
		return err
	}
	if _, err := l.Directory.AddTenant(demo.Tenant()); err != nil {
		return err
	}
	if _, err := l.Directory.SetOrganizations(ctx, demo.TenantID, demo.Organizations()); err != nil {
		return err
	}
	// Rounded, so that demos created shortly after each other are equal.
	now := m.Now().Truncate(10 * time.Minute)
	if err := m.record(ctx, l, demo.Generate(c.Seed, c.Entries, now), c.Entries); err != nil {
		return err
	}
	// This archives organizations that entries name but the current tree lacks.
	if _, err := l.Directory.SetOrganizations(ctx, demo.TenantID, demo.Organizations()); err != nil {
		return err
	}
	return addLogins(l)
}

// checkNew rejects a log that has accounts or entries: the demo's owner, whose password is public, would see them all.
func checkNew(l *node.Node) error {
	isNew, err := l.Identity.Empty()
	if err != nil {
		return err
	}
	tenants, err := l.Directory.Tenants()
	if err != nil {
		return err
	}
	for _, t := range tenants {
		entries, _, err := l.Journal.Counts(t.ID)
		if err != nil {
			return err
		}
		isNew = isNew && entries == 0
	}
	if !isNew {
		return errors.New("this data directory contains a log that is not a demo; specify another with --data")
	}
	return nil
}

func addLogins(l *node.Node) error {
	for _, a := range logins {
		hash, err := identity.HashPassword(a.username, demoPassword)
		if err != nil {
			return err
		}
		account := identity.Account{Username: a.username, Role: a.role, Organization: a.organization, PasswordHash: hash}
		if a.role != identity.RoleOwner {
			account.Tenant = demo.TenantID
		}
		if _, err := l.Identity.AddAccount(account, nil); err != nil {
			return err
		}
	}
	return nil
}

// demoBatch is the number of entries recorded at a time.
const demoBatch = 5000

// record appends all entries and shows progress.
func (m *Program) record(ctx context.Context, l *node.Node, entries iter.Seq[oplog.Entry], total int) error {
	shown := m.progress("Recording", total)
	batch := make([]oplog.Entry, 0, demoBatch)
	flush := func() error {
		if _, err := l.Journal.Append(ctx, demo.TenantID, batch); err != nil {
			return err
		}
		shown.add(len(batch))
		batch = batch[:0]
		return nil
	}
	for e := range entries {
		if batch = append(batch, e); len(batch) == demoBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	shown.end()
	return nil
}
