package archive

import (
	"github.com/fxamacker/cbor/v2"

	"oplog/oplog"
)

// CountsRecord returns the RecordArchiveCounts of the entries of a day, newest first.
func CountsRecord(entries []oplog.Entry) ([]byte, error) {
	t := newTally()
	for i := range entries {
		t.add(&entries[len(entries)-1-i])
	}
	return t.encode()
}

// EarlierCounts returns a RecordArchiveCounts in the form of the first ones, which tell nothing of values in parts of the day.
func EarlierCounts(data []byte) ([]byte, error) {
	s, err := readCounts("", data)
	if err != nil {
		return nil, err
	}
	s.Minutes, s.Parts = nil, nil
	return cbor.Marshal(&s)
}

// LimitSums limits the memory of sums.
func (a *Archive) LimitSums(bytes int) { a.sums.most = bytes }
