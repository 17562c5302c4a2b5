package search

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"oplog/oplog"
)

// Inspection is what the files of an index tell while nobody has it open.
type Inspection struct {
	Bytes    int64  // of its files
	Behind   uint64 // entries that no segment has yet; opening the index reads them from the store
	Outdated int    // tenants whose segments are of another version; they are built again
	Lost     int    // segments that are missing or have another size; they are built again
}

// Inspect compares the files of an index in a directory with a store. It changes nothing, and reads no segments.
func Inspect(dir string, store oplog.Store) (Inspection, error) {
	var found Inspection
	tenants, err := store.Records(oplog.RecordTenant, "")
	if err != nil && oplog.CodeOf(err) != oplog.CodeDamaged {
		return found, err
	}
	for _, t := range tenants {
		recorded, _, err := store.Counts(t.Name)
		if err != nil {
			return found, err
		}
		var m manifest
		data, _, err := store.Record(oplog.RecordIndex, t.Name)
		switch {
		case oplog.CodeOf(err) == oplog.CodeNotFound:
			m.Analysis = analysisVersion // nothing was built yet
		case err != nil || json.Unmarshal(data, &m) != nil:
			found.Outdated++
			continue
		}
		if m.Analysis != analysisVersion {
			found.Outdated++
			continue
		}
		found.Behind += recorded - min(recorded, m.Through)
		if err := found.addSegments(filepath.Join(dir, folderOf(t.Name)), m.Segments); err != nil {
			return found, err
		}
	}
	return found, nil
}

// addSegments compares the files of a tenant with its manifest.
func (n *Inspection) addSegments(dir string, segments []segmentInfo) error {
	for _, s := range segments {
		info, err := os.Stat(filepath.Join(dir, s.File))
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() != s.Size:
			n.Lost++
		case err != nil:
			return err
		default:
			n.Bytes += info.Size()
		}
	}
	return nil
}
