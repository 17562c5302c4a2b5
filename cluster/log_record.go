package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/hashicorp/raft"
)

const recordHead = 8 + 1 + 4 + 2

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errRecord means that a record is not the one that was stored.
var errRecord = errors.New("a record of the replicated log is damaged")

func decodeRecord(index uint64, value []byte, l *raft.Log) error {
	if len(value) < recordHead {
		return fmt.Errorf("%w: %d", errRecord, index)
	}
	extensions := int(binary.BigEndian.Uint16(value[13:]))
	if len(value) < recordHead+extensions {
		return fmt.Errorf("%w: %d", errRecord, index)
	}
	read := raft.Log{Index: index, Term: binary.BigEndian.Uint64(value), Type: raft.LogType(value[8])}
	rest := append([]byte(nil), value[recordHead:]...)
	read.Extensions, read.Data = rest[:extensions:extensions], rest[extensions:]
	if binary.BigEndian.Uint32(value[9:]) != sumOf(&read) {
		return fmt.Errorf("%w: %d", errRecord, index)
	}
	*l = read
	return nil
}

// encodeRecord returns a record as it is stored:
//
//	term (8 bytes), type (1), CRC-32C (4), length of extensions (2), extensions, data
//
// The checksum is over index, term, type, extensions and data.
func encodeRecord(l *raft.Log) ([]byte, error) {
	if len(l.Extensions) > 1<<16-1 {
		return nil, errors.New("the extensions of a record are too long")
	}
	value := make([]byte, 0, recordHead+len(l.Extensions)+len(l.Data))
	value = append(binary.BigEndian.AppendUint64(value, l.Term), byte(l.Type))
	value = binary.BigEndian.AppendUint32(value, sumOf(l))
	value = binary.BigEndian.AppendUint16(value, uint16(len(l.Extensions))) //nolint:gosec // checked above
	return append(append(value, l.Extensions...), l.Data...), nil
}

func sumOf(l *raft.Log) uint32 {
	var head [19]byte
	binary.BigEndian.PutUint64(head[:], l.Index)
	binary.BigEndian.PutUint64(head[8:], l.Term)
	head[16] = byte(l.Type)
	binary.BigEndian.PutUint16(head[17:], uint16(len(l.Extensions))) //nolint:gosec // encodeRecord checks it
	sum := crc32.Update(0, castagnoli, head[:])
	return crc32.Update(crc32.Update(sum, castagnoli, l.Extensions), castagnoli, l.Data)
}
