package trail

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/url"
	"unicode/utf8"

	"oplog/oplog"
)

// Filters may be as long as a request, and who reads chooses them: an event keeps so much of them that it has at most about a kilobyte, with
// the number of their values and a hash of what was sent.

const (
	maxFilters   = 512 // bytes of an event's filters, as JSON
	maxUserAgent = 256 // bytes

	filterValues = "filter_values"  // the detail with the numbers of values, by filter
	filtersHash  = "filters_sha256" // the detail with the SHA-256 of all filters, as JSON with sorted names
)

// cuts are how much is kept of long filters: that many values of each, with that many characters. The first that is short enough applies.
var cuts = []struct{ values, characters int }{{8, 64}, {3, 64}, {3, 24}, {1, 24}, {1, 8}, {0, 0}}

// shorten returns an event's details with filters, or the query of a view, of at most maxFilters.
func shorten(details map[string]any) map[string]any {
	for _, name := range []string{"filters", "query"} {
		filters := valuesOf(name, details[name])
		if filters == nil {
			continue
		}
		text, err := json.Marshal(filters)
		if err != nil || len(text) <= maxFilters {
			continue
		}
		short := maps.Clone(details)
		delete(short, name)
		kept, numbers := cut(filters)
		if query := kept[name]; name == "query" {
			if len(query) > 0 {
				short[name] = query[0]
			}
		} else {
			short[name], short[filterValues] = kept, numbers
		}
		sum := sha256.Sum256(text)
		short[filtersHash] = hex.EncodeToString(sum[:])
		details = short
	}
	return details
}

// valuesOf returns the values of a detail by filter; nil for anything else.
func valuesOf(name string, detail any) map[string][]string {
	switch v := detail.(type) {
	case map[string][]string:
		return v
	case url.Values:
		return v
	case string:
		if name == "query" {
			return map[string][]string{name: {v}}
		}
	case oplog.Filters:
		all := make(map[string][]string)
		if v.Search != "" {
			all["q"] = []string{v.Search}
		}
		v.Each(func(name string, values *[]string) {
			if len(*values) > 0 {
				all[name] = *values
			}
		})
		return all
	}
	return nil
}

// cut returns what is kept of filters, and the number of values of each.
func cut(filters map[string][]string) (kept map[string][]string, numbers map[string]int) {
	numbers = make(map[string]int, len(filters))
	for name, values := range filters {
		numbers[name] = len(values)
	}
	for _, c := range cuts {
		kept = make(map[string][]string, len(filters))
		for name, values := range filters {
			for _, value := range values[:min(c.values, len(values))] {
				kept[name] = append(kept[name], firstCharacters(value, c.characters))
			}
		}
		if text, err := json.Marshal(kept); err == nil && len(text) <= maxFilters {
			break
		}
	}
	return kept, numbers
}

// firstCharacters returns the start of a text, marked if it is cut.
func firstCharacters(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
