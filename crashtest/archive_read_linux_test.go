package crashtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// archiveReader reads the old entries of a log, some of which are here, some in the archive, and some in both. Each answer must be whole, or an error.
type archiveReader struct {
	*archived
	load                       *load
	whole, refused, gone, slow atomic.Int64 // answers, errors, requests without an answer, and those that ended at the deadline of queries
}

// ask returns an answer; nil for an error. Only failures of the server may be errors.
func (r *archiveReader) ask(ctx context.Context, path string, query url.Values) []byte {
	status, answer := r.load.call(ctx, "read", r.readKey, http.MethodGet, "tenants/acme/"+path+"?"+query.Encode(), nil)
	switch {
	case status == http.StatusOK:
		return answer
	case status == 0:
		r.gone.Add(1)
		return nil
	case status == http.StatusUnprocessableEntity && bytes.Contains(answer, []byte(`"timed_out"`)):
		r.slow.Add(1)
		return nil
	case status < 429:
		r.t.Errorf("%s is answered with %d: %s", path, status, answer)
	}
	r.refused.Add(1)
	return nil
}

// period selects the old entries.
func (r *archiveReader) period() url.Values {
	return url.Values{"from": {r.first.Format(time.RFC3339Nano)}, "to": {r.time(r.count).Format(time.RFC3339Nano)}}
}

// total asks for the total of all old entries, or of some days of them, or of one organization.
func (r *archiveReader) total(ctx context.Context) {
	query, want := r.period(), r.count
	switch rand.N(3) {
	case 0:
		from := rand.N(r.count)
		query.Set("from", r.time(from).Format(time.RFC3339Nano))
		want -= from
	case 1:
		o := rand.N(60)
		query.Set("user", fmt.Sprint("u", o))
		want = 0
		for i := o; i < r.count; i += 500 {
			want++
		}
	}
	answer := r.ask(ctx, "summary", query)
	if answer == nil {
		return
	}
	var s struct{ Total int }
	if err := json.Unmarshal(answer, &s); err != nil || s.Total != want {
		r.t.Errorf("the total of %v is %d of %d, %v", query, s.Total, want, err)
	}
	r.whole.Add(1)
}

// listed is a page of a list.
type listed struct {
	Entries []struct {
		ID, Tenant string
		Seq        uint64
		Time       time.Time
		Content    struct{ ID string }
	}
	NextCursor string `json:"next_cursor"`
	Archive    string
}

// pages reads some pages from somewhere on: none leaves an entry out.
func (r *archiveReader) pages(ctx context.Context) {
	r.pagesFrom(ctx, rand.N(r.count), 5)
}

// pagesFrom reads pages from an entry on to older ones, and returns how many entries came.
func (r *archiveReader) pagesFrom(ctx context.Context, newest, pages int) (came int) {
	query := r.period()
	query.Set("to", r.time(newest+1).Format(time.RFC3339Nano))
	query.Set("limit", "200")
	for range pages {
		answer := r.ask(ctx, "entries", query)
		if answer == nil {
			return came
		}
		var page listed
		if err := json.Unmarshal(answer, &page); err != nil {
			r.t.Errorf("%v: %s", err, answer)
			return came
		}
		for _, e := range page.Entries {
			i := newest - came
			if i < 0 || e.ID != r.name(i) || e.Content.ID != r.name(i) || !e.Time.Equal(r.time(i)) {
				r.t.Errorf("entry %d of the list from %d is %s of %s", came, newest, e.ID, e.Time)
				return came
			}
			came++
		}
		switch isEnd := came == newest+1; {
		case page.Archive != "": // what follows is not there at the moment
			r.refused.Add(1)
			return came
		case isEnd != (page.NextCursor == ""):
			r.t.Errorf("the list from %d ends after %d; cursor %q", newest, came, page.NextCursor)
			return came
		case !isEnd && len(page.Entries) == 0:
			r.t.Errorf("a page of the list from %d has no entries", newest)
			return came
		case isEnd:
			r.whole.Add(1)
			return came
		}
		r.whole.Add(1)
		query.Set("cursor", page.NextCursor)
	}
	return came
}

// find asks for an entry by its sender's id, with its proof.
func (r *archiveReader) find(ctx context.Context) {
	i := rand.N(r.count)
	answer := r.ask(ctx, "entries/"+r.name(i), url.Values{})
	if answer == nil {
		return
	}
	var e struct {
		ID    string
		Time  time.Time
		Proof struct {
			TreeSize uint64 `json:"tree_size"`
		}
	}
	if err := json.Unmarshal(answer, &e); err != nil || e.ID != r.name(i) || !e.Time.Equal(r.time(i)) {
		r.t.Errorf("entry %s is answered as %s, %v", r.name(i), answer, err)
	}
	r.whole.Add(1)
}

// checkExported exports the old entries, and returns an error if one is not there, or there twice.
func (a *archived) checkExported() error {
	c := command(a.t, nil, "export", "--tenant", "acme", "--from", "2000-01-01", "--to", "2100-01-01", "--format", "ndjson", "-o", "-", "--data", a.data)
	var failed bytes.Buffer
	c.Stderr = &failed
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	seen, n := make([]bool, a.count), 0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e struct{ ID string }
		var i int
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("%w: %s", err, lines.Bytes())
		}
		if _, err := fmt.Sscanf(e.ID, "old.%d.0.1", &i); err != nil || i >= a.count || seen[i] {
			return fmt.Errorf("entry %s is there twice, or was not imported", e.ID)
		}
		seen[i] = true
		n++
	}
	if err := c.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, failed.String())
	}
	if n != a.count {
		return fmt.Errorf("%d of %d entries are exported", n, a.count)
	}
	return nil
}
