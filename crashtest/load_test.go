//go:build unix

package crashtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// writers is the number of senders.
const writers = 8

// load is a load on a running server.
type load struct {
	*ledger
	http  *http.Client
	url   func() string // of the server that the next request goes to
	pause time.Duration // of each sender between two batches, at most

	exportRequest string
	backUpEvery   time.Duration                         // about
	readsBack     bool                                  // acknowledged entries are read, too
	answered      func(kind string, took time.Duration) // is told of each answered request
}

func newLoad(l *ledger, url func() string, pause time.Duration) *load {
	return &load{
		ledger: l, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * writers}}, url: url, pause: pause,
		exportRequest: everything, backUpEvery: 200 * time.Millisecond,
	}
}

// during loads a server while do runs, which begins with the first acknowledged batch, and returns once every request has ended.
func (l *ledger) during(s *server, do func()) {
	l.t.Helper()
	before := l.acknowledged()
	newLoad(l, s.at, 2*time.Millisecond).during(func() {
		for end := time.Now().Add(startTime); l.acknowledged() == before; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				l.t.Error("nothing is acknowledged")
				return
			}
		}
		do()
	})
}

// during loads a server while do runs, and returns once every request has ended.
func (w *load) during(do func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var actors sync.WaitGroup
	for i := range w.senders {
		actors.Go(func() { repeat(ctx, w.pause, func() { w.send(ctx, &w.senders[i]) }) })
	}
	actors.Go(func() { repeat(ctx, 20*time.Millisecond, func() { w.search(ctx) }) })
	actors.Go(func() { repeat(ctx, 20*time.Millisecond, func() { w.follow(ctx) }) })
	actors.Go(func() { repeat(ctx, 100*time.Millisecond, func() { w.checkpoint(ctx) }) })
	actors.Go(func() { repeat(ctx, 100*time.Millisecond, func() { w.export(ctx) }) })
	actors.Go(func() { repeat(ctx, w.backUpEvery, func() { w.backUp(ctx) }) })
	defer func() { // also if do ends the test
		cancel()
		actors.Wait()
		w.http.CloseIdleConnections()
	}()
	do()
}

// repeat acts until the context ends. A server that is gone or out of order is asked again.
func repeat(ctx context.Context, pause time.Duration, act func()) {
	for ctx.Err() == nil {
		act()
		select {
		case <-ctx.Done():
		case <-time.After(rand.N(pause)):
		}
	}
}

// call sends a request and reads the answer; the status is 0 if there was none, or not a complete one.
func (w *load) call(ctx context.Context, kind, key, method, path string, body []byte) (status int, answer []byte) {
	status, answer, _ = w.ask(ctx, kind, key, method, path, body)
	return status, answer
}

// ask is call, and tells whether the answer says that it may be old.
func (w *load) ask(ctx context.Context, kind, key, method, path string, body []byte) (status int, answer []byte, stale bool) {
	r, err := http.NewRequestWithContext(ctx, method, w.url()+"/api/v1/"+path, bytes.NewReader(body))
	if err != nil {
		w.t.Error(err)
		return 0, nil, false
	}
	r.Header.Set("Authorization", "Bearer "+key)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	began := time.Now()
	a, err := w.http.Do(r)
	if err != nil {
		return 0, nil, false
	}
	answer, err = io.ReadAll(a.Body)
	_ = a.Body.Close()
	if err != nil {
		return 0, nil, false
	}
	if w.answered != nil {
		w.answered(kind, time.Since(began))
	}
	return a.StatusCode, answer, a.Header.Get("Oplog-Stale") != ""
}

// sender sends batches with ids of its own. A batch that was not acknowledged is sent again, after a restart, too. One that sends none sends each batch
// once: whatever becomes of it, it must not be there twice.
type sender struct {
	name    string
	sendsNo bool // ids
	batches int
	ids     []string // of the batch that is not acknowledged yet
	body    []byte
}

// prepare makes the next batch, unless there is one to be sent again.
func (s *sender) prepare() {
	if s.ids != nil {
		return
	}
	s.batches++
	size := 1 + rand.IntN(12)
	at := time.Now().UTC().Format(time.RFC3339Nano)
	var b bytes.Buffer
	b.WriteString(`{"entries":[`)
	for i := range size {
		id := fmt.Sprintf("%s.%d.%d.%d", s.name, s.batches, i, size)
		s.ids = append(s.ids, id)
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('{')
		if !s.sendsNo {
			fmt.Fprintf(&b, `"id":%q,`, id)
		}
		fmt.Fprintf(&b, `"time":%q,"user":{"id":%q,"name":"王晓敏 Emma"},"module":"sms","operation":"send","content":{"id":%q,"name":"双11返场 Encore"}}`,
			at, s.name, id)
	}
	b.WriteString(`]}`)
	s.body = b.Bytes()
}

func (w *load) send(ctx context.Context, s *sender) {
	s.prepare()
	// Not the context: an answer that is on its way counts.
	status, answer := w.call(context.WithoutCancel(ctx), "send", w.writeKey, http.MethodPost, "tenants/acme/entries", s.body)
	switch status {
	case http.StatusCreated:
	case 0, http.StatusServiceUnavailable, http.StatusInsufficientStorage, http.StatusInternalServerError, http.StatusTooManyRequests:
		if s.sendsNo {
			if s.ids = nil; status != 0 {
				w.refused.Add(1)
			}
		}
		return // it is sent again
	default:
		w.t.Errorf("a batch is answered with %d: %s", status, answer)
		return
	}
	var stored struct {
		Entries []struct {
			ID  string
			Seq uint64
		}
	}
	if err := json.Unmarshal(answer, &stored); err != nil || len(stored.Entries) != len(s.ids) {
		w.t.Errorf("%v: %s", err, answer)
		return
	}
	for i, e := range stored.Entries {
		if e.ID != s.ids[i] && !s.sendsNo {
			w.t.Errorf("entry %s is answered as %s", s.ids[i], e.ID)
		}
		w.acknowledge(s.ids[i], e.Seq)
	}
	if w.readsBack {
		w.readBack(ctx, stored.Entries[0].ID)
	}
	s.ids = nil
}

// search reads a page and a summary. Where the server is out of order these say so; what they contain is checked elsewhere.
func (w *load) search(ctx context.Context) {
	for _, path := range []string{"entries?q=encore&limit=50", "summary?range=today", "entries?order=seq&after_seq=0&limit=100"} {
		if status, answer := w.call(ctx, "read", w.readKey, http.MethodGet, "tenants/acme/"+path, nil); status >= 400 && status < 429 {
			w.t.Errorf("%s is answered with %d: %s", path, status, answer)
		}
	}
}

// follow reads a live stream for a while.
func (w *load) follow(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	w.call(ctx, "live", w.readKey, http.MethodGet, "tenants/acme/live", nil)
}

// checkpoint remembers the newest signed head of the log.
func (w *load) checkpoint(ctx context.Context) {
	if status, answer := w.call(ctx, "checkpoint", w.readKey, http.MethodGet, "tenants/acme/checkpoint", nil); status == http.StatusOK {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.kept = answer
	}
}

// everything is the period of all entries.
const everything = `{"range":"custom","from":"2000-01-01T00:00:00Z","to":"2100-01-01T00:00:00Z","format":"ndjson"}`

// export makes an export, and remembers it once it is told as done.
func (w *load) export(ctx context.Context) {
	type export struct {
		ID, Status string
		RowsTotal  int `json:"rows_total"`
	}
	status, answer := w.call(ctx, "export", w.readKey, http.MethodPost, "tenants/acme/exports", []byte(w.exportRequest))
	var x export
	if status != http.StatusAccepted || json.Unmarshal(answer, &x) != nil {
		return
	}
	for x.Status == "running" && ctx.Err() == nil {
		time.Sleep(2 * time.Millisecond)
		status, answer = w.call(ctx, "export", w.readKey, http.MethodGet, "tenants/acme/exports/"+x.ID, nil)
		if status != http.StatusOK || json.Unmarshal(answer, &x) != nil {
			return
		}
	}
	switch {
	case w.removes:
		w.call(ctx, "export", w.readKey, http.MethodDelete, "tenants/acme/exports/"+x.ID, nil)
	case x.Status == "done":
		w.exported(x.ID, x.RowsTotal)
	}
}

// backUp downloads a backup, and remembers it if it is complete, with the entries that were acknowledged before.
func (w *load) backUp(ctx context.Context) {
	before := w.acknowledged()
	status, answer, stale := w.ask(ctx, "backup", w.backupKey, http.MethodGet, "backup", nil)
	if status != http.StatusOK || stale {
		return
	}
	path := filepath.Join(w.dir, "downloaded.backup")
	if err := os.WriteFile(path, answer, 0o600); err != nil {
		w.t.Error(err)
		return
	}
	w.backedUp(path, before)
}
