package trail

import (
	"bytes"
	"maps"
	"slices"
	"time"
)

// A reading goes unrecorded if the entry of its action implies it: the rows of a search imply its counts and its stream, an opened entry its
// history and the counts of its user. A count shows numbers and no entry; its period is not recorded, since the page counts other periods by
// itself, to offer a longer one and to say how many rows an export would have.

// isBuffered reports whether an action is about to record a reading, and notes that it was requested again: of searches, the last names the
// entry. Further pages are counted, and so is the first, once.
func (a *action) isBuffered(r *reading) (is, save bool) {
	for i := range a.buffered {
		if one := &a.buffered[i]; one.equals(r) {
			if r.Requested.After(one.Requested) {
				one.Requested, a.pending = r.Requested, nil
			}
			if r.Further || !one.hasFirst {
				one.calls, one.Rows, a.pending = one.calls+1, one.Rows+r.Rows, nil
				one.hasFirst = one.hasFirst || r.hasFirst
				one.Related = false // it shows more than the first rows
				save = isSaved(one.calls)
			}
			return true, save
		}
	}
	return false, false
}

// covers reports whether a reading need not be recorded because of readings that are recorded or about to be.
func (a *action) covers(already, now []reading, r *reading) bool {
	for _, list := range [][]reading{already, now} {
		for i := range list {
			if list[i].covers(r) && (list[i].outranks(r) || r.at.Sub(list[i].at) < actionRepeat) {
				return true
			}
		}
	}
	return r.countsUser() && isRecent(a.visit.openedUsers, r.Filters["user"][0], r.at) ||
		r.isHistory() && isRecent(a.visit.openedContents, r.Filters["content_id"][0], r.at)
}

// outranks reports whether a reading implies another for the rest of its action, such as a search the stream of its page and the counts of
// its facets, and an opened entry what is shown beside it.
func (r *reading) outranks(other *reading) bool {
	return r.rank() < other.rank()
}

// isRecent reports whether an entry with a value was opened recently.
func isRecent(opened map[string]time.Time, value string, at time.Time) bool {
	return at.Sub(opened[value]) < actionRepeat
}

// isOfEntry reports whether a reading is of a single entry.
func (r *reading) isOfEntry() bool { return r.entry.Content.ID != "" }

// isHistory reports whether a reading can show the rows beside an opened entry: the history of a content.
func (r *reading) isHistory() bool {
	content := r.Filters["content_id"]
	return r.Kind == ReadSearch && r.Related && len(r.Filters) == 1 && len(content) == 1 && content[0] != ""
}

// countsUser reports whether a reading counts the operations of a single user.
func (r *reading) countsUser() bool {
	user := r.Filters["user"]
	return r.Kind == ReadCount && len(user) == 1 && user[0] != "" && countsSubset(map[string][]string{"user": user}, r.Filters)
}

// covers reports whether recording r implies the other reading of the same action.
func (r *reading) covers(other *reading) bool {
	switch {
	case r.equals(other):
		return true
	case r.isOfEntry():
		return other.isHistory() && other.Filters["content_id"][0] == r.ContentID || other.countsUser() && other.Filters["user"][0] == r.UserID
	case other.isOfEntry() || r.rank() > other.rank(): // counts show no rows
		return false
	case other.Kind == ReadCount:
		return countsSubset(r.Filters, other.Filters)
	default:
		return equalFilters(r.Filters, other.Filters)
	}
}

// equals reports whether two readings requested the same data.
func (r *reading) equals(other *reading) bool {
	if r.isOfEntry() && !bytes.Equal(r.entry.Details, other.entry.Details) {
		return false // another entry with the same id
	}
	sameExtent := r.Related == other.Related || r.isPaged() || other.isPaged()
	return r.Kind == other.Kind && sameExtent && r.entry.Content == other.entry.Content && equalFilters(r.Filters, other.Filters)
}

// rank orders readings from most to least informative.
func (r *reading) rank() int { return slices.Index(readingKinds, r.Kind) }

// countsSubset reports whether counts use a subset of a reading's filters, as the facet panels do, in any period.
func countsSubset(filters, counted map[string][]string) bool {
	for name, values := range counted {
		if !slices.Contains(periodFilters, name) && !slices.Equal(filters[name], values) {
			return false
		}
	}
	return true
}

func equalFilters(a, b map[string][]string) bool {
	return maps.EqualFunc(a, b, slices.Equal)
}

// periodFilters are the filters of the period.
var periodFilters = []string{"range", "from", "to"}
