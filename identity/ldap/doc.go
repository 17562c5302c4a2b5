// Package ldap asks LDAP directories and Active Directory who somebody is. It knows nothing of accounts, rules or HTTP.
//
// Groups. Person.Groups has two names of each group, nested ones included: its DN and its CN, both as [GroupName] writes them, since directories
// compare them without regard to case. A rule names a group by either; where several people may create groups, only the DN is unmistakable.
// In Active Directory the primary group (usually Domain Users) is no group of a person.
//
// Subjects are the entryUUID, the objectGUID (as text, such as 6f1b…-…), or else the DN.
//
// A person is disabled by userAccountControl (bit 2), accountExpires, nsAccountLock, loginDisabled, pwdEndTime, or a pwdAccountLockedTime that says
// for ever. Locks for a while keep people from signing in, because the directory refuses the password, and end no session: somebody who tries wrong
// passwords would end those of others.
package ldap
