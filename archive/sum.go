package archive

import (
	"crypto/sha256"
	"encoding/binary"
)

// Add adds the hash of a leaf, as the Merkle tree has it (RFC 6962).
func (s *Sum) Add(seq uint64, hash [sha256.Size]byte) {
	if s.Rows == 0 || seq < s.MinSeq {
		s.MinSeq = seq
	}
	s.MaxSeq = max(s.MaxSeq, seq)
	for i := range s.Lanes {
		s.Lanes[i] += binary.LittleEndian.Uint64(hash[8*i:])
	}
	s.Rows++
}

// LeafHash returns the hash of an entry's recorded bytes as a leaf of the tree.
func LeafHash(leaf []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte{0}, leaf...))
}
