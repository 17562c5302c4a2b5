package ldap

import (
	"bytes"
	"encoding/hex"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"oplog/identity"
)

// maxText limits names, in characters.
const maxText = 256

// person returns the person of an entry, with the groups. Why is not "" if nobody may sign in as this person.
func (d *Directory) person(l *link, entry *ldap.Entry, known groupCache) (p identity.Person, why string, err error) {
	if p, why = d.without(entry); why == "" {
		p.Groups, err = d.groups(l, entry, p.Username, known)
	}
	return p, why, err
}

// without is person without the groups.
func (d *Directory) without(entry *ldap.Entry) (p identity.Person, why string) {
	p = identity.Person{Source: d.config.Name, Subject: subjectOf(entry), Username: d.usernameOf(entry), Name: d.nameOf(entry), Organization: d.organizationOf(entry)}
	if _, ok := usable(p.Username); !ok {
		why = entry.DN + " has no username that can be used; see username_attribute"
	} else if why = disabled(entry, d.now()); why != "" {
		why = entry.DN + " is disabled: " + why
	}
	p.Disabled = why != ""
	return p, why
}

// usernameOf returns the username that an entry has. Of several it is the one in the DN, or else the first in order, so that it stays.
func (d *Directory) usernameOf(e *ldap.Entry) string {
	for _, attribute := range []string{d.config.UsernameAttribute, "sAMAccountName", "uid", d.marked} {
		values := e.GetEqualFoldAttributeValues(attribute)
		if dn, err := ldap.ParseDN(e.DN); err == nil && len(values) > 1 && len(dn.RDNs) > 0 {
			if named := firstOf(&ldap.DN{RDNs: dn.RDNs[:1]}, attribute); slices.Contains(values, named) {
				return named
			}
		}
		if len(values) > 0 {
			return slices.Min(values)
		}
		if attribute != "" && attribute == d.config.UsernameAttribute {
			return ""
		}
	}
	return ""
}

// nameOf returns the display name.
func (d *Directory) nameOf(e *ldap.Entry) string {
	attributes := []string{"displayName", "cn"}
	if d.config.NameAttribute != "" {
		attributes = []string{d.config.NameAttribute}
	}
	for _, attribute := range attributes {
		if name := shown(e.GetEqualFoldAttributeValue(attribute)); name != "" {
			return name
		}
	}
	return ""
}

// shown makes a recorded text one line of a bounded length.
func shown(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText])
	}
	return text
}

// organizationOf returns the organization; "" if the entry has none or several, since one of several would be chance.
func (d *Directory) organizationOf(e *ldap.Entry) string {
	attribute := d.config.OrganizationAttribute
	if part, ok := strings.CutPrefix(attribute, fromDN); ok {
		dn, err := ldap.ParseDN(e.DN)
		if err != nil {
			return ""
		}
		return firstOf(dn, part)
	}
	values := e.GetEqualFoldAttributeValues(attribute)
	if attribute == "" || len(values) == 0 {
		return ""
	}
	if len(values) > 1 {
		slog.Warn("Somebody in a directory has several values of organization_attribute, so none counts.", "source", d.config.Name, "entry", e.DN)
		return ""
	}
	return strings.TrimSpace(values[0])
}

// subjectOf returns what stays when somebody is renamed or moved.
func subjectOf(e *ldap.Entry) string {
	if id := strings.ToLower(e.GetEqualFoldAttributeValue("entryUUID")); isUUID(id) {
		return id
	}
	if guid := e.GetEqualFoldRawAttributeValue("objectGUID"); len(guid) == 16 {
		return writeGUID(guid)
	}
	return GroupName(e.DN)
}

// guidOrder says which byte of an objectGUID is where in its text: its first three numbers are little-endian.
var guidOrder = [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}

func writeGUID(guid []byte) string {
	var ordered [16]byte
	for i, from := range guidOrder {
		ordered[i] = guid[from]
	}
	text := hex.EncodeToString(ordered[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// readUUID returns the bytes of a UUID's text in its order.
func readUUID(text string) ([]byte, bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return nil, false
	}
	id, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return id, err == nil && len(id) == 16
}

func isUUID(text string) bool { _, ok := readUUID(text); return ok }

// subjectFilter finds the person of a UUID, whichever of the two attributes it is of.
func subjectFilter(subject string) string {
	id, _ := readUUID(subject)
	var guid strings.Builder
	for _, from := range guidOrder { // the order is its own inverse
		guid.WriteString(`\` + hex.EncodeToString(id[from:from+1]))
	}
	return "(|(entryUUID=" + ldap.EscapeFilter(subject) + ")(objectGUID=" + guid.String() + "))"
}

// statusAttributes say that somebody may not sign in.
var statusAttributes = []string{"userAccountControl", "accountExpires", "nsAccountLock", "loginDisabled", "pwdEndTime", "pwdAccountLockedTime"}

// Of Active Directory: the bit of disabled accounts, and the times that mean never. Times are counted in 100 ns from 1601.
const (
	accountDisabled = 2
	never           = math.MaxInt64
	to1970          = 11_644_473_600
	perSecond       = 10_000_000
)

// disabled says why somebody may not sign in, or "". What cannot be read disables, too.
func disabled(e *ldap.Entry, now time.Time) string {
	value := e.GetEqualFoldAttributeValue
	if text := value("userAccountControl"); text != "" {
		if bits, err := strconv.ParseInt(text, 10, 64); err != nil || bits&accountDisabled != 0 {
			return "userAccountControl is " + text
		}
	}
	if text := value("accountExpires"); text != "" {
		at, err := strconv.ParseInt(text, 10, 64)
		if err != nil || at != 0 && at != never && !now.Before(time.Unix(at/perSecond-to1970, 0)) {
			return "accountExpires is " + text
		}
	}
	for _, attribute := range []string{"nsAccountLock", "loginDisabled"} {
		if strings.EqualFold(value(attribute), "true") {
			return attribute + " is true"
		}
	}
	if text := value("pwdEndTime"); text != "" {
		if at, err := ber.ParseGeneralizedTime([]byte(text)); err != nil || !now.Before(at) {
			return "pwdEndTime is " + text
		}
	}
	if text := value("pwdAccountLockedTime"); bytes.Equal([]byte(text), []byte("000001010000Z")) {
		return "pwdAccountLockedTime says for ever"
	}
	return ""
}
