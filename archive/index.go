package archive

import "oplog/oplog"

// joinedIndex answers queries from the index and the archive.
type joinedIndex struct {
	oplog.Index
	archive *Archive
}
