package server

import (
	"encoding/json"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"oplog/exports"
	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

const anExport = `{"range":"today","format":"csv"}`

// refusedTurn sends a request that waits for its turn in vain.
func (f *fixture) refusedTurn(caller, method, path, body string) {
	f.Helper()
	r := f.send(caller, method, path, body)
	if f.asProblem(r, 429); r.header.Get("Retry-After") == "" {
		f.Errorf("%s: 429 without Retry-After", path)
	}
}

// TestTurns: requests that read wait for the turn of their caller, and only as long as their client; others are answered.
func TestTurns(t *testing.T) {
	f := newServer(t)
	keys := must(f.log.Identity.Keys("acme"))(t)
	caller := wire.Holder{Caller: "key acme " + keys[slices.IndexFunc(keys, func(k identity.APIKey) bool { return k.Name == "read" })].ID, Tenant: "acme"}
	turns, taken := f.server.turns, int64(0)
	for ; turns.Take(caller, 1) == nil; taken++ {
	}
	f.server.turnTime = time.Millisecond
	const summary = tenantA + "/summary"
	for _, path := range []string{summary, entriesPath, tenantA + "/catalog", tenantA + "/live"} {
		f.refusedTurn("read", "GET", path, "")
	}
	f.refusedTurn("read", "POST", exportsPath, anExport)
	f.get("auditor", summary, 200)
	if held := f.server.streams.Held(caller.Caller); held != 0 {
		t.Errorf("%d streams that did not begin are open", held)
	}

	// A client that leaves waits no longer.
	f.server.turnTime, f.server.watchAfter = time.Hour, 0
	address := strings.TrimPrefix(f.listen(), "http://")
	for _, path := range []string{summary, tenantA + "/live"} {
		c, err := net.Dial("tcp", address)
		f.noError(err)
		_, err = io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+f.sent["read"]["Authorization"]+"\r\n\r\n")
		f.noError(err)
		before := f.server.meters.requests[0][2].Get()
		f.noError(c.Close())
		for f.server.meters.requests[0][2].Get() == before {
			time.Sleep(time.Millisecond)
		}
	}

	answered := make(chan int)
	go func() { answered <- f.send("read", "GET", summary, "").status }()
	turns.Give(caller, taken)
	if status := <-answered; status != 200 {
		t.Errorf("once it is its turn: %d", status)
	}
	f.asProblem(f.send("read", "GET", summary+"?q=%22", ""), 422)
	if held := turns.Held(caller.Caller); held != 0 {
		t.Errorf("%d turns have not ended", held)
	}
}

// TestTurnsOfRefusals: a request that is refused because its caller has too much is answered at once and keeps its turn for a while, others do not.
func TestTurnsOfRefusals(t *testing.T) {
	var store oplog.Store
	f := newServerOver(t, func(s oplog.Store) oplog.Store { store = s; return s })
	f.server.refusedPause = time.Hour
	keys := must(f.log.Identity.Keys("acme"))(t)
	key := keys[slices.IndexFunc(keys, func(k identity.APIKey) bool { return k.Name == "read" })]
	turns := func(want int64) {
		t.Helper()
		if held := f.server.turns.Held("key acme " + key.ID); held != want {
			t.Errorf("%d turns are held, want %d", held, want)
		}
	}
	f.get("read", tenantA+"/summary", 200)
	f.asProblem(f.send("read", "POST", exportsPath, `{"range":"today","format":"doc"}`), 422)
	turns(0)
	for i := range exports.MaxKeptOfCreator {
		x := exports.Export{ID: strconv.Itoa(i), Tenant: "acme", Status: exports.Done, Format: "csv", CreatedBy: exports.Creator{Key: key.Name, KeyID: key.ID}, ExpiresAt: clock.Add(time.Hour)}
		f.noError(store.PutRecord(oplog.RecordExport, "acme/"+x.ID, oplog.Revision{}, must(json.Marshal(x))(t)))
	}
	f.asProblem(f.send("read", "POST", exportsPath, anExport), 429)
	turns(1)
	f.server.refusedPause = 0
	f.asProblem(f.send("read", "POST", exportsPath, anExport), 429)
	for start := time.Now(); f.server.turns.Held("key acme "+key.ID) > 1 && time.Since(start) < 10*time.Second; {
		time.Sleep(time.Millisecond)
	}
	turns(1)
}

// TestTurnsOfABusyCaller: while requests of a caller wait, one that took time is answered at once, but the next one's turn begins after a pause. The
// last one is followed by none.
func TestTurnsOfABusyCaller(t *testing.T) {
	f := newServer(t)
	keys := must(f.log.Identity.Keys("acme"))(t)
	caller := wire.Holder{Caller: "key acme " + keys[slices.IndexFunc(keys, func(k identity.APIKey) bool { return k.Name == "read" })].ID, Tenant: "acme"}
	f.server.busy.time, f.server.busy.pause = 0, time.Hour
	turns, taken := f.server.turns, int64(0)
	for ; turns.Take(caller, 1) == nil; taken++ {
	}
	answered := make(chan int, 2)
	for range 2 {
		go func() { answered <- f.send("read", "GET", tenantA+"/summary", "").status }()
	}
	for turns.Waiting(caller) < 2 {
		time.Sleep(time.Millisecond)
	}
	turns.Give(caller, 1)
	if status := <-answered; status != 200 {
		t.Errorf("the first request: %d", status)
	}
	if turns.Waiting(caller) != 1 || turns.Held(caller.Caller) != taken {
		t.Errorf("after it %d wait, and %d turns of %d are held", turns.Waiting(caller), turns.Held(caller.Caller), taken)
	}
	turns.Give(caller, 1)
	if status := <-answered; status != 200 {
		t.Errorf("the second request: %d", status)
	}
	if held := turns.Held(caller.Caller); held != taken-1 {
		t.Errorf("at the end %d turns of %d are held", held, taken)
	}
}

// TestPausesOfBusyCallers: a pause follows each busyTime of turns, not each turn, and what another caller's turns took does not count.
func TestPausesOfBusyCallers(t *testing.T) {
	busy, pauses := newBusyCallers(), 0
	for i := range 16 {
		if busy.pauseAfter(wire.Holder{Caller: strconv.Itoa(i)}, busyTime-1, true) > 0 {
			t.Errorf("caller %d pauses", i)
		}
		if busy.pauseAfter(wire.Holder{Caller: "busy"}, busyTime/4, true) == busyPause {
			pauses++
		}
	}
	if pauses != 4 {
		t.Errorf("%d pauses", pauses)
	}
	for range 16 {
		if busy.pauseAfter(wire.Holder{Caller: "alone"}, busyTime, false) > 0 {
			t.Error("a caller of whom nothing waits pauses")
		}
	}
}

// TestTurnsOfATenant: many callers of one tenant leave turns to the others.
func TestTurnsOfATenant(t *testing.T) {
	f := newServer(t)
	f.server.turnTime = time.Millisecond
	turns := f.server.turns
	const summary = tenantA + "/summary"
	var crowd []wire.Holder
	for caller := (wire.Holder{Caller: "0", Tenant: "acme"}); turns.Take(caller, 1) == nil; caller.Caller = strconv.Itoa(len(crowd)) {
		crowd = append(crowd, caller)
	}
	f.refusedTurn("auditor", "GET", summary, "")
	f.refusedTurn("auditor", "POST", exportsPath, anExport)
	f.refusedTurn("directory", "PUT", tenantA+"/organizations", `[]`)
	f.refusedTurn("admin", "PUT", tenantA+"/catalog", `{"modules":[]}`)
	f.get("strange key", "/api/v1/tenants/other/summary", 200)
	for _, caller := range crowd {
		turns.Give(caller, 1)
	}
}
