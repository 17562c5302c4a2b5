package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"oplog/node/nodetest"
	"oplog/server/wire"
	"oplog/storage"
)

// TestForwardedAsIfAtTheLeader: address, scheme, host and origin of a client count at the leader as if it had come there itself, and nobody can
// make them up.
func TestForwardedAsIfAtTheLeader(t *testing.T) {
	leader, others := newNodes(t, 3).leader()
	f := others[0]
	f.server.proxies = everyPeer
	f.server.hosts = wire.NewHosts([]string{"log.example"}, false)
	r := f.send("nobody", "POST", "/api/v1/session", signIn("auditor", password), "X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "https",
		"X-Forwarded-Host", "log.example", "Origin", "https://log.example", "Oplog-Forwarded-For", "203.0.113.9", "Oplog-Forwarded-Proto", "http", "User-Agent", "Firefox")
	cookie := r.header.Get("Set-Cookie")
	if r.status != 200 || !strings.HasPrefix(cookie, "__Host-oplog_session=") || !strings.Contains(cookie, "; Secure") {
		t.Fatalf("%d %q: %s", r.status, cookie, r.body)
	}
	for _, n := range []*fixture{f, leader, others[1]} {
		n.server.hosts = wire.NewHosts([]string{"example.com"}, false)
		if sessions := n.get("auditor", "/api/v1/sessions", 200); !strings.Contains(sessions, `"ip":"198.51.100.7"`) || !strings.Contains(sessions, "Firefox") {
			t.Errorf("the session is not the client's: %s", sessions)
		}
	}
	if at, err := strconv.ParseUint(r.header.Get("Oplog-Position"), 10, 64); err != nil || at == 0 || f.cluster.Applied() < at {
		t.Errorf("position %q", r.header.Get("Oplog-Position"))
	}
	for _, site := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.test"}} {
		f.asProblem(f.send("nobody", "POST", "/api/v1/session", signIn("auditor", password), site...), 403)
	}
	f.asProblem(f.send("nobody", "POST", "/api/v1/session", signIn("auditor", password), "X-Forwarded-Host", "evil.test"), 421)
	f.server.proxies = nil
	f.send("nobody", "POST", "/api/v1/session", signIn("admin", password), "Oplog-Forwarded-For", "203.0.113.9")
	if sessions := f.get("admin", "/api/v1/sessions", 200); strings.Contains(sessions, "203.0.113.9") {
		t.Errorf("a client made its address up: %s", sessions)
	}
}

// TestForwardedThrottling: attempts are counted by the client's address, wherever they come in.
func TestForwardedThrottling(t *testing.T) {
	leader, others := newNodes(t, 3).leader()
	all := append(slices.Clone(others), leader)
	for i := range pairLimit.attempts {
		f := all[i%len(all)]
		f.server.proxies = everyPeer
		f.asProblem(f.send("nobody", "POST", "/api/v1/session", signIn("auditor", "wrong password"), "X-Forwarded-For", "198.51.100.7"), 401)
	}
	for _, f := range all {
		r := f.send("nobody", "POST", "/api/v1/session", signIn("auditor", password), "X-Forwarded-For", "198.51.100.7")
		if f.asProblem(r, 429); r.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if r := f.send("nobody", "POST", "/api/v1/session", signIn("auditor", password), "X-Forwarded-For", "198.51.100.8"); r.status != 200 {
			t.Errorf("from another address: %d %s", r.status, r.body)
		}
	}
}

// post sends a body of a length, negative for unknown, over a connection.
func (f *fixture) post(url string, body io.Reader, length int64, key string) reply {
	f.Helper()
	r := must(http.NewRequestWithContext(f.Context(), http.MethodPost, url+entriesPath, body))(f)
	r.ContentLength = length
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", key)
	answer, err := http.DefaultClient.Do(r)
	f.noError(err)
	defer func() { _ = answer.Body.Close() }()
	return reply{answer.StatusCode, answer.Header, string(must(io.ReadAll(answer.Body))(f))}
}

// TestForwardedBodies: bodies of all sizes and forms arrive whole, as they come, and what the leader answers early arrives, too.
func TestForwardedBodies(t *testing.T) {
	leader, others := newNodes(t, 3).leader()
	f := others[0]
	url, key := f.listen(), f.sent["write"]["Authorization"]
	entries := func(n int) string {
		return `{"entries":[` + strings.Repeat(entry(`"content":{"name":"`+strings.Repeat("x", 900)+`"}`)+",", n-1) + entry() + `]}`
	}
	for _, n := range []int{1, 10, 5000} {
		for _, length := range []int{len(entries(n)), -1} {
			if r := f.post(url, io.MultiReader(strings.NewReader(entries(n))), int64(length), key); r.status != 201 {
				t.Errorf("%d entries of %d bytes: %d %s", n, length, r.status, r.body)
			}
		}
	}
	for _, n := range []*fixture{f, leader} {
		if total := decode[struct{ Total int }](t, n.get("read", tenantA+"/summary", 200)).Total; total != 2*5011 {
			t.Errorf("there are %d entries", total)
		}
	}
	big := strings.NewReader(entries(5000))
	if r := f.post(url, big, big.Size(), "Bearer wrong"); r.status != 401 {
		t.Errorf("unknown key: %d %s", r.status, r.body)
	}
	if r := f.post(url, io.LimitReader(zeros{}, wire.MaxBodyBytes+1), wire.MaxBodyBytes+1, key); r.status != 413 {
		t.Errorf("too large: %d %s", r.status, r.body)
	}
	half, more := io.Pipe()
	answered := make(chan reply, 1)
	go func() { answered <- f.post(url, half, -1, key) }()
	text := entries(2000)
	_, err := io.WriteString(more, text[:len(text)/2])
	f.noError(err)
	has := func(n *fixture) bool { return n != f && n.server.bodies.Held() >= int64(len(text)/4) }
	for len(answered) == 0 && !has(leader) && !slices.ContainsFunc(others, has) { // on a slow machine another one leads by now
		time.Sleep(time.Millisecond) // the leader has a part of it
	}
	_, err = io.WriteString(more, text[len(text)/2:])
	f.noError(errors.Join(err, more.Close()))
	if r := <-answered; r.status != 201 {
		t.Errorf("in two parts: %d %s", r.status, r.body)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestReadYourWrites: what any node has acknowledged is read on any other.
func TestReadYourWrites(t *testing.T) {
	all := newNodes(t, 3)
	for i := range 200 {
		id := fmt.Sprintf("r%d", i)
		if r := all[i%3].send("write", "POST", entriesPath, entry(`"id":"`+id+`","time":"2026-11-22T07:00:00Z"`)); r.status != 201 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		all[(i+1)%3].get("read", entriesPath+"/"+id, 200)
	}
	made := all[0].send("write", "POST", entriesPath, entry(`"id":"last","time":"2026-11-22T07:00:00Z"`))
	r := all[1].send("read", "GET", entriesPath+"/last", "", "Oplog-Position", made.header.Get("Oplog-Position"))
	if r.status != 200 || r.header.Get("Oplog-Stale") != "" {
		t.Errorf("%d %v", r.status, r.header)
	}
	all[1].asProblem(all[1].send("read", "GET", entriesPath, "", "Oplog-Position", "x"), 422)
	all[1].server.positionTime = time.Millisecond
	if p := all[1].send("read", "GET", entriesPath, "", "Oplog-Position", "99999999"); all[1].asProblem(p, 503).Detail == "" || p.header.Get("Retry-After") == "" {
		t.Errorf("%v", p.header)
	}
}

// TestNewLeader: when the lead changes, changes go to the new leader, and waiting for that is not seen.
func TestNewLeader(t *testing.T) {
	all := newNodes(t, 3)
	for i := range 3 {
		before, others := all.leader()
		f := others[0]
		r := f.again("owner", "POST", "/api/v1/cluster/transfer", `{"to":"`+others[1].cluster.ID()+`"}`)
		if r.status != 204 {
			t.Fatalf("transfer: %d %s", r.status, r.body)
		}
		for j, n := range []*fixture{f, before, others[1]} {
			r := n.send("write", "POST", entriesPath, entry(fmt.Sprintf(`"id":"n%d-%d","time":"2026-11-22T07:00:00Z"`, i, j)))
			if r.status != 201 && (r.status != 503 || r.header.Get("Retry-After") == "") {
				t.Errorf("%d %s", r.status, r.body)
			}
		}
		if now, _ := all.leader(); now != others[1] {
			t.Error("another node leads")
		}
	}
	trail := all[0].get("owner", "/api/v1/access?operation=server.transfer", 200)
	if strings.Count(trail, `"operation":"transfer"`) != 3 {
		t.Error(trail)
	}
}

// TestQuorumLost: without a quorum, what is here is read and said to be old, changes say what to do, and the node is not ready but alive.
func TestQuorumLost(t *testing.T) {
	all := newElectingNodes(t, 3)
	leader, others := all.leader()
	f := others[0]
	nodetest.Eventually(t, "it is ready", func() bool { return f.send("metrics", "GET", "/readyz", "").status == 200 })
	nodetest.Eventually(t, "it reads what is new", func() bool {
		r := f.send("read", "GET", entriesPath, "")
		return r.status == 200 && r.header.Get("Oplog-Stale") == "" && r.header.Get("Oplog-Position") != ""
	})
	others[1].stop()
	leader.stop()
	for f.cluster.Health().Quorum {
		time.Sleep(10 * time.Millisecond)
	}
	for range 2 {
		r := f.send("write", "POST", entriesPath, entry())
		if told := f.asProblem(r, 503); r.header.Get("Retry-After") == "" || !strings.Contains(told.Detail, "Start the nodes") || !strings.Contains(r.body, "no-leader") {
			t.Errorf("%v %s", r.header, r.body)
		}
	}
	for _, headers := range [][]string{nil, {"Oplog-Position", "2"}} {
		if r := f.send("read", "GET", entriesPath, "", headers...); r.status != 200 || r.header.Get("Oplog-Stale") != "true" {
			t.Errorf("%d %v", r.status, r.header)
		}
	}
	for _, path := range []string{"/", "/docs/", "/assets/app.js", "/healthz", "/api/v1/openapi.json", "/api/v1/status"} {
		if r := f.send("metrics", "GET", path, ""); r.status != 200 || r.header.Get("Oplog-Stale") != "" || r.header.Get("Oplog-Position") != "" {
			t.Errorf("%s: %d %v", path, r.status, r.header)
		}
	}
	lost := decode[struct {
		Lost *quorumLostBody `json:"quorum_lost"`
	}](t, f.get("nobody", "/api/v1/status", 200)).Lost
	if lost == nil || lost.Nodes != 3 || lost.Unreachable != 2 || time.Since(lost.Since) > time.Minute {
		t.Errorf("%+v", lost)
	}
	if text := f.get("metrics", "/readyz", 503); !strings.Contains(text, "no quorum") {
		t.Error(text)
	}
	if m := f.metrics(); m["oplog_cluster_quorum"] != 0 || m["oplog_cluster_leader"] != 0 || m["oplog_cluster_applied_index"] == 0 {
		t.Errorf("%v", m)
	}
}

// TestCluster: owners see the nodes, get a token, and remove a node with their password.
func TestCluster(t *testing.T) {
	all := newNodes(t, 3)
	leader, others := all.leader()
	f := others[0]
	var b clusterBody
	for b.LeaderSince.IsZero() || b.Level < storage.HighestLevel { // it is noticed each half second, and raised after two
		b = decode[clusterBody](t, f.get("owner", "/api/v1/cluster", 200))
	}
	if !b.Enabled || !b.Quorum || b.Leader != leader.cluster.ID() || b.ID != f.cluster.ID() || len(b.Nodes) != 3 {
		t.Errorf("%+v", b)
	}
	for _, n := range b.Nodes {
		if n.Version != "test" || n.Level != storage.HighestLevel || n.DiskSize == 0 || !n.Voter || !n.Reachable || n.Leader != (n.ID == b.Leader) {
			t.Errorf("%+v", n)
		}
	}
	if level := f.metrics()["oplog_cluster_level"]; level != storage.HighestLevel {
		t.Errorf("oplog_cluster_level is %v", level)
	}
	token := f.send("owner", "POST", "/api/v1/cluster/tokens", "")
	if token.status != 201 || !strings.Contains(token.header.Get("Cache-Control"), "no-transform") || len(decode[struct{ Token string }](t, token.body).Token) < 40 {
		t.Errorf("%d %v %s", token.status, token.header, token.body)
	}
	gone := "/api/v1/cluster/nodes/" + others[1].cluster.ID()
	f.asProblem(f.again("owner", "DELETE", gone, `{}`), 422)
	f.asProblem(f.again("owner", "DELETE", gone, `{"password":"wrong"}`), 422)
	f.asProblem(f.again("owner", "DELETE", "/api/v1/cluster/nodes/none", byPassword), 404)
	leader, _ = all.leader()
	f.asProblem(f.again("owner", "DELETE", "/api/v1/cluster/nodes/"+leader.cluster.ID(), byPassword), 409)
	if r := f.again("owner", "DELETE", gone, byPassword); r.status != 204 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if b := decode[clusterBody](t, f.get("owner", "/api/v1/cluster", 200)); len(b.Nodes) != 2 {
		t.Errorf("%+v", b.Nodes)
	}
	told := f.get("owner", "/api/v1/access", 200)
	for _, operation := range []string{"add_join_token", "remove_node"} {
		if strings.Count(told, `"operation":"`+operation+`"`) < 1 {
			t.Errorf("%s is not in the trail: %s", operation, told)
		}
	}
}

// TestAloneNothingIsAdded: a log on one node answers without headers of nodes, and knows no others' requests.
func TestAloneNothingIsAdded(t *testing.T) {
	f := newServer(t)
	for _, r := range []reply{
		f.send("admin", "GET", entriesPath, "", "Oplog-Position", "99"), f.send("write", "POST", entriesPath, entry()), f.send("nobody", "GET", "/api/v1/status", ""),
	} {
		for name := range r.header {
			if strings.HasPrefix(name, "Oplog-") {
				t.Errorf("the header %s", name)
			}
		}
		if r.status >= 400 || strings.Contains(r.body, "quorum") {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	for _, handlers := range f.server.app.Stack() {
		for _, h := range handlers {
			if h.Path == "/" && len(h.Handlers) > 2 {
				t.Errorf("%d handlers precede all", len(h.Handlers))
			}
		}
	}
	if body := f.get("owner", "/api/v1/cluster", 200); body != "{\"enabled\":false,\"quorum\":false,\"diverged\":false}\n" {
		t.Error(body)
	}
}
