package oplog

import "fmt"

// Reliance is what of a log is in the archive alone: without it, neither the log nor a backup of it has these entries.
type Reliance struct {
	Days    int    `json:"days" doc:"Days whose entries are in the archive alone."`
	Entries uint64 `json:"entries" doc:"Their entries."`
	First   string `json:"first" doc:"The earliest of these UTC dates."`
	Last    string `json:"last" doc:"The latest of these UTC dates."`
}

// RelianceOn returns what of the archived days is in the archive alone.
func RelianceOn(days []ArchivedDay) (r Reliance) {
	for i := range days {
		d := &days[i]
		if d.State != DayRemoved {
			continue
		}
		r.Days++
		r.Entries += d.Rows
		if r.First == "" || d.Date < r.First {
			r.First = d.Date
		}
		r.Last = max(r.Last, d.Date)
	}
	return r
}

// String describes what is in the archive alone.
func (r Reliance) String() string {
	if r.Days == 1 {
		return fmt.Sprintf("1 archived day (%s, %d entries) in the archive", r.First, r.Entries)
	}
	return fmt.Sprintf("%d archived days (from %s to %s, %d entries) in the archive", r.Days, r.First, r.Last, r.Entries)
}
