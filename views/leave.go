package views

import (
	"strings"

	"oplog/oplog"
	"oplog/records"
)

// RemovePrivate removes a person's views that are not shared, in all tenants, and which one the person starts with. It returns how many views
// there were.
func (s *Views) RemovePrivate(person string) (removed int, err error) {
	own, err := records.WithoutDamage(records.Where(s.records, oplog.RecordView, "", func(v *View) bool { return v.Person == person && !v.Shared }))
	if err != nil {
		return 0, err
	}
	for _, v := range own {
		gone, err := s.removePrivate(v)
		if err != nil {
			return removed, err
		}
		if gone {
			removed++
		}
	}
	var starts []string
	err = records.Each(s.records, oplog.RecordStart, "", func(r oplog.Record) bool {
		if _, of, _ := strings.Cut(r.Name, "/"); of == person {
			starts = append(starts, r.Name)
		}
		return true
	})
	for _, name := range starts {
		if err == nil {
			err = records.Remove(s.changes, oplog.RecordStart, name)
		}
	}
	return removed, err
}

func (s *Views) removePrivate(v View) (gone bool, err error) {
	defer s.lock(v.Tenant)()
	_, err = records.Change(s.changes, oplog.RecordView, v.Tenant+"/"+v.ID, func(now *View, exists bool) (bool, error) {
		gone = exists && !now.Shared
		return gone, nil
	})
	return gone, err
}
