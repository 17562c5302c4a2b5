package oplog

import "strings"

// localNames are the records of kind RecordServer, or the beginnings of their names, that belong to one copy of the log.
var localNames = []string{
	"clock", // when this machine's clock was last confirmed
	"scrub", // how far this copy was checked
	"acts",  // what the trail of this program has folded, and not written yet
}

// IsLocal reports whether a record belongs to one copy of the log, and is not replicated.
func IsLocal(kind RecordKind, name string) bool {
	if kind == RecordIndex {
		return true
	}
	if kind != RecordServer {
		return false
	}
	first, _, _ := strings.Cut(name, "/")
	for _, local := range localNames {
		if first == local {
			return true
		}
	}
	return false
}
