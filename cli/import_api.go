package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"oplog/journal"
	"oplog/oplog"
)

func (c *importCommand) runOverAPI(ctx context.Context, m *Program, r remote) error {
	if c.Strict {
		return errors.New("--strict is not available with --server: entries are recorded as they are sent; use it beside the server, without --server")
	}
	catalog, err := r.catalog(ctx, c.Tenant)
	if err != nil {
		return err
	}
	var t oplog.Tenant
	if err := r.read(ctx, http.MethodGet, tenantPath(c.Tenant), nil, &t); err != nil {
		return err
	}
	return c.files(ctx, importFile{Program: m, to: apiImporter{r}, tenant: t, catalog: catalog})
}

func tenantPath(id string) string { return "/api/v1/tenants/" + url.PathEscape(id) }

// catalog reads the catalog of a tenant.
func (r remote) catalog(ctx context.Context, tenant string) (*oplog.Catalog, error) {
	all := &oplog.Catalog{}
	path := tenantPath(tenant) + "/catalog"
	for cursor := ""; ; {
		var some oplog.Catalog
		next, err := r.readPage(ctx, path, cursor, &some)
		if err != nil {
			return nil, err
		}
		all.Modules, all.Operations = append(all.Modules, some.Modules...), append(all.Operations, some.Operations...)
		if cursor = next; cursor == "" {
			return all, nil
		}
	}
}

// apiImporter records lines over the API of a server.
type apiImporter struct{ remote }

// The most that is sent in a request, in entries and bytes.
const (
	sentEntries = 5000
	sentBytes   = 8 << 20
)

// sentEntry is an entry as the API takes it.
type sentEntry struct {
	ID           string          `json:"id,omitempty"`
	Time         time.Time       `json:"time,omitzero"`
	User         oplog.User      `json:"user"`
	Organization oplog.Ref       `json:"organization,omitzero"`
	Module       string          `json:"module"`
	Operation    string          `json:"operation"`
	Content      oplog.Ref       `json:"content,omitzero"`
	Origin       string          `json:"origin,omitempty"`
	Outcome      string          `json:"outcome,omitempty"`
	IP           string          `json:"ip,omitempty"`
	UserAgent    string          `json:"user_agent,omitempty"`
	Changes      []oplog.Change  `json:"changes,omitempty"`
	Details      json.RawMessage `json:"details,omitempty"`
}

func sentEntryOf(e *oplog.Entry) sentEntry {
	return sentEntry{e.ID, e.Time, e.User, e.Organization, e.Module, e.Operation, e.Content, e.Origin, e.Outcome, e.IP, e.UserAgent, e.Changes, e.Details}
}

// Import sends the lines. Those without an id get one that is derived from their content, unless they may be stored again: a repeated import
// stores them once.
func (a apiImporter) Import(ctx context.Context, tenant string, lines iter.Seq2[oplog.ImportLine, error], twice bool, rejected func(number int, reason error)) (journal.ImportResult, error) {
	b := apiBatch{to: a, path: tenantPath(tenant) + "/entries", rejected: rejected}
	equal := map[[sha256.Size]byte]int{} // lines without an id so far, by digest of their content
	for line, err := range lines {
		if err != nil {
			return b.ImportResult, errors.Join(b.send(ctx), err)
		}
		if line.Err != nil {
			b.reject(line.Number, line.Err)
			continue
		}
		e := sentEntryOf(&line.Entry)
		text, err := json.Marshal(e)
		if err == nil && e.ID == "" && !e.Time.IsZero() && !twice {
			digest := sha256.Sum256(text)
			equal[digest]++
			digest = sha256.Sum256(fmt.Appendf(digest[:], " %d", equal[digest]))
			e.ID = "import-" + hex.EncodeToString(digest[:20])
			text, err = json.Marshal(e)
		}
		if err != nil {
			b.reject(line.Number, err)
			continue
		}
		if err := b.add(ctx, line.Number, text); err != nil {
			return b.ImportResult, err
		}
	}
	return b.ImportResult, b.send(ctx)
}

// apiBatch collects entries for a request.
type apiBatch struct {
	journal.ImportResult
	to       apiImporter
	path     string
	rejected func(number int, reason error)
	entries  []json.RawMessage
	numbers  []int // their lines
	bytes    int
}

func (b *apiBatch) reject(number int, reason error) {
	b.Rejected++
	b.rejected(number, reason)
}

// add adds an entry, and sends the entries before it if it is one too many.
func (b *apiBatch) add(ctx context.Context, number int, text json.RawMessage) error {
	if len(b.entries) == sentEntries || b.bytes+len(text) > sentBytes {
		if err := b.send(ctx); err != nil {
			return err
		}
	}
	b.entries, b.numbers, b.bytes = append(b.entries, text), append(b.numbers, number), b.bytes+len(text)+1
	return nil
}

// send sends the entries, without those that the server rejects.
func (b *apiBatch) send(ctx context.Context) error {
	for len(b.entries) > 0 {
		var done journal.ImportResult
		err := b.to.read(ctx, http.MethodPost, b.path, map[string][]json.RawMessage{"entries": b.entries}, &done)
		if err == nil {
			b.Recorded, b.Duplicates, b.Skipped = b.Recorded+done.Recorded, b.Duplicates+done.Duplicates, b.Skipped+done.Skipped
			break
		}
		if !b.drop(err) {
			return err
		}
	}
	b.entries, b.numbers, b.bytes = b.entries[:0], b.numbers[:0], 0
	return nil
}

// entryLocation matches the location of an invalid field of an entry.
var entryLocation = regexp.MustCompile(`^body\.entries\[(\d+)\]\.?(.*)$`)

// drop drops the entries that an error names, and reports whether it names any.
func (b *apiBatch) drop(err error) bool {
	var refused *apiError
	if !errors.As(err, &refused) {
		return false
	}
	named := map[int]error{}
	for _, e := range refused.Errors {
		at := entryLocation.FindStringSubmatch(e.Location)
		if at == nil {
			return false
		}
		i, err := strconv.Atoi(at[1])
		if err != nil || i >= len(b.entries) {
			return false
		}
		named[i] = errors.Join(named[i], e.reason(at[2]))
	}
	kept := 0
	for i := range b.entries {
		if reason := named[i]; reason != nil {
			b.reject(b.numbers[i], errors.New(string(bytes.ReplaceAll([]byte(reason.Error()), []byte("\n"), []byte("; ")))))
			continue
		}
		b.entries[kept], b.numbers[kept] = b.entries[i], b.numbers[i]
		kept++
	}
	b.entries, b.numbers = b.entries[:kept], b.numbers[:kept]
	return len(named) > 0
}
