package archive

import "oplog/oplog"

// joinedStore is the store with its archived days: what is here comes from here, and the rest from the archive.
type joinedStore struct {
	oplog.Store
	archive *Archive
}
