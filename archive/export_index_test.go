package archive

import "oplog/oplog"

// CountsRecord returns the RecordArchiveCounts of the entries of a day.
func CountsRecord(entries []oplog.Entry) ([]byte, error) {
	t := newTally()
	for i := range entries {
		t.add(&entries[i])
	}
	return t.encode()
}

// LimitSums limits the memory of sums.
func (a *Archive) LimitSums(bytes int) { a.sums.most = bytes }
