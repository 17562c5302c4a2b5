package oplog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
)

// Filters selects the entries that satisfy every given filter. An empty filter matches everything; several values of one filter match any
// of them.
type Filters struct {
	Search string // as typed; see ParseSearch
	Values        // entries that have one of these
	Not    Values // entries that have none of these
}

// Values are filter values by field.
type Values struct {
	Users         []string // ids
	Modules       []string
	Operations    []string
	Organizations []string // ids; each includes its descendants in the current tree
	ContentIDs    []string
	Outcomes      []string
	Roles         []string
	IPs           []string // addresses, and networks such as 10.0.0.0/8
	Keys          []string // ids of the recording API keys
}

// ValueFilter is a filter by the values of one field.
type ValueFilter struct {
	Name string // as in URLs and requests; its exclusion is Not + Name
	Of   func(*Values) *[]string
}

// Not prefixes the names of filters that exclude values.
const Not = "not_"

// ValueFilters lists all filters by value.
var ValueFilters = []ValueFilter{
	{"user", func(v *Values) *[]string { return &v.Users }},
	{"module", func(v *Values) *[]string { return &v.Modules }},
	{"operation", func(v *Values) *[]string { return &v.Operations }},
	{"organization", func(v *Values) *[]string { return &v.Organizations }},
	{"content_id", func(v *Values) *[]string { return &v.ContentIDs }},
	{"outcome", func(v *Values) *[]string { return &v.Outcomes }},
	{"role", func(v *Values) *[]string { return &v.Roles }},
	{"ip", func(v *Values) *[]string { return &v.IPs }},
	{"key", func(v *Values) *[]string { return &v.Keys }},
}

// empty reports whether no value is set.
func (v *Values) empty() bool {
	return !slices.ContainsFunc(ValueFilters, func(f ValueFilter) bool { return len(*f.Of(v)) > 0 })
}

// Each calls visit for every value filter and its exclusion, with their names in URLs and requests.
func (f *Filters) Each(visit func(name string, values *[]string)) {
	for _, field := range ValueFilters {
		visit(field.Name, field.Of(&f.Values))
	}
	for _, field := range ValueFilters {
		visit(Not+field.Name, field.Of(&f.Not))
	}
}

// MarshalJSON encodes the filters that are set, in a fixed order, by their names in URLs and requests.
func (f Filters) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // as export manifests encode text
	before := '{'
	write := func(name string, value any) {
		fmt.Fprintf(&out, "%c%q:", before, name)
		_ = encoder.Encode(value) // cannot fail: the values are strings
		before = ','
	}
	if f.Search != "" {
		write("q", f.Search)
	}
	f.Each(func(name string, values *[]string) {
		if len(*values) > 0 {
			write(name, *values)
		}
	})
	if before == '{' {
		return []byte("{}"), nil
	}
	return append(out.Bytes(), '}'), nil
}

// UnmarshalJSON decodes the output of MarshalJSON. Unknown filter names are errors.
func (f *Filters) UnmarshalJSON(data []byte) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	*f = Filters{}
	read := func(name string, into any) error {
		raw, ok := given[name]
		delete(given, name)
		if !ok {
			return nil
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return fmt.Errorf("filter %s: %w", name, err)
		}
		return nil
	}
	err := read("q", &f.Search)
	f.Each(func(name string, values *[]string) {
		if err == nil {
			err = read(name, values)
		}
	})
	for name := range given {
		if err == nil {
			err = fmt.Errorf("unknown filter %q", name)
		}
	}
	return err
}

// Validate checks the values that have a syntax.
func (f *Filters) Validate() error {
	v := Validation{part: InQuery}
	f.Each(func(name string, values *[]string) {
		for _, value := range *values {
			switch name {
			case "outcome", Not + "outcome":
				v.oneOf(name, value, OutcomeSuccess, OutcomeFailure)
			case "ip", Not + "ip":
				if _, ok := ParseNetwork(value); !ok {
					v.Fail(name, value, "not_a_network", "is neither an address such as 192.0.2.7 or 2001:db8::7 nor a network such as 192.0.2.0/24")
				}
			}
		}
	})
	if len(v.Errors) > 0 {
		return &Error{Code: CodeInvalid, Message: "The filters are invalid.", Fields: v.Errors}
	}
	return nil
}

// ParseNetwork parses an address, or a network in CIDR notation. Host bits and zones are ignored. It returns false for anything else.
func ParseNetwork(text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return p, false
		}
		a = plainAddress(a)
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	const mapped = 128 - 32 // bits before the IPv4 address in an IPv4-mapped IPv6 address
	if p.Addr().Is4In6() && p.Bits() >= mapped {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
	}
	return p.Masked(), true
}

// Address returns the entry's IP address if its ip field holds one, with or without a port. IPv4-mapped IPv6 addresses are unmapped; zones
// are dropped.
func (e *Entry) Address() (netip.Addr, bool) {
	a, err := netip.ParseAddr(e.IP)
	if err != nil {
		p, err := netip.ParseAddrPort(e.IP)
		if err != nil {
			return a, false
		}
		a = p.Addr()
	}
	return plainAddress(a), true
}

func plainAddress(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
