package search

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Bytes returns the size of the index on disk; see [oplog.Index].
func (x *Index) Bytes() (int64, error) {
	var sum int64
	err := filepath.WalkDir(x.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				sum += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // merged and deleted meanwhile
		}
		return err
	})
	return sum, err
}

// ValueBytes returns the memory of what tells values apart; see [oplog.Index].
func (x *Index) ValueBytes() int64 {
	var numberings []*numbering
	sum := 0
	x.mu.Lock()
	for _, t := range x.tenants {
		t.mu.Lock()
		numberings = append(numberings, t.numbering)
		for _, s := range t.segments {
			if c := s.columns.Load(); c != nil {
				sum += c.bytes()
			}
		}
		t.mu.Unlock()
	}
	x.mu.Unlock()
	for _, n := range numberings {
		sum += n.bytes()
	}
	return int64(sum)
}
