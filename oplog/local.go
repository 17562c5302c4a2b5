package oplog

import "strings"

// A log on several nodes has a copy of the store on each, and every write reaches all copies, but for what is of one copy: its index, and what one
// machine knows or does for itself. That is written where it belongs alone, also while the node cannot reach the others, and is not in the copies
// that nodes get from each other.

// localServerRecords are the records of RecordServer of one copy, by name or by what names begin with up to a slash.
var localServerRecords = map[string]bool{
	// What a machine's clock was when it was last confirmed. It is compared with the clock of the same machine.
	"clock": true,
	// How far the pages of this copy's file were checked.
	"scrub": true,
	// What the trail has of reads that were answered here, and is not written yet. Each read waits for it, so it must cost no round to other
	// nodes. It names what this process remembers; nobody else could go on with it.
	"acts": true,
	// The files that this machine has written to its backup directory, by which alone it deletes old ones: only it knows what its path means.
	"backups": true,
}

// IsLocal reports whether a record is of one copy of a store. All other records are of the whole log: what people set (rules, agreements to
// deletions), what must be the same wherever they sign in (the secret that signs devices, the time of a restore), when there was a backup last,
// which deletions wait, and tokens of nodes that join.
func IsLocal(kind RecordKind, name string) bool {
	if kind != RecordServer {
		return kind == RecordIndex
	}
	first, _, _ := strings.Cut(name, "/")
	return localServerRecords[first]
}
