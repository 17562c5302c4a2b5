// Package oplog is the domain of an operation log: who did what, to which
// thing, when.
//
// An [Entry] is one operation of one user in one tenant. A [Log] records
// entries and answers questions about them: it joins a [Store], which is the
// truth, and an [Index], which follows the store and can always be rebuilt
// from it. A [Query] asks; a page of entries or a [Summary] answers.
//
// The package uses the standard library alone. The engines behind Store and
// Index live in packages of their own (storage, search) and know nothing of
// each other.
package oplog
