package storage

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"

	"github.com/fxamacker/cbor/v2"
	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// A Message is a committed transaction of a replicated store: its results, which every copy writes as they are. Its data is
//
//	"OL", level (1 byte), chain before it (32 bytes), operations (CBOR, an array of maps with integer keys)
//
// and the chain after it is SHA-256(chain before it, SHA-256(data)). So a copy that has not exactly the same transactions notices with the next
// message.
type Message struct {
	Index uint64 // in the replicated log
	Data  []byte
}

// Position is how far a replicated store has come.
type Position struct {
	Index uint64 // of the last message; see [Message]
	Chain [sha256.Size]byte
}

// ErrDiverged means that a message does not continue what a store has: one of the two is not what was replicated.
var ErrDiverged = errors.New("this copy of the log is not the one that the others have")

const (
	messageMark = "OL"
	messageHead = len(messageMark) + 1 + sha256.Size
)

// operation is the result of a request.
type operation struct {
	Log      string         `cbor:"1,keyasint,omitempty"` // a tenant or its trail
	Leaves   [][]byte       `cbor:"2,keyasint,omitempty"` // bytes of its next entries
	Skipped  int            `cbor:"3,keyasint,omitempty"`
	Changes  []recordResult `cbor:"4,keyasint,omitempty"`
	Deletion []byte         `cbor:"5,keyasint,omitempty"` // the record of a deletion that begins
	Verifier string         `cbor:"6,keyasint,omitempty"` // the log's new key
	Replaced []byte         `cbor:"7,keyasint,omitempty"` // how it replaced earlier ones, as in meta/key_changes
	Level    *level         `cbor:"8,keyasint,omitempty"` // to which the messages are raised

	// From requestsLevel on.
	Request []byte   `cbor:"9,keyasint,omitempty"`  // its RequestID
	Seqs    []uint64 `cbor:"10,keyasint,omitempty"` // of its entries, if some were duplicates: 0 for the next leaf, or that of the duplicate
}

type recordResult struct {
	Kind string `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint"`
	Data []byte `cbor:"3,keyasint"` // null: removed
}

// ChainOf returns the chain that a message of any level continues, and the one after it.
func ChainOf(data []byte) (before, after [sha256.Size]byte, err error) {
	if len(data) < messageHead || string(data[:len(messageMark)]) != messageMark || data[len(messageMark)] < firstLevel {
		return before, after, errors.New("this is not a message of a replicated log")
	}
	copy(before[:], data[len(messageMark)+1:])
	sum := sha256.Sum256(data)
	return before, sha256.Sum256(append(before[:len(before):len(before)], sum[:]...)), nil
}

func encodeMessage(level int, before [sha256.Size]byte, operations []operation) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, messageHead+64))
	b.WriteString(messageMark)
	b.WriteByte(byte(level)) //nolint:gosec // at most HighestLevel
	b.Write(before[:])
	err := encoding.NewEncoder(b).Encode(operations)
	return b.Bytes(), err
}

func decodeOperations(data []byte) (operations []operation, err error) {
	err = messageDecoding.Unmarshal(data[messageHead:], &operations)
	return operations, err
}

// messageDecoding has the limits of what one transaction may hold.
var messageDecoding = must(cbor.DecOptions{ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, MaxArrayElements: 1 << 22}.DecMode())

// resultsOf returns the results of a request that was written, without what other copies need not know.
func resultsOf(r *appendRequest) ([]operation, error) {
	o := operation{Log: r.tenant, Leaves: r.leaves, Skipped: r.skipped, Deletion: r.deletionData, Level: r.level}
	for _, c := range r.changes {
		if !oplog.IsLocal(c.Kind, c.Name) {
			o.Changes = append(o.Changes, recordResult{string(c.Kind), c.Name, c.Data})
		}
	}
	if r.key != nil {
		var err error
		o.Verifier = r.key.verifier
		if o.Replaced, err = json.Marshal(r.key.changes); err != nil {
			return nil, err
		}
	}
	if r.request.ID != (RequestID{}) {
		o.Request, o.Seqs = r.request.ID[:], r.seqs
	}
	var results []operation
	if len(o.Leaves) > 0 || o.Skipped > 0 || len(o.Changes) > 0 || o.Deletion != nil || r.key != nil || r.level != nil {
		results = append(results, o)
	}
	for _, one := range r.others {
		of, err := resultsOf(one)
		if err != nil {
			return nil, err
		}
		results = append(results, of...)
	}
	return results, nil
}

var keyReplicated = []byte("replicated")

// readPosition returns the position that a transaction sees; false if the store is not replicated.
func readPosition(tx *bolt.Tx) (p Position, found bool, err error) {
	data := tx.Bucket(bucketMeta).Get(keyReplicated)
	if data == nil {
		return p, false, nil
	}
	const size = 8 + sha256.Size
	if len(data) != size+4 || crc32.Checksum(data[:size], castagnoli) != binary.BigEndian.Uint32(data[size:]) {
		return p, true, oplog.Errorf(oplog.CodeDamaged, "The store does not say how far it was replicated: the record of that is damaged.")
	}
	p.Index = binary.BigEndian.Uint64(data)
	copy(p.Chain[:], data[8:])
	return p, true, nil
}

func putPosition(tx *bolt.Tx, p Position) error {
	data := append(binary.BigEndian.AppendUint64(nil, p.Index), p.Chain[:]...)
	return tx.Bucket(bucketMeta).Put(keyReplicated, binary.BigEndian.AppendUint32(data, crc32.Checksum(data, castagnoli)))
}
