package onprem

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"oplog/exports/formats"
	"oplog/signing"
)

// site is oplog as people and programs reach it through a proxy.
type site struct {
	*testing.T
	url     string // of the base path
	address string // of the proxy
	roots   *x509.CertPool
	network string // the first three parts of visitors' addresses, such as 127.0.1.
	keys    keys
	vkey    string // the log's verifier key
}

// visitor is a browser or a program at an address of its own.
type visitor struct {
	site
	http *http.Client
	ip   string
	key  string // an API key; "" for people
}

// visitor returns a visitor whose address ends with a number.
func (s site) visitor(number int, scope string) *visitor {
	v := &visitor{site: s, ip: fmt.Sprint(s.network, number), key: s.keys[scope]}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(v.ip)}}
	transport := &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: s.roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, s.address)
		},
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	v.http = &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	s.Cleanup(transport.CloseIdleConnections)
	return v
}

// direct returns a visitor who connects to the server itself, past the proxy.
func (s site) direct(number int, backend string) *visitor {
	s.address, s.url = backend, "http://"+host+"/oplog"
	return s.visitor(number, "")
}

// ask sends a request, whose response the caller closes.
func (v *visitor) ask(ctx context.Context, method, path, body string, headers ...string) *http.Response {
	v.Helper()
	r, err := http.NewRequestWithContext(ctx, method, v.url+path, strings.NewReader(body))
	if err != nil {
		v.Fatal(err)
	}
	if v.key != "" {
		r.Header.Set("Authorization", "Bearer "+v.key)
	}
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := v.http.Do(r)
	if err != nil {
		v.Fatal(err)
	}
	return response
}

// send sends a request, whose status must be the wanted one, and returns the response with its body.
func (v *visitor) send(want int, method, path, body string, headers ...string) (*http.Response, string) {
	v.Helper()
	response := v.ask(v.Context(), method, path, body, headers...)
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != want {
		v.Fatalf("%s %s: %d, want %d; %v, %.500s", method, path, response.StatusCode, want, err, text)
	}
	return response, string(text)
}

func (v *visitor) get(path string) string {
	v.Helper()
	_, text := v.send(http.StatusOK, http.MethodGet, path, "")
	return text
}

// signIn signs in and returns the cookie.
func (v *visitor) signIn(username string, headers ...string) *http.Cookie {
	v.Helper()
	response, _ := v.send(http.StatusOK, http.MethodPost, "/api/v1/session", fmt.Sprintf(`{"username":%q,"password":%q}`, username, password), headers...)
	for _, c := range response.Cookies() {
		if strings.HasSuffix(c.Name, "oplog_session") {
			return c
		}
	}
	v.Fatalf("there is no cookie: %v", response.Header)
	return nil
}

const (
	acme  = "/api/v1/tenants/acme"
	claim = "203.0.113.9" // an address that a client claims to have
)

// forged are headers of a client that pretends to be elsewhere.
var forged = []string{"X-Forwarded-For", claim, "X-Real-IP", claim, "Forwarded", "for=" + claim, "X-Forwarded-Proto", "http", "X-Forwarded-Host", "evil.test"}

// check does through the proxy what people and programs do.
func (s site) check(backend string) {
	s.Helper()
	s.checkConsole()
	s.checkSignIn(backend)
	s.checkLaunch()
	s.checkLive()
	s.checkDownload()
	s.visitor(20, "").send(http.StatusUnauthorized, http.MethodGet, "/metrics", "")
	if text := s.visitor(20, "metrics").get("/metrics"); !strings.Contains(text, "oplog_entries_recorded_total") {
		s.Errorf("metrics: %.300s", text)
	}
}

// checkConsole opens the console and the manual under the path.
func (s site) checkConsole() {
	s.Helper()
	v := s.visitor(2, "")
	page := v.get("/")
	script := regexp.MustCompile(`src="/oplog(/assets/[^"]+\.js)"`).FindStringSubmatch(page)
	if !strings.Contains(page, `<meta name="base-path" content="/oplog" />`) || script == nil {
		s.Fatalf("the console is %s", page)
	}
	v.get(script[1])
	if page := v.get("/docs/"); !strings.Contains(page, "<h1") {
		s.Errorf("the manual is %.300s", page)
	}
	response := v.ask(s.Context(), http.MethodGet, "", "")
	_ = response.Body.Close()
	if to := response.Header.Get("Location"); response.StatusCode/100 != 3 || !strings.HasSuffix(to, "/oplog/") {
		s.Errorf("without a slash: %d, to %q", response.StatusCode, to)
	}
}

// checkSignIn: the cookie is for this site and HTTPS alone, and the access log has the address of the client, whatever it claims.
func (s site) checkSignIn(backend string) {
	s.Helper()
	honest, liar, past := s.visitor(3, ""), s.visitor(4, ""), s.direct(5, backend)
	for _, v := range []*visitor{honest, liar} {
		var headers []string
		if v == liar {
			headers = forged
		}
		if c := v.signIn("ann", headers...); c.Name != "__Secure-oplog_session" || !c.Secure || !c.HttpOnly || c.Path != "/oplog/" {
			s.Errorf("the cookie is %s", c)
		}
	}
	if c := past.signIn("ann", forged[:6]...); c.Secure {
		s.Errorf("past the proxy, without HTTPS, the cookie is %s", c)
	}
	seen := honest.addresses()
	for _, v := range []*visitor{honest, liar, past} {
		if seen[v.ip] == 0 {
			s.Errorf("the access log does not have the address %s: %v", v.ip, seen)
		}
	}
	if seen[claim] > 0 {
		s.Errorf("the access log has the address that a client claims to have: %v", seen)
	}
}

// addresses returns the addresses in the newest events of the access log, with their number.
func (v *visitor) addresses() map[string]int {
	v.Helper()
	var page struct{ Entries []struct{ IP string } }
	if err := json.Unmarshal([]byte(v.get(acme+"/access?limit=200")), &page); err != nil {
		v.Fatal(err)
	}
	seen := map[string]int{}
	for _, e := range page.Entries {
		seen[e.IP]++
	}
	return seen
}

// checkLaunch follows a link of a host system, which leads to the log under the path.
func (s site) checkLaunch() {
	s.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "u_1", "name": "Emma", "role": "admin", "aud": host, "exp": time.Now().Add(time.Minute).Unix(), "jti": rand.Text(),
	}).SignedString([]byte(s.keys["launch"]))
	if err != nil {
		s.Fatal(err)
	}
	v := s.visitor(6, "")
	response, _ := v.send(http.StatusFound, http.MethodGet, "/launch?tenant=acme&token="+token, "")
	if to := response.Header.Get("Location"); to != "/oplog/t/acme/log" && to != v.url+"/t/acme/log" {
		s.Errorf("the link leads to %s", to)
	}
	if c := response.Cookies(); len(c) != 1 || !c[0].Secure || c[0].Path != "/oplog/" {
		s.Errorf("its cookie is %v", c)
	}
	if who := v.get("/api/v1/session"); !strings.Contains(who, "Emma") {
		s.Errorf("it signs in %s", who)
	}
	if seen := v.addresses(); seen[v.ip] == 0 {
		s.Errorf("the access log does not have the address %s: %v", v.ip, seen)
	}
}

// liveWait is less than the 10 seconds between two heartbeats: what arrives within it was sent by itself.
const liveWait = 5 * time.Second

// checkLive: a new entry arrives at once, and heartbeats keep an idle stream open.
func (s site) checkLive() {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	word := "live" + strings.Split(s.network, ".")[2] // others may have a stream, too
	response := s.visitor(7, "read").ask(ctx, http.MethodGet, acme+"/live?q="+word, "")
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		s.Fatalf("the stream is answered with %d", response.StatusCode)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for text := bufio.NewScanner(response.Body); text.Scan(); {
			lines <- text.Text()
		}
	}()
	await := func(want string, within time.Duration) {
		s.Helper()
		late := time.After(within)
		for {
			select {
			case line, ok := <-lines:
				if strings.HasPrefix(line, want) {
					return
				}
				if !ok {
					s.Fatalf("the stream ended before %q", want)
				}
			case <-late:
				s.Fatalf("%q is too late", want)
			}
		}
	}
	await("retry: ", liveWait)
	await("id: ", liveWait)
	writer := s.visitor(8, "write")
	for range 3 {
		writer.send(http.StatusCreated, http.MethodPost, acme+"/entries",
			fmt.Sprintf(`{"user":{"id":"u","name":"U"},"module":"sms","operation":"send","content":{"name":%q}}`, word))
		await("event: entry", liveWait)
	}
	await("id: ", 3*liveWait)
}

// large guards recording large batches, of which only so many bytes may be in progress.
var large sync.Mutex

// largeBatch is nearly as large as batches may be.
func largeBatch() string {
	var b bytes.Buffer
	filler := strings.Repeat("0123456789abcdef", 15<<10/16)
	for b.Len() < 15<<20 {
		fmt.Fprintf(&b, `{"user":{"id":"u","name":"U"},"module":"sms","operation":"send","details":{"filler":%q}}`+"\n", filler)
	}
	return b.String()
}

// checkDownload records large batches and downloads an export of them, whole and in parts, which is what its manifest says.
func (s site) checkDownload() {
	s.Helper()
	batch, writer, v := largeBatch(), s.visitor(9, "write"), s.visitor(10, "read")
	large.Lock()
	for range 3 {
		writer.send(http.StatusCreated, http.MethodPost, acme+"/entries", batch, "Content-Type", "application/x-ndjson")
	}
	large.Unlock()
	var x struct{ ID, Status string }
	_, text := v.send(http.StatusAccepted, http.MethodPost, acme+"/exports", `{"range":"last_7_days","format":"ndjson"}`)
	for until := time.Now().Add(waitTime); ; time.Sleep(20 * time.Millisecond) {
		if err := json.Unmarshal([]byte(text), &x); err != nil || x.Status != "running" || time.Now().After(until) {
			break
		}
		text = v.get(acme + "/exports/" + x.ID)
	}
	if x.Status != "done" {
		s.Fatalf("the export is %s", text)
	}
	path := acme + "/exports/" + x.ID
	file := v.get(path + "/file")
	verifier, err := signing.Follow(s.vkey, nil)
	if err != nil {
		s.Fatal(err)
	}
	if _, err := formats.Verify(strings.NewReader(file), []byte(v.get(path+"/manifest")), verifier); err != nil || len(file) < 3*len(batch) {
		s.Errorf("%d bytes were downloaded of %d: %v", len(file), 3*len(batch), err)
	}
	const from = 20 << 20
	_, part := v.send(http.StatusPartialContent, http.MethodGet, path+"/file", "", "Range", fmt.Sprintf("bytes=%d-%d", from, from+999))
	if part != file[from:from+1000] {
		s.Error("a part of the file is not what is there in the whole")
	}
}
