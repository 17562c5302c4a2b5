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
)

type demoCommand struct {
	serveFlags
	Entries int    `default:"100000" placeholder:"N" help:"How many entries (${default})."`
	Seed    uint64 `default:"1" placeholder:"S" help:"Which story to tell; the same seed tells the same (${default})."`
}

// maxDemoEntries keeps a slip of the finger from filling the disk.
const maxDemoEntries = 20_000_000

// Validate checks the words before anything is opened.
func (c *demoCommand) Validate() error {
	if c.Entries < 0 || c.Entries > maxDemoEntries {
		return fmt.Errorf("--entries %d is not between 0 and %d", c.Entries, maxDemoEntries)
	}
	return c.serveFlags.Validate()
}

// login is an account of the demo. Its password is no secret: the demo listens
// on this machine alone unless told otherwise, and holds nothing real.
type login struct {
	username, password string
	role               identity.Role
	organization, sees string
}

var logins = []login{
	{"owner", "demo-owner", identity.RoleOwner, "", "every tenant"},
	{"admin", "demo-admin", identity.RoleAdmin, "", "the whole company"},
	{"east", "demo-east", identity.RoleAdmin, "east", "华东大区 East China and below"},
	{"auditor", "demo-auditor", identity.RoleAuditor, "", "the whole company, changes nothing"},
	{"member", "demo-member", identity.RoleMember, "", "nothing"},
}

// Run fills a data directory with the demo, and serves it.
func (c *demoCommand) Run(ctx context.Context, m *Program) (err error) {
	ln, err := c.listen(ctx)
	if err != nil {
		return err
	}
	dir := c.Data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "oplog-demo-"); err != nil {
			return errors.Join(fmt.Errorf("make a throw-away data directory: %w", err), ln.Close())
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	l, err := m.openLog(dir)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	if err := c.prepare(ctx, m, l, c.url(ln)); err != nil {
		return errors.Join(err, ln.Close(), l.Close())
	}
	debug.FreeOSMemory() // making the demo took ten times what serving it takes
	host := demo.Host{Key: func() (identity.APIKey, error) { return hostKey(l) }, Now: m.Now}
	return errors.Join(m.serve(ctx, l, ln, c.serveFlags, server.Options{Host: host}), l.Close())
}

// hostKey returns the launch key that the demo's host system signs with.
func hostKey(l *node.Node) (identity.APIKey, error) {
	keys, err := l.Identity.LaunchKeys(demo.TenantID)
	if err == nil && len(keys) == 0 {
		err = errors.New("the launch key of this host system was revoked; start the demo again to give it another")
	}
	if err != nil {
		return identity.APIKey{}, err
	}
	return keys[0], nil
}

// prepare makes the demo tenant, unless the directory holds it already, and
// prints who can sign in.
func (c *demoCommand) prepare(ctx context.Context, m *Program, l *node.Node, url string) error {
	_, err := l.Directory.Tenant(demo.TenantID)
	if err == nil {
		return m.greetAgain(l, url)
	}
	if oplog.CodeOf(err) != oplog.CodeNotFound {
		return err
	}
	if err := c.fill(ctx, m, l); err != nil {
		return fmt.Errorf("make the demo: %w", err)
	}
	_, key, err := l.Identity.AddKey(demo.TenantID, identity.ScopeWrite, "demo")
	if err != nil {
		return fmt.Errorf("make the demo: %w", err)
	}
	if err := m.greet(l, url); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, `Record an operation of your own:
  curl %s/api/v1/tenants/%s/entries \
    -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \
    -d '{"user":{"id":"u_1","name":"Ada"},"module":"email","operation":"send","content":{"id":"eml_1","name":"Hello"}}'

`, url, demo.TenantID, key)
	return nil
}

// greetAgain serves a demo that an earlier run made. Its accounts were made
// last, so without them that run was cut off.
func (m *Program) greetAgain(l *node.Node, url string) error {
	if _, err := l.Identity.Account(logins[len(logins)-1].username); err != nil {
		return errors.New("the demo in this data directory was cut off while it was made; remove the directory, or name another with --data")
	}
	return m.greet(l, url)
}

// greet prints who can sign in, and where the host system is.
func (m *Program) greet(l *node.Node, url string) error {
	if _, err := hostKey(l); err != nil {
		if _, _, err := l.Identity.AddKey(demo.TenantID, identity.ScopeLaunch, "host"); err != nil {
			return fmt.Errorf("make the host system's launch key: %w", err)
		}
	}
	entries, _, err := l.Journal.Counts(demo.TenantID)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "%s, tenant %s: %d entries\n\n", demo.Tenant().Name, demo.TenantID, entries)
	rows := [][]string{{"USERNAME", "PASSWORD", "ROLE", "SEES"}}
	for _, a := range logins {
		rows = append(rows, []string{a.username, a.password, string(a.role), a.sees})
	}
	if err := table(m.Stdout, rows); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "\nOpen the log from the corner of a host system, a made-up product:\n  %s%s\n\n", url, demo.HostPath)
	return nil
}

func (c *demoCommand) fill(ctx context.Context, m *Program, l *node.Node) error {
	if err := isNew(l); err != nil {
		return err
	}
	if _, err := l.Directory.AddTenant(demo.Tenant()); err != nil {
		return err
	}
	if _, err := l.Directory.SetOrganizations(ctx, demo.TenantID, demo.Organizations()); err != nil {
		return err
	}
	// Two demos made one after the other are alike, since their clocks are.
	now := m.Now().Truncate(10 * time.Minute)
	if err := m.record(ctx, l, demo.Generate(c.Seed, c.Entries, now), c.Entries); err != nil {
		return err
	}
	// What entries have named and today's tree has not is archived by this.
	if _, err := l.Directory.SetOrganizations(ctx, demo.TenantID, demo.Organizations()); err != nil {
		return err
	}
	return addLogins(l)
}

// isNew refuses a log that has accounts or entries: the demo's owner, whose
// password everybody knows, would see it all.
func isNew(l *node.Node) error {
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
		return errors.New("this data directory holds a log that is no demo; name another with --data")
	}
	return nil
}

func addLogins(l *node.Node) error {
	for _, a := range logins {
		hash, err := identity.HashPassword(a.password)
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

// demoBatch is how many entries are recorded at a time.
const demoBatch = 5000

// record appends all entries and shows how far it is.
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
