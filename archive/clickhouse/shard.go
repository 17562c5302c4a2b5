package clickhouse

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"oplog/archive"
)

// Shard is one shard of the archive: servers with copies of the same rows.
type Shard struct {
	servers []*server
	quorum  time.Duration // how long an insertion waits until all servers have its rows
	leaves  atomic.Int64  // that are asked for at a time
}

// Options says how the servers of a shard are reached.
type Options struct {
	Servers  []string // their URLs, http or https, with the path of a proxy if there is one
	User     string
	Password string
	CA       *x509.CertPool // nil for the system's
}

var _ archive.Engine = (*Shard)(nil)

// Open returns a shard. It asks nothing.
func Open(o Options) (*Shard, error) {
	if len(o.Servers) == 0 {
		return nil, errors.New("a shard of the archive needs the URL of a server")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the standard library's
	transport.TLSClientConfig = &tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS12}
	client := newHTTP(transport)
	s := &Shard{quorum: time.Minute}
	s.leaves.Store(leavesAtATime)
	for _, text := range o.Servers {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
			return nil, fmt.Errorf("%q is not the URL of a ClickHouse server, such as https://clickhouse-1:8443", text)
		}
		s.servers = append(s.servers, &server{url: strings.TrimSuffix(text, "/"), user: o.User, password: o.Password, http: client, holdings: map[string]holdings{}})
	}
	return s, nil
}

// Servers returns the URLs of the servers; see [archive.Engine].
func (s *Shard) Servers() []string {
	urls := make([]string, len(s.servers))
	for i, one := range s.servers {
		urls[i] = one.url
	}
	return urls
}

// Check returns an error if a tenant's table is missing on a server, or not as Schema makes it; see [archive.Engine].
func (s *Shard) Check(ctx context.Context, tenant string) error {
	for _, one := range s.servers {
		if err := one.checkTable(ctx, tenant, len(s.servers) > 1); err != nil {
			return err
		}
	}
	return nil
}

// MakeTable makes a tenant's table on each server, if it is not there.
func (s *Shard) MakeTable(ctx context.Context, tenant string, replicated bool) error {
	for _, one := range s.servers {
		modern, err := one.modern(ctx)
		if err == nil {
			_, err = one.ask(ctx, Schema(tenant, replicated, modern), long)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// insertRows is how many rows an insertion has.
const insertRows = 100_000

// Put inserts rows through the first server, once all answer: without one of them rows would get in, and the insertion fail; see [archive.Engine].
func (s *Shard) Put(ctx context.Context, of archive.Shipment, rows iter.Seq2[*archive.Row, error]) error {
	day, err := dayNumber(of.Date)
	if err != nil {
		return err
	}
	to := s.servers[0]
	if err := s.answer(ctx); err != nil {
		return err
	}
	settings, err := s.insertSettings(ctx, to)
	if err != nil {
		return err
	}
	next, stop := pull(rows)
	defer stop()
	r := &rowReader{next: next, day: day, attempt: of.Attempt}
	statement := "INSERT INTO " + tableOf(of.Tenant) + " (" + columnNames() + ") FORMAT RowBinary"
	for !r.ended {
		r.rows = insertRows
		if r.fill(); len(r.buffer) == 0 {
			break
		}
		if err := to.insert(ctx, statement, r, settings); err != nil || r.failed != nil {
			return errors.Join(r.failed, err)
		}
	}
	return r.failed
}

// answer returns an error if a server does not answer.
func (s *Shard) answer(ctx context.Context) error {
	var failed []error
	for _, one := range s.servers {
		if _, err := one.ask(ctx, "SELECT 1", probing); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// insertSettings returns the settings of insertions: the server answers once the rows are in the table, on all replicas if there are several.
func (s *Shard) insertSettings(ctx context.Context, to *server) (map[string]string, error) {
	modern, err := to.modern(ctx)
	if err != nil {
		return nil, err
	}
	settings := map[string]string{"wait_end_of_query": "1"}
	if modern {
		settings["async_insert"] = "0"
		settings["input_format_parallel_parsing"] = "0"
	}
	if len(s.servers) > 1 {
		settings["insert_quorum"] = strconv.Itoa(len(s.servers))
		settings["insert_quorum_timeout"] = strconv.FormatInt(s.quorum.Milliseconds(), 10)
		if modern {
			settings["insert_quorum_parallel"] = "0"
		}
	}
	return settings, nil
}

func columnNames() string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// sumStatement sums the leaf hashes of a shipment. Both old and new servers know all of it.
const sumStatement = `SELECT count(), min(seq), max(seq),
  sum(reinterpretAsUInt64(substring(hash, 1, 8))), sum(reinterpretAsUInt64(substring(hash, 9, 8))),
  sum(reinterpretAsUInt64(substring(hash, 17, 8))), sum(reinterpretAsUInt64(substring(hash, 25, 8)))
FROM (SELECT seq, SHA256(concat(unhex('00'), leaf)) AS hash FROM %s WHERE day = '%s' AND attempt = %d) FORMAT RowBinary`

// Verify sums what each server has; see [archive.Engine].
func (s *Shard) Verify(ctx context.Context, of archive.Shipment) ([]archive.Sum, error) {
	sums := make([]archive.Sum, 0, len(s.servers))
	for _, one := range s.servers {
		answer, err := one.ask(ctx, fmt.Sprintf(sumStatement, tableOf(of.Tenant), of.Date, of.Attempt), long)
		if err != nil {
			return nil, err
		}
		d := rowDecoder{left: answer}
		sum := archive.Sum{Rows: d.uint64(), MinSeq: d.uint64(), MaxSeq: d.uint64()}
		for i := range sum.Lanes {
			sum.Lanes[i] = d.uint64()
		}
		if d.err != nil || d.more() {
			return nil, fmt.Errorf("%s: %w", one.url, errShort)
		}
		sums = append(sums, sum)
	}
	return sums, nil
}

// Drop drops a partition on each server; see [archive.Engine]. Replicas do what one of them was told, in their own time: each must have nothing left.
func (s *Shard) Drop(ctx context.Context, of archive.Shipment) error {
	if err := s.awaitReplicas(ctx, of); err != nil {
		return err
	}
	statement := fmt.Sprintf("ALTER TABLE %s DROP PARTITION ('%s', %d)", tableOf(of.Tenant), of.Date, of.Attempt)
	for _, one := range s.servers {
		if _, err := one.ask(ctx, statement, long); err != nil {
			return err
		}
	}
	return s.await(ctx, func(rows []uint64) error {
		for i, n := range rows {
			if n > 0 {
				return fmt.Errorf("%s still holds %d rows of attempt %d of %s, which were dropped", s.servers[i].url, n, of.Attempt, of.Date)
			}
		}
		return nil
	}, of)
}

// awaitReplicas waits until all servers hold the same rows of a shipment. Dropping a part that has not reached its quorum would end all insertions into the table:
// they wait for that quorum, which nothing can reach then.
func (s *Shard) awaitReplicas(ctx context.Context, of archive.Shipment) error {
	if len(s.servers) == 1 {
		return nil
	}
	err := s.await(ctx, func(rows []uint64) error {
		if slices.Min(rows) != slices.Max(rows) {
			return fmt.Errorf("the servers hold %v rows of attempt %d of %s: these can be dropped once all hold the same", rows, of.Attempt, of.Date)
		}
		return nil
	}, of)
	if err == nil {
		err = sleep(ctx, settleTime) // a part is noted as replicated a moment after it is there
	}
	return err
}

const (
	dropTime   = 30 * time.Second // how long servers may take to agree
	settleTime = 200 * time.Millisecond
)

// await asks servers for their numbers of rows of a shipment, until they are fine.
func (s *Shard) await(ctx context.Context, fine func(rows []uint64) error, of archive.Shipment) error {
	for end := time.Now().Add(dropTime); ; {
		all, err := s.Holdings(ctx, of.Tenant)
		if err != nil {
			return err
		}
		var rows []uint64
		for _, held := range all {
			rows = append(rows, held[of.DayAttempt])
		}
		if err = fine(rows); err == nil || time.Now().After(end) {
			return err
		}
		if err := sleep(ctx, settleTime); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
