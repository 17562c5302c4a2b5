// Package storage keeps the log in one bbolt file: entries by tenant and date,
// their order of arrival with its Merkle tree, and small records.
//
// The layout, in nested buckets (keys in <>, numbers big-endian):
//
//	meta/format                                    format version, decimal; sealedFormat while it is open, see seal.go; movedFormat once a tile was moved
//	meta/verifier, meta/key_changes                the log's verifier key; JSON, how it replaced earlier ones
//	meta/signer                                    the private key, in stores of earlier versions
//	meta/replicated                                index, 8 bytes, and chain of the last message; CRC-32C; see Message
//	meta/level                                     CRC-32C, 4 bytes; JSON, the level of messages, if it was raised; see level.go
//	requests/<index>                               what the requests of a message have led to, for those that come again; see requests.go
//	records/<kind>/<name>                          CRC-32C, 4 bytes; JSON
//	names/<name>                                   CRC-32C of the name of a log, a kind or the head file; see names.go
//	tenants/<tenant>/skipped                       operations that were not recorded, 8 bytes
//	tenants/<tenant>/entries/<2006-01-02>/<key>    the entry, CBOR; key is oplog.Key
//	tenants/<tenant>/ids/<2006-01-02><run>/ids     sorted: for each sender's id, first 7 bytes of its SHA-256; seq, 5 bytes
//	tenants/<tenant>/arrivals/<tile>               for each of 256 entries: time, 7 bytes; leaf hash; see moved.go for those in the archive
//	tenants/<tenant>/moved/<2006-01-02>            the tiles of that date that can be moved were; "brought" once it is deleted and they are back
//	tenants/<tenant>/tree/<level><number>          hash of a complete subtree of 2^level leaves, level >= 8
//
// The access log of a tenant, its trail, is a log of its own in the same buckets, with the name <tenant>/access.
//
// Dates are UTC dates of the operation time. Retention deletes from entries and ids, one date at a time; arrivals and tree stay.
// The deleted dates are recorded in records/deletions and also in the tenant's trail. Dates that the archive has alone are removed in the
// same way; they are recorded in records/archives, whose dates take no entries, and in the trail. An entry's bytes are exactly those that its
// leaf of the Merkle tree (RFC 6962) hashes.
package storage
