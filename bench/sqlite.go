package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"; FTS5 with the build tag sqlite_fts5

	"oplog/oplog"
)

// sqlite is SQLite in this process: a table with an index for every filter, and one of two kinds of full-text index.
//
// With bigrams it is contentless and contains the words and the pairs of Chinese characters of an entry, and a token for each filter, so
// that any combination is one MATCH. With trigrams it is SQLite's own tokenizer on the text.
type sqlite struct {
	dir     string
	trigram bool
	db      *sql.DB
	insert  *sql.Stmt
	index   *sql.Stmt // of the full-text table
}

var errNoFTS5 = errors.New("this build has no FTS5; run with cgo and -tags sqlite_fts5")

func openSQLite(ctx context.Context, dir string, trigram bool) (*sqlite, error) {
	s := &sqlite{dir: dir, trigram: trigram}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	schema := []string{
		"CREATE TABLE entries (id INTEGER PRIMARY KEY, sender_id TEXT NOT NULL UNIQUE, user_id TEXT, user_name TEXT, role TEXT, organization_id TEXT, organization_name TEXT, module TEXT, operation TEXT, content_id TEXT, content_name TEXT, outcome TEXT, ip INTEGER" + s.textColumn() + ")",
		"CREATE INDEX by_user ON entries (user_id)",
		"CREATE INDEX by_module ON entries (module)",
		"CREATE INDEX by_operation ON entries (operation)",
		"CREATE INDEX by_organization ON entries (organization_id)",
		"CREATE INDEX by_outcome ON entries (outcome)",
		"CREATE INDEX by_role ON entries (role)",
		"CREATE INDEX by_ip ON entries (ip)",
		`CREATE VIRTUAL TABLE words USING fts5 (t, content='', tokenize="ascii tokenchars ':_'")`,
	}
	if trigram {
		schema[len(schema)-1] = `CREATE VIRTUAL TABLE words USING fts5 (t, content='entries', content_rowid='id', tokenize="trigram case_sensitive 1")`
	}
	for _, statement := range schema {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			if strings.Contains(err.Error(), "no such module") {
				err = errNoFTS5
			}
			return nil, errors.Join(err, s.db.Close())
		}
	}
	return s, s.prepare(ctx)
}

// textColumn is the column that trigrams are made of.
func (s *sqlite) textColumn() string {
	if s.trigram {
		return ", t TEXT"
	}
	return ""
}

func (s *sqlite) open(ctx context.Context) error {
	var err error
	s.db, err = sql.Open("sqlite3", "file:"+filepath.Join(s.dir, "log.db")+"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=60000&_txlock=immediate&_cache_size=-262144")
	if err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1) // writers queue here; one client reads
	_, err = s.db.ExecContext(ctx, "PRAGMA mmap_size = 8589934592; PRAGMA temp_store = MEMORY")
	return err
}

func (s *sqlite) prepare(ctx context.Context) error {
	names, marks := columns, strings.Repeat(",?", strings.Count(columns, ",")+1)[1:]
	if s.trigram {
		names, marks = names+",t", marks+",?"
	}
	var err error
	if s.insert, err = s.db.PrepareContext(ctx, "INSERT INTO entries ("+names+") VALUES ("+marks+")"); err != nil { //nolint:gosec // our own names
		return err
	}
	s.index, err = s.db.PrepareContext(ctx, "INSERT INTO words (rowid,t) VALUES (?,?)")
	return err
}

func (s *sqlite) name() string {
	if s.trigram {
		return "SQLite trigrams"
	}
	return "SQLite bigrams"
}

// load uses one sender: SQLite allows one writer.
func (s *sqlite) load(ctx context.Context, d *data, _ int) error {
	return distribute(d.batches(), 1, func(run [2]int) error {
		return s.write(ctx, d.entries(run))
	})
}

func (s *sqlite) record(ctx context.Context, e oplog.Entry) error {
	return s.write(ctx, []oplog.Entry{e})
}

// write records entries in one durable transaction.
func (s *sqlite) write(ctx context.Context, entries []oplog.Entry) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	insert, index := tx.StmtContext(ctx, s.insert), tx.StmtContext(ctx, s.index)
	for _, e := range entries {
		text := tokens(e)
		args := values(e)
		if s.trigram {
			text = spacedWords(e)
			args = append(args, text)
		}
		_, err1 := insert.ExecContext(ctx, args...)
		_, err2 := index.ExecContext(ctx, e.Time.UnixMicro(), text)
		if err := errors.Join(err1, err2); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// tokens returns the words of an entry, its pairs of Chinese characters, and a token for each filter.
func tokens(e oplog.Entry) string {
	var b strings.Builder
	for _, text := range searchedTexts(e) {
		for _, w := range words(text) {
			if !isChinese(w) {
				b.WriteString(w + " ")
				continue
			}
			for _, pair := range bigrams(w) {
				b.WriteString(pair + " ")
			}
		}
		b.WriteString("/ : ") // a token that no phrase contains
	}
	fmt.Fprintf(&b, "u:%s m:%s o:%s g:%s s:%s r:%s i:%08x", e.User.ID, e.Module, e.Operation, e.Organization.ID, e.Outcome, e.User.Role, first(e.IP))
	return b.String()
}

// settle merges the full-text index into one segment, and updates the planner's statistics.
func (s *sqlite) settle(ctx context.Context) (time.Time, error) {
	for _, statement := range []string{"INSERT INTO words (words) VALUES ('optimize')", "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return time.Time{}, err
		}
	}
	return time.Now(), nil
}

func (s *sqlite) reopen(ctx context.Context) error {
	if err := s.close(); err != nil {
		return err
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	return s.prepare(ctx)
}

// conditions returns the plans for a query.
func (s *sqlite) conditions(q query) []*condition {
	var ways []*condition
	if match := s.match(q); match != "" {
		// In the order of the full-text index, looking up the rows.
		c := &condition{from: "words JOIN entries ON entries.id = words.rowid", key: "words.rowid", countFrom: "words"}
		c.and("words MATCH ?", match)
		c.period(q)
		if s.trigram {
			before := len(c.where)
			if c.filters(q); len(c.where) > before {
				c.countFrom = c.from
			}
		}
		ways = append(ways, c)
	}
	// With the table and its indexes.
	for _, search := range s.searches(q.word()) {
		c := &condition{from: "entries", countFrom: "entries", key: "id"}
		c.period(q)
		c.filters(q)
		search(c)
		ways = append(ways, c)
	}
	return ways
}

// searches returns the ways to find or exclude a word in the table.
func (s *sqlite) searches(word string, excluded bool) []func(*condition) {
	if word == "" {
		return []func(*condition){func(*condition) {}}
	}
	var ways []func(*condition)
	if s.trigram {
		with := "instr(t, ?)"
		if excluded {
			with = "NOT " + with
		}
		ways = append(ways, func(c *condition) { c.and(with, pattern(word)) })
	}
	if match := s.matchWord(word); excluded && match != "" {
		ways = append(ways,
			func(c *condition) { c.and("id NOT IN (SELECT rowid FROM words WHERE words MATCH ?)", match) },
			func(c *condition) {
				c.and("NOT EXISTS (SELECT 1 FROM words WHERE words MATCH ? AND rowid = id)", match)
			})
	}
	return ways
}

// pattern returns the substring that a spacedWords text contains if the word matches.
func pattern(word string) string {
	if isChinese(word) {
		return word
	}
	return " " + word
}

// matchWord returns a word in the full-text query syntax; "" if that is not possible.
func (s *sqlite) matchWord(word string) string {
	switch {
	case s.trigram && len([]rune(pattern(word))) < 3:
		return ""
	case s.trigram:
		return `"` + pattern(word) + `"`
	case isChinese(word):
		return `"` + strings.Join(bigrams(word), " ") + `"`
	}
	return `"` + word + `" *`
}

// match returns the query in the full-text query syntax; "" if that is not possible.
func (s *sqlite) match(q query) string {
	word, excluded := q.word()
	if s.trigram {
		if word == "" || excluded {
			return ""
		}
		return s.matchWord(word)
	}
	var all, none []string
	switch {
	case excluded:
		none = append(none, s.matchWord(word))
	case word != "":
		all = append(all, s.matchWord(word))
	}
	for _, f := range []struct {
		mark      string
		any, none []string
	}{
		{"u:", q.Users, q.Not.Users}, {"m:", q.Modules, nil}, {"o:", q.Operations, nil}, {"g:", q.organizationIDs, nil},
		{"s:", q.Outcomes, nil}, {"r:", q.Roles, nil},
	} {
		if len(f.any) > 0 {
			all = append(all, anyToken(f.mark, f.any))
		}
		if len(f.none) > 0 {
			none = append(none, anyToken(f.mark, f.none))
		}
	}
	for _, network := range q.IPs {
		all = append(all, matchNetwork(network))
	}
	if len(all) == 0 && len(none) > 0 { // NOT needs a left operand
		all = append(all, anyToken("s:", []string{oplog.OutcomeSuccess, oplog.OutcomeFailure}))
	}
	match := strings.Join(all, " AND ")
	if len(none) > 0 {
		match = "(" + match + ") NOT (" + strings.Join(none, " OR ") + ")"
	}
	return match
}

func anyToken(mark string, values []string) string {
	return `("` + mark + strings.Join(values, `" OR "`+mark) + `")`
}

// matchNetwork matches the addresses of a network by their leading digits.
func matchNetwork(network string) string {
	p, _ := oplog.ParseNetwork(network)
	digits := fmt.Sprintf("%08x", first(network))[:p.Bits()/4]
	if p.IsSingleIP() {
		return `"i:` + digits + `"`
	}
	return `"i:` + digits + `" *`
}

// sqliteCountPlans is the number of plans for counting.
const sqliteCountPlans = 2

func (s *sqlite) plans(q query, what request) int {
	n := len(s.conditions(q))
	if what != page {
		n *= sqliteCountPlans
	}
	return n
}

func (s *sqlite) query(ctx context.Context, q query, what request, plan int) (func() (answer, error), error) {
	c := s.conditions(q)
	return runSQL(ctx, s, c[plan%len(c)], q, what, plan/len(c))
}

func (s *sqlite) page(ctx context.Context, statement string, args []any) ([]row, error) {
	found, err := s.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	rows := make([]row, 0, pageSize)
	for found.Next() {
		var r row
		if err := found.Scan(r.pointers()...); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, found.Err()
}

func (s *sqlite) count(ctx context.Context, statement string, args []any) (n int, err error) {
	err = s.db.QueryRowContext(ctx, statement, args...).Scan(&n)
	return n, err
}

func (s *sqlite) lines(ctx context.Context, statement string, args []any) ([]groupCount, error) {
	found, err := s.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	var lines []groupCount
	for found.Next() {
		var l groupCount
		if err := found.Scan(&l.kind, &l.value, &l.n); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, found.Err()
}

// memory cannot be distinguished from that of this process.
func (s *sqlite) memory() (int64, error) { return 0, nil }

func (s *sqlite) disk() (int64, error) { return diskUsage(s.dir) }

func (s *sqlite) close() error {
	return errors.Join(s.insert.Close(), s.index.Close(), s.db.Close())
}
