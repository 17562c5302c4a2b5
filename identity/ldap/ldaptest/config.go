package ldaptest

import (
	"fmt"
	"path/filepath"
	"strings"
)

// The names in the directory.
const (
	BaseDN        = "dc=corp,dc=example"
	PeopleDN      = "ou=people," + BaseDN
	GroupsDN      = "ou=groups," + BaseDN
	AdminDN       = "cn=admin," + BaseDN // may do everything
	SearchDN      = "cn=search," + BaseDN
	adminPassword = "admin-secret"
	// SearchPassword is that of SearchDN, which is in the file SearchPasswordFile, too.
	SearchPassword = "search-secret"
)

// activeDirectory are attributes of Active Directory and of 389 Directory Server, with a class that lets people have them.
const activeDirectory = `
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.32473.1 NAME 'adPerson' SUP top AUXILIARY
  MAY ( sAMAccountName $ userPrincipalName $ objectGUID $ userAccountControl $ accountExpires $ nsAccountLock ) )
`

// access says who may read what: nobody finds anybody without signing in, unless Anonymous is set.
const access = `
access to attrs=userPassword by self write by anonymous auth by * none
access to * by dn.exact="%s" read by self read by users search %s by * none
`

// configuration returns the text of slapd.conf. Empty passwords sign in as nobody (bind_anon_cred), which slapd refuses by itself: clients must.
func (s *Slapd) configuration(p program) string {
	var b strings.Builder
	for _, name := range []string{"core", "cosine", "inetorgperson", "nis"} {
		fmt.Fprintf(&b, "include %s\n", filepath.Join(p.schemas, name+".schema"))
	}
	b.WriteString(activeDirectory)
	fmt.Fprintf(&b, "modulepath %s\n", p.modules)
	for _, name := range []string{"back_mdb", "memberof", "refint", "ppolicy"} {
		fmt.Fprintf(&b, "moduleload %s.so\n", name)
	}
	fmt.Fprintf(&b, "pidfile %s\nargsfile %s\nallow bind_anon_cred\n", filepath.Join(s.dir, "pid"), filepath.Join(s.dir, "args"))
	fmt.Fprintf(&b, "TLSCACertificateFile %s\nTLSCertificateFile %s\nTLSCertificateKeyFile %s\n", s.CAFile, filepath.Join(s.dir, "server.pem"), filepath.Join(s.dir, "server-key.pem"))
	if s.options.SizeLimit > 0 {
		fmt.Fprintf(&b, "sizelimit %d\n", s.options.SizeLimit)
	}
	fmt.Fprintf(&b, "\ndatabase mdb\nsuffix %s\nrootdn %s\nrootpw %s\ndirectory %s\nmaxsize 268435456\ndbnosync\n", BaseDN, AdminDN, adminPassword, filepath.Join(s.dir, "db"))
	b.WriteString("index objectClass,uid,cn,member,memberUid,sAMAccountName,entryUUID,objectGUID eq\n")
	anonymous := ""
	if s.options.Anonymous {
		anonymous = "by anonymous read"
	}
	fmt.Fprintf(&b, access, SearchDN, anonymous)
	b.WriteString("overlay memberof\nmemberof-refint TRUE\noverlay refint\nrefint_attributes member\noverlay ppolicy\n")
	return b.String()
}
