package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/journal"
	"oplog/oplog"
)

// follower reads a live stream.
type follower struct {
	*fixture
	lines *bufio.Scanner
}

// follow opens a live stream and reads its first event.
func (f *fixture) follow(url, caller, query, lastEvent string) *follower {
	f.Helper()
	r, err := http.NewRequestWithContext(f.Context(), http.MethodGet, url+tenantA+"/live?"+query, http.NoBody)
	f.noError(err)
	for name, value := range f.sent[caller] {
		r.Header.Set(name, value)
	}
	if lastEvent != "" {
		r.Header.Set("Last-Event-ID", lastEvent)
	}
	answer, err := http.DefaultClient.Do(r)
	f.noError(err)
	f.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		f.Fatalf("%d %v", answer.StatusCode, answer.Header)
	}
	s := &follower{f, bufio.NewScanner(answer.Body)}
	if first := s.event(); !strings.HasPrefix(first, "retry: 2000 id: ") {
		f.Fatalf("it begins with %s", first)
	}
	return s
}

// event returns the lines of the first event, or the next one that has data.
func (s *follower) event() string {
	s.Helper()
	var lines []string
	for s.lines.Scan() {
		if line := s.lines.Text(); line != "" {
			lines = append(lines, line)
			continue
		}
		if len(lines) > 1 { // otherwise it only has the position of the stream
			return strings.Join(lines, " ")
		}
		lines = nil
	}
	return "end of the stream"
}

func (s *follower) want(seq int, name string) {
	s.Helper()
	got := s.event()
	if !strings.HasPrefix(got, fmt.Sprintf("id: %d event: entry data: {", seq)) || !strings.Contains(got, `"name":"`+name+`"`) {
		s.Errorf("%s; want entry %d of %s", got, seq, name)
	}
}

func TestLive(t *testing.T) {
	f := newServer(t)
	f.server.keepAlive = 5 * time.Millisecond
	url := f.listen()
	record := func(name string) {
		t.Helper()
		f.record(entry(fmt.Sprintf(`"content":{"name":%q},"organization":{"id":"west","name":"West"}`, name)))
	}
	record("before")
	all := f.follow(url, "admin", "", "")
	some := f.follow(url, "read", "q=autumn", "")
	scoped := f.follow(url, "scoped", "", "")
	record("Spring")
	record("Autumn")
	f.record(entry(`"content":{"name":"Winter"},"organization":{"id":"east","name":"East"}`))
	all.want(2, "Spring")
	all.want(3, "Autumn")
	all.want(4, "Winter")
	some.want(3, "Autumn")
	scoped.want(4, "Winter") // west is outside the scope and not in the stream

	resumed := f.follow(url, "auditor", "", "1")
	resumed.want(2, "Spring")
	resumed.want(3, "Autumn")

	// A caller that loses permission gets an event that says so, and no further entries.
	f.noError(f.log.Identity.EndSessions("admin"))
	for got := ""; !strings.HasPrefix(got, "event: end"); {
		if got = all.event(); strings.Contains(got, "event: entry") || got == "end of the stream" {
			t.Fatalf("after the session ended: %s", got)
		}
	}
	keys := must(f.log.Identity.Keys("acme"))(t)
	for _, k := range keys {
		if k.Name == "read" {
			must(f.log.Identity.RevokeKey("acme", k.ID))(t)
		}
	}
	if got := some.event(); !strings.HasPrefix(got, `event: end data: {"code":"unauthenticated"`) {
		t.Errorf("after the key was revoked: %s", got)
	}
}

// A caller that loses permission gets no later entry, however long the next keep-alive takes.
func TestLiveEndsBeforeTheNextEntry(t *testing.T) {
	for _, c := range []struct {
		name, caller string
		lose         func(*fixture) error
	}{
		{"signed out", "auditor", func(f *fixture) error { return f.log.Identity.EndSessions("auditor") }},
		{"disabled", "auditor", func(f *fixture) error {
			_, err := f.log.Identity.ChangeAccount("auditor", func(a *identity.Account) error { a.Disabled = true; return nil })
			return err
		}},
		{"made a member", "auditor", func(f *fixture) error {
			_, err := f.log.Identity.ChangeAccount("auditor", func(a *identity.Account) error { a.Role = identity.RoleMember; return nil })
			return err
		}},
		{"scoped", "auditor", func(f *fixture) error {
			_, err := f.log.Identity.ChangeAccount("auditor", func(a *identity.Account) error { a.Organization = "east"; return nil })
			return err
		}},
		{"told to change the password", "auditor", func(f *fixture) error {
			_, err := f.log.Identity.ChangeAccount("auditor", func(a *identity.Account) error { a.MustChange = true; return nil })
			return err
		}},
		{"key revoked", "read", func(f *fixture) error {
			keys, err := f.log.Identity.Keys("acme")
			for _, k := range keys {
				if k.Name == "read" && err == nil {
					_, err = f.log.Identity.RevokeKey("acme", k.ID)
				}
			}
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newServer(t)
			f.server.keepAlive = time.Hour
			reader := f.follow(f.listen(), c.caller, "", "")
			f.record(entry(`"content":{"name":"seen"}`))
			reader.want(1, "seen")
			f.noError(c.lose(f))
			f.record(entry(`"content":{"name":"unseen"}`))
			if got := reader.event(); !strings.HasPrefix(got, `event: end data: {"code":"unauthenticated"`) {
				t.Errorf("it goes on with %s", got)
			}
		})
	}
}

// A reader that lags too far behind gets an event that says so, and which request returns the missing entries.
func TestLiveTooFarBehind(t *testing.T) {
	f := newServer(t)
	url := f.listen()
	var entries []oplog.Entry
	for i := range journal.MaxLiveLag + 1 {
		entries = append(entries, oplog.Entry{
			User: oplog.User{ID: "u", Name: "U"}, Module: "sms", Operation: "send", Content: oplog.Ref{Name: fmt.Sprint(i)},
		})
	}
	for len(entries) > 0 {
		n := min(len(entries), oplog.MaxEntriesPerRequest)
		must(f.log.Journal.Append(t.Context(), "acme", entries[:n]))(t)
		entries = entries[n:]
	}
	if got := f.follow(url, "read", "", "0").event(); !strings.Contains(got, "event: end") || !strings.Contains(got, "10001 entries behind") || !strings.Contains(got, "entries?order=seq&after_seq=0 ") {
		t.Error(got)
	}
}

// TestClosedStreamsCountNoMore: a client that closes its streams can open as many again at once, though nothing is sent on them for an hour.
func TestClosedStreamsCountNoMore(t *testing.T) {
	f := newServer(t)
	f.server.keepAlive = time.Hour
	address := strings.TrimPrefix(f.listen(), "http://")
	for round := range 4 {
		streams := make([]net.Conn, maxStreamsOfCaller)
		for i := range streams {
			c, err := net.Dial("tcp", address)
			f.noError(err)
			defer func() { _ = c.Close() }()
			_, err = io.WriteString(c, "GET "+tenantA+"/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+f.sent["read"]["Authorization"]+"\r\n\r\n")
			f.noError(err)
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			f.noError(err)
			if streams[i] = c; r.StatusCode != http.StatusOK {
				t.Fatalf("stream %d of round %d: %d", i, round, r.StatusCode)
			}
		}
		f.asProblem(f.send("read", "GET", tenantA+"/live", ""), 429)
		for _, c := range streams {
			f.noError(c.Close())
		}
	}
}

func TestLiveRejects(t *testing.T) {
	f := newServer(t)
	bad := func(query, location string, headers ...string) {
		t.Helper()
		p := f.asProblem(f.send("read", "GET", tenantA+"/live?"+query, "", headers...), 422)
		if len(p.Errors) == 0 || p.Errors[0].Location != location {
			t.Errorf("%s: %+v", query, p)
		}
	}
	bad("colour=red", "query.colour")
	bad("from=yesterday", "query.from")
	bad("q=%22", "query.q")
	bad("", "header.Last-Event-ID", "Last-Event-ID", "x")
	bad("", "header.Last-Event-ID", "Last-Event-ID", "7")
	f.asProblem(f.send("member", "GET", tenantA+"/live", ""), 403)
	f.asProblem(f.send("stranger", "GET", tenantA+"/live", ""), 404)
}
