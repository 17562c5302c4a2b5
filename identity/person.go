package identity

import "oplog/oplog"

// ErrNotThisPerson is the answer to a wrong password, and to that of somebody who is unknown or disabled: all read the same.
var ErrNotThisPerson = oplog.Refuse(oplog.CodeUnauthenticated, "wrong-credentials", "The username or the password is wrong.")

// Person is what a directory or an identity provider says of somebody.
type Person struct {
	Source       string   // name of the directory or the provider
	Subject      string   // identifies the person there for ever, whatever the name becomes: entryUUID, objectGUID, sub
	Username     string   // in the source
	Name         string   // display name; "" for the username
	Groups       []string // nested ones included
	Organization string   // id of the organization; "" if the source says nothing
	Disabled     bool     // must not sign in, and loses the sessions there are
}
