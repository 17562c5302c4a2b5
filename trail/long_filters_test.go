package trail_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"oplog/oplog"
)

// many returns that many values of so many characters.
func many(n, characters int) (values []string) {
	for i := range n {
		values = append(values, fmt.Sprintf("%03d", i)+strings.Repeat("用", characters))
	}
	return values
}

// newest returns the newest entry of acme's trail, and its size as the API shows it.
func (l *testLog) newest() (oplog.Entry, int) {
	l.T.Helper()
	page, err := l.Trail.Page(l.T.Context(), "acme", oplog.Query{}, 1, "")
	l.Must(nil, err)
	text, err := json.Marshal(page.Entries[0])
	l.Must(nil, err)
	return page.Entries[0], len(text) - len(page.Entries[0].UserAgent)
}

// TestFiltersAreShort: whatever is searched for, an event has about a kilobyte: of long filters the first values, their number, and a hash of
// all. Short ones are kept as they are.
func TestFiltersAreShort(t *testing.T) {
	l := newLog(t)
	var every oplog.Filters
	every.Search = strings.Repeat("搜", oplog.MaxSearchLength)
	all := map[string][]string{"q": {every.Search}}
	every.Each(func(name string, values *[]string) {
		*values = many(40, 100)
		all[name] = *values
	})
	for name, filters := range map[string]any{
		"ids": map[string][]string{"user": many(900, 0), "module": {"sms"}}, "long values": map[string][]string{"content_id": many(40, 250)},
		"a long search": map[string][]string{"q": {strings.Repeat("搜", oplog.MaxSearchLength)}}, "all filters": all, "an export": every,
	} {
		v := event("acme", name)
		v.Details, v.UserAgent = map[string]any{"filters": filters}, strings.Repeat("x", 5000)
		l.Trail.Add(v)
		e, size := l.newest()
		var details struct {
			Filters map[string][]string
			Values  map[string]int `json:"filter_values"`
			Hash    string         `json:"filters_sha256"`
		}
		l.Must(nil, json.Unmarshal(e.Details, &details))
		sent, _ := filters.(map[string][]string)
		if sent == nil {
			sent = all
		}
		text, err := json.Marshal(sent)
		l.Must(nil, err)
		if sum := sha256.Sum256(text); details.Hash != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: hash %s", name, details.Hash)
		}
		for filter, values := range sent {
			if details.Values[filter] != len(values) {
				t.Errorf("%s: %s has %d values, want %d", name, filter, details.Values[filter], len(values))
			}
			if kept := details.Filters[filter]; len(kept) > 0 && !strings.HasPrefix(values[0], strings.TrimSuffix(kept[0], "…")) {
				t.Errorf("%s: %s is %q", name, filter, kept)
			}
		}
		if size > 1300 || len(e.UserAgent) > 256 || name != "all filters" && name != "an export" && len(details.Filters) != len(sent) {
			t.Errorf("%s: %d bytes: %s", name, size, e.Details)
		}
	}
	v := event("acme", "short")
	v.Details = map[string]any{"filters": map[string][]string{"user": many(20, 0), "q": {"invoice"}}}
	l.Trail.Add(v)
	if e, _ := l.newest(); !strings.Contains(string(e.Details), `"019"`) || strings.Contains(string(e.Details), "filter_values") {
		t.Errorf("short filters: %s", e.Details)
	}
	v.Details = map[string]any{"query": "user=" + strings.Repeat("u", 4000), "shared": true}
	l.Trail.Add(v)
	if e, size := l.newest(); size > 700 || !strings.Contains(string(e.Details), `"query":"user=uuu`) || !strings.Contains(string(e.Details), "filters_sha256") {
		t.Errorf("a view: %s", e.Details)
	}
}

// TestLongFiltersAreToldApart: readings whose filters only differ where they are cut are recorded each, also after a restart.
func TestLongFiltersAreToldApart(t *testing.T) {
	l := newLog(t)
	search := func(last string) {
		v := reading("a", "search")
		v.Reading.Filters = map[string][]string{"user": append(many(200, 0), last)}
		v.Details = map[string]any{"filters": v.Reading.Filters}
		l.Trail.Add(v)
	}
	count := func() int { return strings.Count(l.trailLines(), "filters_sha256") }
	search("x")
	search("y")
	search("y")
	if n := count(); n != 2 {
		t.Errorf("%d searches are recorded, want 2: %s", n, l.trailLines())
	}
	l.Restart()
	v := reading("a", "search")
	v.Reading.Filters = map[string][]string{"user": many(8, 0)} // what is kept of them
	v.Details = map[string]any{"filters": v.Reading.Filters}
	l.Trail.Add(v)
	if n := strings.Count(l.trailLines(), "search {"); n != 2 {
		t.Errorf("%d entries, want 2: %s", n, l.trailLines())
	}
}
