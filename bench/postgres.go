package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"oplog/oplog"
)

// postgres is a PostgreSQL server of its own, over a Unix socket: a table with an index for every filter in time order, and a trigram index
// on the text.
type postgres struct {
	bin, dir string
	owner    *syscall.Credential // user that the server runs as; nil for the current one
	pool     *pgxpool.Pool
}

var errNoPostgres = errors.New("PostgreSQL is not installed; make peers installs it")

// settings are those for a machine with little other work. Durability is not reduced: fsync and synchronous_commit stay on.
var settings = []string{
	"shared_buffers=1GB", "effective_cache_size=4GB", "work_mem=64MB", "maintenance_work_mem=256MB",
	"max_wal_size=8GB", "checkpoint_timeout=30min", "random_page_cost=1.1", "effective_io_concurrency=200",
	"wal_compression=on", "max_connections=120", "jit=off", "listen_addresses=",
	"fsync=on", "synchronous_commit=on",
}

func openPostgres(ctx context.Context, dir string) (*postgres, error) {
	p := &postgres{dir: dir}
	var err error
	if p.bin, err = postgresPrograms(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	if p.owner, err = ownerOf(dir); err != nil {
		return nil, err
	}
	if err := p.run(ctx, "initdb", "-D", p.files(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"); err != nil {
		return nil, err
	}
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	for _, statement := range []string{
		"CREATE EXTENSION pg_trgm",
		"CREATE TABLE entries (id bigint PRIMARY KEY, sender_id text NOT NULL UNIQUE, user_id text, user_name text, role text, organization_id text, organization_name text, module text, operation text, content_id text, content_name text, outcome text, ip bigint, t text)",
		"CREATE INDEX by_user ON entries (user_id, id)",
		"CREATE INDEX by_module ON entries (module, id)",
		"CREATE INDEX by_operation ON entries (operation, id)",
		"CREATE INDEX by_organization ON entries (organization_id, id)",
		"CREATE INDEX by_outcome ON entries (outcome, id)",
		"CREATE INDEX by_role ON entries (role, id)",
		"CREATE INDEX by_ip ON entries (ip, id)",
		"CREATE INDEX by_text ON entries USING gin (t gin_trgm_ops)",
	} {
		if _, err := p.pool.Exec(ctx, statement); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", statement, err), p.close())
		}
	}
	return p, nil
}

// postgresPrograms returns the program directory of the newest version.
func postgresPrograms() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return versionOf(a) - versionOf(b) })), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errNoPostgres
	}
	return filepath.Dir(path), nil
}

func versionOf(path string) int {
	version, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return version
}

// ownerOf gives the directory to the user that PostgreSQL runs as, since it does not run as root.
func ownerOf(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, errNoPostgres
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2, os.Chmod(filepath.Dir(dir), 0o755)); err != nil { //nolint:gosec // the server must reach its own directory
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
}

func (p *postgres) files() string { return filepath.Join(p.dir, "cluster") }

// run runs one of PostgreSQL's programs.
func (p *postgres) run(ctx context.Context, program string, args ...string) error {
	command := exec.CommandContext(ctx, filepath.Join(p.bin, program), args...) //nolint:gosec // PostgreSQL's own
	command.Dir = p.dir
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	command.SysProcAttr = &syscall.SysProcAttr{Credential: p.owner}
	out, err := os.CreateTemp("", "oplog-bench-*.log") // the server would keep a pipe open
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(out.Close(), os.Remove(out.Name())) }()
	command.Stdout, command.Stderr = out, out
	if err := command.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w: %s", program, err, said)
	}
	return nil
}

func (p *postgres) start(ctx context.Context) error {
	options := "-k " + p.dir
	for _, s := range settings {
		options += " -c " + s
	}
	if err := p.run(ctx, "pg_ctl", "-D", p.files(), "-l", filepath.Join(p.dir, "log"), "-w", "-o", options, "start"); err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig("host=" + p.dir + " user=postgres dbname=postgres")
	if err != nil {
		return err
	}
	config.MaxConns = writers
	p.pool, err = pgxpool.NewWithConfig(ctx, config)
	return err
}

func (p *postgres) stop() error {
	p.pool.Close()
	return p.run(context.Background(), "pg_ctl", "-D", p.files(), "-m", "fast", "-w", "stop")
}

func (p *postgres) name() string { return "PostgreSQL" }

func (p *postgres) load(ctx context.Context, d *data, senders int) error {
	names := append(strings.Split(columns, ","), "t")
	return distribute(d.batches(), senders, func(run [2]int) error {
		_, err := p.pool.CopyFrom(ctx, pgx.Identifier{"entries"}, names, pgx.CopyFromSlice(run[1]-run[0], func(i int) ([]any, error) {
			e := d.entry(run[0] + i)
			return append(values(e), spacedWords(e)), nil
		}))
		return err
	})
}

// settle merges the pending list of the trigram index, and updates the statistics and the visibility map that the planner uses.
func (p *postgres) settle(ctx context.Context) (time.Time, error) {
	if _, err := p.pool.Exec(ctx, "VACUUM (ANALYZE) entries"); err != nil {
		return time.Time{}, err
	}
	_, err := p.pool.Exec(ctx, "CHECKPOINT")
	return time.Now(), err
}

func (p *postgres) reopen(ctx context.Context) error {
	if err := p.stop(); err != nil {
		return err
	}
	return p.start(ctx)
}

func (p *postgres) condition(q query) *condition {
	c := &condition{from: "entries", countFrom: "entries", key: "id"}
	switch word, excluded := q.word(); {
	case excluded:
		c.and("t NOT LIKE ?", "%"+pattern(word)+"%")
	case word != "":
		c.and("t LIKE ?", "%"+pattern(word)+"%")
	}
	c.period(q)
	c.filters(q)
	return c
}

// postgresSummaryPlans is the number of plans for a summary.
const postgresSummaryPlans = 3

func (p *postgres) plans(_ query, what request) int {
	if what == summary {
		return postgresSummaryPlans
	}
	return 1
}

func (p *postgres) query(ctx context.Context, q query, what request, plan int) (func() (answer, error), error) {
	return runSQL(ctx, p, p.condition(q), q, what, plan)
}

// numberPlaceholders replaces ? by PostgreSQL's placeholders: $1, $2.
func numberPlaceholders(statement string) string {
	var b strings.Builder
	n := 0
	for _, r := range statement {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		fmt.Fprintf(&b, "$%d", n)
	}
	return b.String()
}

func (p *postgres) page(ctx context.Context, statement string, args []any) ([]row, error) {
	found, err := p.pool.Query(ctx, numberPlaceholders(statement), args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(r pgx.CollectableRow) (row, error) {
		var one row
		err := r.Scan(one.pointers()...)
		return one, err
	})
}

func (p *postgres) count(ctx context.Context, statement string, args []any) (n int, err error) {
	err = p.pool.QueryRow(ctx, numberPlaceholders(statement), args...).Scan(&n)
	return n, err
}

func (p *postgres) lines(ctx context.Context, statement string, args []any) ([]groupCount, error) {
	found, err := p.pool.Query(ctx, numberPlaceholders(statement), args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(r pgx.CollectableRow) (groupCount, error) {
		var l groupCount
		err := r.Scan(&l.kind, &l.value, &l.n)
		return l, err
	})
}

func (p *postgres) record(ctx context.Context, e oplog.Entry) error {
	const insert = "INSERT INTO entries (" + columns + ",t) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)"
	_, err := p.pool.Exec(ctx, insert, append(values(e), spacedWords(e))...)
	return err
}

// memory is the proportional set size of all its processes, which counts shared memory once.
func (p *postgres) memory() (int64, error) {
	text, err := os.ReadFile(filepath.Join(p.files(), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 0, err
	}
	return proportional(pid)
}

// disk is the size of the table and its indexes. The write-ahead log and system tables are not included, although they are on disk too.
func (p *postgres) disk() (size int64, err error) {
	err = p.pool.QueryRow(context.Background(), "SELECT pg_total_relation_size('entries')").Scan(&size)
	return size, err
}

func (p *postgres) close() error { return p.stop() }
