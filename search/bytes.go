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
