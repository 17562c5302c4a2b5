package ldap

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"oplog/identity"
	"oplog/oplog"
)

// soon is a directory's time for a question in tests of servers that do not answer.
const soon = 300 * time.Millisecond

func isUnavailable(err error) bool {
	var e *oplog.Error
	return errors.As(err, &e) && e.Code == oplog.CodeUnavailable && strings.HasPrefix(e.Reason, "source-") && strings.Contains(e.Message, "Corp AD")
}

// endless writes a text again and again, until nobody reads.
func endless(c net.Conn, text string) {
	for {
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
	}
}

// answerWith answers each question with an operation.
func answerWith(c net.Conn, operation func(asked *ber.Packet) *ber.Packet) {
	for {
		q, err := ber.ReadPacket(c)
		if err != nil {
			return
		}
		a := ber.NewSequence("")
		a.AppendChild(q.Children[0])
		a.AppendChild(operation(q.Children[1]))
		if _, err := c.Write(a.Bytes()); err != nil {
			return
		}
	}
}

// silence answers nothing.
func silence(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// hostile are servers that do not do as they should.
var hostile = map[string]func(net.Conn){
	"says nothing": silence,
	"breaks off":   func(net.Conn) {},
	"breaks off after a question": func(c net.Conn) {
		_, _ = ber.ReadPacket(c)
	},
	"breaks off within an answer": func(c net.Conn) {
		_, _ = ber.ReadPacket(c)
		_, _ = c.Write([]byte{0x30, 0x50, 0x02, 0x01, 0x01})
	},
	"answers slowly": func(c net.Conn) {
		for _, b := range []byte{0x30, 0x84, 0, 0, 0, 0x40, 2, 1, 1, 0x61, 0x84, 0, 0, 0, 0x10} {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(soon / 5)
		}
		silence(c)
	},
	"speaks HTTP":           func(c net.Conn) { endless(c, "HTTP/1.1 400 Bad Request\r\n\r\n") },
	"nests without end":     func(c net.Conn) { endless(c, "\x30\x80") },
	"promises 2 GB":         func(c net.Conn) { endless(c, "\x30\x84\x7f\xff\xff\xf0\x04\x84\x7f\xff\xff\x00") },
	"sends integers":        func(c net.Conn) { endless(c, "\x02\x01\x00") },
	"answers what it likes": func(c net.Conn) { endless(c, "\x30\x05\x02\x01\x07\x61\x00") },
	"answers nonsense":      func(c net.Conn) { answerWith(c, func(*ber.Packet) *ber.Packet { return octets("?") }) },
	"sends entries without end": func(c net.Conn) {
		answerWith(c, func(asked *ber.Packet) *ber.Packet {
			if asked.Tag == ldap.ApplicationBindRequest {
				return resultPacket(ldap.ApplicationBindResponse, 0)
			}
			entry := ber.NewSequence("")
			entry.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 2, "")) // after the bind
			entry.AppendChild(fakeEntry{aliceDN, map[string][]string{"memberOf": {strings.Repeat("x", 100_000)}}}.packet())
			endless(c, string(entry.Bytes()))
			return octets("")
		})
	},
}

// Servers that do not do as they should keep nobody waiting, let nobody in and take no more memory than an answer may have.
func TestHostileServers(t *testing.T) {
	for name, handle := range hostile {
		t.Run(name, func(t *testing.T) {
			f := &fakeServer{url: serve(t, handle)}
			d := f.directory(t, nil)
			d.timeout = soon
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			p, err := d.SignIn(t.Context(), "alice", "secret")
			runtime.ReadMemStats(&after)
			if !isUnavailable(err) || p.Username != "" {
				t.Errorf("got %+v, %v, want that the source is unavailable", p, err)
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 40*maxAnswer {
				t.Errorf("%d MiB were taken", taken>>20)
			}
		})
	}
}

// Somebody's entry with 100,000 groups is more than is read: nobody gets in with a part of them, and others are checked.
func TestAnswersAreBounded(t *testing.T) {
	groups := make([]string, 100_000)
	for i := range groups {
		groups[i] = "CN=" + strings.Repeat("g", 90) + ",DC=ad"
	}
	f := activeDirectory(map[string][]string{"memberOf": groups}, nil)
	others := f.answer
	f.answer = func(asked search) ([]fakeEntry, uint16) {
		entries, result := others(asked)
		if !slices.Contains(asked.attributes, "memberOf") && len(entries) > 0 && entries[0].dn == aliceDN {
			attributes := map[string][]string{}
			for name, values := range entries[0].attributes {
				if name != "memberOf" {
					attributes[name] = values
				}
			}
			entries = []fakeEntry{{aliceDN, attributes}}
		}
		if strings.Contains(asked.filter, "ffffffff-") {
			entries = append(entries, fakeEntry{"CN=Bob,DC=ad", map[string][]string{"entryUUID": {"ffffffff-0000-4000-8000-000000000001"}, "sAMAccountName": {"bob"}}})
		}
		return entries, result
	}
	d := f.start(t).directory(t, nil)
	d.timeout = time.Minute // it takes long to make such an answer
	if _, err := d.SignIn(t.Context(), "alice", "secret"); !isUnavailable(err) || !strings.Contains(Why(err), "more than 8 MiB") {
		t.Errorf("sign-in: %v", err)
	}
	if order := d.order(); order[0].deadUntil.Load() != 0 {
		t.Error("the server is taken for dead")
	}
	people, err := d.FindSubjects(t.Context(), []string{"00112233-4455-6677-8899-aabbccddeeff", "ffffffff-0000-4000-8000-000000000001"})
	if err != nil || len(people) != 2 {
		t.Fatalf("got %v, %v, want two people", people, err)
	}
	alice, bob := people["00112233-4455-6677-8899-aabbccddeeff"], people["ffffffff-0000-4000-8000-000000000001"]
	if !alice.Disabled || alice.Username != "alice" || alice.Groups != nil || bob.Disabled || bob.Username != "bob" {
		t.Errorf("got %+v and %+v, want alice disabled", alice, bob)
	}
}

func TestOtherServersAreAsked(t *testing.T) {
	silent := &fakeServer{url: serve(t, silence)}
	gone := "ldap://127.0.0.1:1"
	f := activeDirectory(nil, nil).start(t)
	d := f.directory(t, func(c *Config) { c.URL = []string{gone, silent.url, f.url} })
	d.timeout = 6 * soon
	if p, err := d.SignIn(t.Context(), "alice", "secret"); err != nil || p.Username != "alice" {
		t.Fatalf("got %+v, %v, want alice", p, err)
	}
	first := func() string { return d.order()[0].url.String() }
	if first() != f.url {
		t.Errorf("%s is asked first though it was dead a moment ago", first())
	}
	now := d.now()
	d.now = func() time.Time { return now.Add(deadFor + time.Minute) }
	if first() != gone {
		t.Errorf("%s is asked first later, want the first in the configuration", first())
	}
	states := d.Servers(t.Context())
	if len(states) != 3 || states[0].Err == nil || states[1].Err == nil || states[2].Err != nil {
		t.Errorf("the servers are %+v, want two that do not answer", states)
	}
	for i, says := range []string{"refuses the connection", "does not answer in time"} {
		if err := states[i].Err; err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %q", err, says)
		}
	}
}

func TestServersThatAreBusy(t *testing.T) {
	busy := &fakeServer{bind: func(string, string) uint16 { return ldap.LDAPResultBusy }}
	busy.answer = func(search) ([]fakeEntry, uint16) { return nil, ldap.LDAPResultUnavailable }
	busy.start(t)
	f := activeDirectory(nil, nil).start(t)
	d := f.directory(t, func(c *Config) { c.URL = []string{busy.url, f.url} })
	if p, err := d.SignIn(t.Context(), "alice", "secret"); err != nil || p.Username != "alice" {
		t.Errorf("got %+v, %v, want alice", p, err)
	}
}

// Somebody who leaves while a directory is asked says nothing about it.
func TestCallersWhoLeave(t *testing.T) {
	f := &fakeServer{url: serve(t, silence)}
	d := f.directory(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(soon/3, cancel)
	if _, err := d.SignIn(ctx, "alice", "secret"); !isUnavailable(err) {
		t.Errorf("got %v", err)
	}
	if d.servers[0].deadUntil.Load() != 0 {
		t.Error("the server is taken for dead")
	}
}

func TestWrongNamesCostWhatWrongPasswordsDo(t *testing.T) {
	f := activeDirectory(nil, nil).start(t)
	d := f.directory(t, nil)
	var paused time.Duration
	d.pause = func(_ context.Context, p time.Duration) { paused = p }
	count := func(name string) (binds, searches int) {
		_, b, s := f.asked()
		if _, err := d.SignIn(t.Context(), name, "wrong"); !errors.Is(err, identity.ErrNotThisPerson) {
			t.Errorf("%s: %v", name, err)
		}
		_, b2, s2 := f.asked()
		return len(b2) - len(b), len(s2) - len(s)
	}
	binds, searches := count("alice")
	d.refusal.Store(int64(100 * time.Millisecond)) // this is how long the server compared the password
	if b, s := count("nobody"); b != binds || s < searches {
		t.Errorf("somebody unknown costs %d sign-ins and %d searches, a wrong password %d and %d", b, s, binds, searches)
	}
	if paused <= 0 || paused > 100*time.Millisecond {
		t.Errorf("the answer about somebody unknown is held back for %v, want up to 100 ms", paused)
	}
	_, all, _ := f.asked()
	if last := all[len(all)-1]; !strings.HasPrefix(last, "cn=") || !strings.HasSuffix(last, ",dc=ad") {
		t.Errorf("the password is tried with %q", last)
	}
}

func TestPasswordsAndNamesThatAreNotAsked(t *testing.T) {
	f := activeDirectory(nil, nil).start(t)
	f.bind = func(string, string) uint16 { return 0 } // lets anybody in
	d := f.directory(t, nil)
	for _, who := range [][2]string{
		{"alice", ""}, {"alice", strings.Repeat("x", maxPassword+1)}, {"alice", "a\x00b"}, {"", "secret"}, {"  ", "secret"},
		{strings.Repeat("x", maxUsername+1), "secret"}, {"alice\x00", "secret"}, {"al\nice", "secret"}, {"\xff", "secret"},
	} {
		if p, err := d.SignIn(t.Context(), who[0], who[1]); !errors.Is(err, identity.ErrNotThisPerson) || Why(err) == "" {
			t.Errorf("%.20q with %.20q: %+v, %v", who[0], who[1], p, err)
		}
	}
	if connected, _, _ := f.asked(); connected != 0 {
		t.Errorf("the server was asked %d times", connected)
	}
}

func TestReferralsAreNotFollowed(t *testing.T) {
	elsewhere := activeDirectory(nil, nil).start(t)
	f := &fakeServer{referral: []string{elsewhere.url + "/dc=ad??sub"}}
	f.answer = func(asked search) ([]fakeEntry, uint16) {
		if asked.scope == ldap.ScopeBaseObject {
			return []fakeEntry{{"dc=ad", nil}}, 0
		}
		return nil, 0
	}
	d := f.start(t).directory(t, nil)
	if _, err := d.SignIn(t.Context(), "alice", "secret"); !errors.Is(err, identity.ErrNotThisPerson) {
		t.Errorf("sign-in: %v", err)
	}
	if _, err := d.Find(t.Context(), "alice"); oplog.CodeOf(err) != oplog.CodeNotFound || !strings.Contains(err.Error(), elsewhere.url) {
		t.Errorf("find: %v, want it to say where the directory refers to", err)
	}
	if connected, _, _ := elsewhere.asked(); connected != 0 {
		t.Error("the referral was followed")
	}
}

func TestTwoPeopleOfAName(t *testing.T) {
	f := activeDirectory(nil, nil)
	f.answer = func(search) ([]fakeEntry, uint16) {
		return []fakeEntry{{aliceDN, map[string][]string{"uid": {"alice"}}}, {"CN=Other,DC=ad", map[string][]string{"uid": {"alice"}}}}, ldap.LDAPResultSizeLimitExceeded
	}
	d := f.start(t).directory(t, nil)
	if _, err := d.SignIn(t.Context(), "alice", "secret"); !errors.Is(err, identity.ErrNotThisPerson) || !strings.Contains(err.Error(), "several") {
		t.Errorf("sign-in: %v", err)
	}
	if _, err := d.Find(t.Context(), "alice"); oplog.CodeOf(err) != oplog.CodeNotFound || !strings.Contains(err.Error(), "several") {
		t.Errorf("find: %v", err)
	}
}

// A search account that sees nobody any more says nothing about people.
func TestNobodyIsGoneWhereNothingIsSeen(t *testing.T) {
	f := activeDirectory(nil, nil)
	f.answer = func(search) ([]fakeEntry, uint16) { return nil, 0 }
	d := f.start(t).directory(t, nil)
	if people, err := d.FindSubjects(t.Context(), []string{"00112233-4455-6677-8899-aabbccddeeff"}); !isUnavailable(err) {
		t.Errorf("got %v, %v, want that the source is unavailable", people, err)
	}
	if err := d.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "base_dn dc=ad is not there") {
		t.Errorf("check: %v", err)
	}
}

// A server without TLS gets no password, whatever it answers to StartTLS.
func TestPasswordsWaitForStartTLS(t *testing.T) {
	for name, result := range map[string]uint16{"refused": ldap.LDAPResultProtocolError, "granted, but not begun": ldap.LDAPResultSuccess} {
		var asked []ber.Tag
		f := &fakeServer{url: serve(t, func(c net.Conn) {
			answerWith(c, func(operation *ber.Packet) *ber.Packet {
				asked = append(asked, operation.Tag)
				return resultPacket(ldap.ApplicationExtendedResponse, result)
			})
		})}
		d := f.directory(t, func(c *Config) { c.StartTLS, c.AllowPlain = true, false })
		_, err := d.SignIn(t.Context(), "alice", "secret")
		if !isUnavailable(err) || !slices.Equal(asked, []ber.Tag{ldap.ApplicationExtendedRequest}) {
			t.Errorf("%s: %v; the server was asked %v, want StartTLS alone", name, err, asked)
		}
		if result != 0 && !strings.Contains(Why(err), "refuses StartTLS") {
			t.Errorf("%s: %q does not say what is wrong", name, Why(err))
		}
	}
}
