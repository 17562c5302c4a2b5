package ldap

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// fakeEntry is an entry that a fake server sends.
type fakeEntry struct {
	dn         string
	attributes map[string][]string
}

// search is what a fake server is asked for.
type search struct {
	base       string
	scope      int64
	filter     string
	attributes []string
}

// fakeServer does what slapd cannot. Its answers are functions, which say no and nothing if they are nil.
type fakeServer struct {
	url      string
	bind     func(dn, password string) (result uint16)
	answer   func(search) (entries []fakeEntry, result uint16)
	referral []string // sent with every answer to a search
	endless  bool     // there is always another page, without entries

	mu        sync.Mutex
	connected int
	binds     []string // DNs, in order
	searches  []search
}

// serve answers connections on loopback until the test ends.
func serve(t *testing.T, handle func(net.Conn)) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			all.Go(func() {
				defer c.Close() //nolint:errcheck // a test's
				handle(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return "ldap://" + listener.Addr().String()
}

// start starts a fake server.
func (f *fakeServer) start(t *testing.T) *fakeServer {
	t.Helper()
	f.url = serve(t, func(c net.Conn) {
		f.mu.Lock()
		f.connected++
		f.mu.Unlock()
		for {
			request, err := ber.ReadPacket(c)
			if err != nil || len(request.Children) < 2 {
				return
			}
			answers, controls := f.page(request, f.respond(request.Children[1]))
			for i, answer := range answers {
				packet := ber.NewSequence("")
				packet.AppendChild(request.Children[0])
				packet.AppendChild(answer)
				if i == len(answers)-1 && controls != nil {
					packet.AppendChild(controls)
				}
				if _, err := c.Write(packet.Bytes()); err != nil {
					return
				}
			}
		}
	})
	return f
}

// page returns the page of answers that a request asks for, with the control that says where the next one begins.
func (f *fakeServer) page(request *ber.Packet, answers []*ber.Packet) ([]*ber.Packet, *ber.Packet) {
	if len(request.Children) < 3 {
		return answers, nil
	}
	asked, err := ldap.DecodeControl(request.Children[2].Children[0])
	paging, ok := asked.(*ldap.ControlPaging)
	if err != nil || !ok {
		return answers, nil
	}
	entries, done := answers[:len(answers)-1], answers[len(answers)-1]
	begin, _ := strconv.Atoi(string(paging.Cookie)) // 0 of the first
	end := begin + int(paging.PagingSize)
	answer := &ldap.ControlPaging{}
	if f.endless {
		begin, end = 0, 0
	}
	if end < len(entries) || f.endless {
		answer.Cookie = []byte(strconv.Itoa(end))
	}
	controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
	controls.AppendChild(answer.Encode())
	return append(slices.Clone(entries[begin:min(end, len(entries))]), done), controls
}

func (f *fakeServer) respond(operation *ber.Packet) []*ber.Packet {
	switch operation.Tag {
	case ldap.ApplicationBindRequest:
		dn, password := operation.Children[1].Data.String(), operation.Children[2].Data.String()
		f.mu.Lock()
		f.binds = append(f.binds, dn)
		f.mu.Unlock()
		result := uint16(ldap.LDAPResultInvalidCredentials)
		if dn == "" {
			result = ldap.LDAPResultSuccess
		} else if f.bind != nil {
			result = f.bind(dn, password)
		}
		return []*ber.Packet{resultPacket(ldap.ApplicationBindResponse, result)}
	case ldap.ApplicationSearchRequest:
		filter, err := ldap.DecompileFilter(operation.Children[6])
		if err != nil {
			filter = err.Error()
		}
		asked := search{base: operation.Children[0].Data.String(), scope: operation.Children[1].Value.(int64), filter: filter}
		for _, a := range operation.Children[7].Children {
			asked.attributes = append(asked.attributes, a.Data.String())
		}
		f.mu.Lock()
		f.searches = append(f.searches, asked)
		f.mu.Unlock()
		return f.results(asked)
	}
	return nil
}

func (f *fakeServer) results(asked search) (answers []*ber.Packet) {
	var entries []fakeEntry
	result := uint16(ldap.LDAPResultSuccess)
	if f.answer != nil {
		entries, result = f.answer(asked)
	}
	for _, e := range entries {
		answers = append(answers, e.packet())
	}
	if f.referral != nil {
		reference := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultReference, nil, "")
		for _, url := range f.referral {
			reference.AppendChild(octets(url))
		}
		answers = append(answers, reference)
	}
	return append(answers, resultPacket(ldap.ApplicationSearchResultDone, result))
}

func octets(text string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, text, "")
}

func resultPacket(tag ber.Tag, result uint16) *ber.Packet {
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(result), ""))
	p.AppendChild(octets(""))
	p.AppendChild(octets(""))
	return p
}

func (e fakeEntry) packet() *ber.Packet {
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	p.AppendChild(octets(e.dn))
	attributes := ber.NewSequence("")
	for name, values := range e.attributes {
		attribute := ber.NewSequence("")
		attribute.AppendChild(octets(name))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, value := range values {
			set.AppendChild(octets(value))
		}
		attribute.AppendChild(set)
		attributes.AppendChild(attribute)
	}
	p.AppendChild(attributes)
	return p
}

// asked returns what a fake server was asked so far.
func (f *fakeServer) asked() (connected int, binds []string, searches []search) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.connected, slices.Clone(f.binds), slices.Clone(f.searches)
}

// directory returns one that asks a fake server as Active Directory is asked.
func (f *fakeServer) directory(t *testing.T, change func(*Config)) *Directory {
	t.Helper()
	c := Config{Name: "ad", Title: "Corp AD", URL: []string{f.url}, AllowPlain: true, BaseDN: "dc=ad", UserFilter: "(&(objectClass=user)(sAMAccountName={username}))"}
	return newDirectory(t, c, change)
}

// newDirectory returns a directory of a configuration, which must be valid.
func newDirectory(t *testing.T, c Config, change func(*Config)) *Directory {
	t.Helper()
	if change != nil {
		change(&c)
	}
	var errs []error
	for _, wrong := range c.Validate() {
		errs = append(errs, errors.New(wrong.Field+" "+wrong.Message))
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return New(c)
}
