package search

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"oplog/oplog"
)

// choice is the filter of one field: an entry must have one of the values any, if there are some, and none of the values none. Empty values
// never match.
type choice struct{ any, none values }

// values is a list of values, with a set if there are many.
type values struct {
	list []string
	set  map[string]bool
}

// manyValues is the number of values from which a set is faster than a list.
const manyValues = 16

func newChoice(any, none []string) choice { return choice{newValues(any), newValues(none)} }

func newValues(list []string) values {
	v := values{list: list}
	if len(list) >= manyValues {
		v.set = make(map[string]bool, len(list))
		for _, value := range list {
			v.set[value] = true
		}
	}
	return v
}

func (v *values) has(value string) bool {
	if v.set != nil {
		return v.set[value] && value != ""
	}
	return slices.Contains(v.list, value) && value != ""
}

// brief returns the filter of the brief forms of values.
func (c *choice) brief() choice {
	if !slices.ContainsFunc(slices.Concat(c.any.list, c.none.list), func(value string) bool { return len(value) >= longText }) {
		return *c
	}
	forms := func(values []string) (forms []string) {
		for _, value := range values {
			forms = append(forms, brief(value))
		}
		return forms
	}
	return newChoice(forms(c.any.list), forms(c.none.list))
}

func (c *choice) given() bool { return len(c.any.list)+len(c.none.list) > 0 }

// lets reports whether a value passes the filter.
func (c *choice) lets(value string) bool {
	return (len(c.any.list) == 0 || c.any.has(value)) && !c.none.has(value)
}

// addressChoice is a filter of IP addresses by networks.
type addressChoice struct{ any, none []netip.Prefix }

func newAddressChoice(any, none []string) addressChoice {
	return addressChoice{networks(any), networks(none)}
}

// networks parses validated networks.
func networks(texts []string) []netip.Prefix {
	var read []netip.Prefix
	for _, text := range texts {
		if p, ok := oplog.ParseNetwork(text); ok {
			read = append(read, p)
		}
	}
	return read
}

func (c *addressChoice) given() bool { return len(c.any)+len(c.none) > 0 }

// lets reports whether an address passes the filter; the zero address means that the entry has none.
func (c *addressChoice) lets(a netip.Addr) bool {
	within := func(p netip.Prefix) bool { return p.Contains(a) }
	return (len(c.any) == 0 || slices.ContainsFunc(c.any, within)) && !slices.ContainsFunc(c.none, within)
}

// An IPv4 address has four terms of fieldIP, one per byte, so that the dictionary stays small however many addresses a log has. An IPv6
// address is one term.

// octetTerm returns the term of a byte of an IPv4 address.
func octetTerm(place int, octet byte) string { return string([]byte{'4', '0' + byte(place), octet}) }

// addressTerm returns the term of an IPv6 address.
func addressTerm(a netip.Addr) string { return "6" + string(a.AsSlice()) }

// termRange is a range of terms, both ends included.
type termRange struct{ first, last string }

// networkTerms returns ranges of terms: the addresses of the network have a term in each.
func networkTerms(p netip.Prefix) []termRange {
	first, last := p.Addr().AsSlice(), p.Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(last); bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	if !p.Addr().Is4() {
		return []termRange{{addressTerm(p.Addr()), "6" + string(last)}}
	}
	var ranges []termRange
	for place := range first {
		if place > 0 && 8*place >= p.Bits() {
			break // the rest is free
		}
		ranges = append(ranges, termRange{octetTerm(place, first[place]), octetTerm(place, last[place])})
	}
	return ranges
}

// filterBitmaps returns a bitmap for each filter, nil for a filter without matches, and the bitmaps of exclusions.
func (m *matcher) filterBitmaps(ctx context.Context, s *segment) (within, without []*roaring.Bitmap, err error) {
	add := func(any, none int, find func(none bool) (*roaring.Bitmap, error)) {
		if any > 0 && err == nil {
			var b *roaring.Bitmap
			b, err = find(false)
			within = append(within, b)
		}
		if none > 0 && err == nil {
			var b *roaring.Bitmap
			b, err = find(true)
			without = appendSome(without, b)
		}
	}
	for _, f := range []struct {
		field string
		choice
		find func(ctx context.Context, field string, values []string) (*roaring.Bitmap, error)
	}{
		{fieldModule, m.module, s.anyTerm},
		{fieldOperation, m.operation, s.anyTerm},
		{fieldOutcome, m.outcome, s.anyTerm},
		{fieldContentID, m.contentID, s.anyTerm},
		{fieldOrganization, m.organization, s.anyTerm},
		{fieldRole, m.role, s.anyTerm},
		{fieldKey, m.key, s.anyTerm},
		{fieldUser, m.user, s.anyUser},
	} {
		add(len(f.any.list), len(f.none.list), func(none bool) (*roaring.Bitmap, error) {
			if none {
				return f.find(ctx, f.field, f.none.list)
			}
			return f.find(ctx, f.field, f.any.list)
		})
	}
	add(given(m.within), given(m.notWithin), func(none bool) (*roaring.Bitmap, error) {
		if none {
			return s.anyOrganization(ctx, m.notWithin)
		}
		return s.anyOrganization(ctx, m.within)
	})
	add(len(m.ip.any), len(m.ip.none), func(none bool) (*roaring.Bitmap, error) {
		if none {
			return s.anyAddress(ctx, m.ip.none)
		}
		return s.anyAddress(ctx, m.ip.any)
	})
	return within, without, err
}

func given(set *oplog.OrganizationSet) int {
	if set == nil {
		return 0
	}
	return 1
}

// anyOrganization returns the documents of a set of organizations; nil for none. What is remembered stays valid while the tree learns
// organizations, which are looked up: a segment has few of them.
func (s *segment) anyOrganization(ctx context.Context, set *oplog.OrganizationSet) (*roaring.Bitmap, error) {
	key, learned := set.Stable()
	known, err := s.remember(fieldOrganization+"\x00set\x00"+key, func() (*roaring.Bitmap, error) {
		return s.between(ctx, fieldOrganization, nil, nil, func(term []byte) (bool, error) { return set.WasKnown(string(term)), nil })
	})
	if err != nil || len(learned) == 0 {
		return known, err
	}
	added, err := s.unite(fieldOrganization, learned)
	return union(appendSome(appendSome(nil, known), added)), err
}

// anyTerm returns the documents with any of the terms; nil for none.
func (s *segment) anyTerm(_ context.Context, field string, terms []string) (*roaring.Bitmap, error) {
	if len(terms) == 1 {
		return s.unite(field, terms)
	}
	return s.remember(field+"\x00"+strings.Join(terms, "\x00"), func() (*roaring.Bitmap, error) { return s.unite(field, terms) })
}

func (s *segment) unite(field string, terms []string) (*roaring.Bitmap, error) {
	d, err := s.zap.Dictionary(field)
	if err != nil {
		return nil, err
	}
	var found []*roaring.Bitmap
	for _, term := range terms {
		if term == "" {
			continue
		}
		b, err := postings(d, []byte(term))
		if err != nil {
			return nil, err
		}
		found = appendSome(found, b)
	}
	return union(found), nil
}

// anyUser returns the documents of users with any of the ids; nil for none.
func (s *segment) anyUser(ctx context.Context, field string, ids []string) (*roaring.Bitmap, error) {
	var found []*roaring.Bitmap
	for _, id := range ids {
		b, err := s.prefix(ctx, field, id+userSeparator, nil)
		if err != nil {
			return nil, err
		}
		found = appendSome(found, b)
	}
	return union(found), nil
}

// anyAddress returns the documents whose address is in any of the networks; nil for none.
func (s *segment) anyAddress(ctx context.Context, networks []netip.Prefix) (*roaring.Bitmap, error) {
	key := fieldIP
	for _, p := range networks {
		key += "\x00" + p.String()
	}
	return s.remember(key, func() (*roaring.Bitmap, error) {
		var found []*roaring.Bitmap
		for _, p := range networks {
			b, err := s.network(ctx, p)
			if err != nil {
				return nil, err
			}
			found = appendSome(found, b)
		}
		return union(found), nil
	})
}

// network returns the documents whose address is in a network; nil for none.
func (s *segment) network(ctx context.Context, p netip.Prefix) (*roaring.Bitmap, error) {
	var found []*roaring.Bitmap
	for _, terms := range networkTerms(p) {
		b, err := s.between(ctx, fieldIP, []byte(terms.first), []byte(terms.last+"\x00"), nil)
		if b == nil || err != nil {
			return nil, err
		}
		found = append(found, b)
	}
	return intersect(found, 0, s.count, s.count), nil
}
