// Package oplog is the domain of an operation log: who did what, to which thing,
// when. It has values, rules and contracts, and uses the standard library alone:
// no lock, no goroutine, no file.
//
// An [Entry] is one operation of one user in one tenant, checked by what its
// tenant allows, a [TenantState]. A [Query] asks for entries; a [Page] of them or
// a [Summary] answers. [Store] and [Index] are the contracts of the engines that
// keep entries and find them; the services in the packages beside this one work
// with both.
package oplog
