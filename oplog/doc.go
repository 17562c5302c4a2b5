// Package oplog is the domain of an operation log: who did what to which object, and when. It holds values, rules and contracts, and uses
// the standard library alone: no locks, no goroutines, no I/O.
//
// An [Entry] is one operation of one user in one tenant, validated against its tenant's [TenantState]. A [Query] selects entries; the
// result is a [Page] or a [Summary]. [Store] and [Index] are the contracts of the storage and search engines; the services in the sibling
// packages build on both. The tags doc, enum and type of fields are for the description of the API, which the server makes of them.
package oplog
