package storage

import (
	"fmt"
	"testing"

	"oplog/oplog"
)

// TestEqualContent: entries with equal values are equal however their JSON is formatted; any other difference counts.
func TestEqualContent(t *testing.T) {
	f := func(t *testing.T, a, b string, want bool) {
		t.Helper()
		for part, with := range map[string]func(json string) oplog.Entry{
			"details": func(json string) oplog.Entry { return oplog.Entry{ID: "a", Details: []byte(json)} },
			"before": func(json string) oplog.Entry {
				return oplog.Entry{ID: "a", Changes: []oplog.Change{{Field: "f", Before: []byte(json)}}}
			},
			"after": func(json string) oplog.Entry {
				return oplog.Entry{ID: "a", Changes: []oplog.Change{{Field: "e"}, {Field: "f", After: []byte(json)}}}
			},
		} {
			x, y := with(a), with(b)
			y.Seq = 5
			untouched := fmt.Sprint(x, y)
			if same, err := equalContent(&x, &y); same != want || err != nil {
				t.Errorf("%s %s and %s: %v, %v", part, a, b, same, err)
			}
			if fmt.Sprint(x, y) != untouched {
				t.Errorf("%s: the entries are changed: %v, %v", part, x, y)
			}
		}
	}
	f(t, `{"a":1}`, `{"a":1}`, true)
	f(t, `{"a":1,"b":{"d":[1,2],"c":null}}`, `{"b":{"c":null,"d":[1,2]},"a":1}`, true)
	f(t, `{"a":"é/<"}`, `{"a":"\u00e9\/\u003c"}`, true)
	f(t, `{"a":[1,2]}`, `{"a":[2,1]}`, false)
	f(t, `{"a":1}`, `{"a":1,"b":null}`, false)
	f(t, `{"a":1}`, `{"a":"1"}`, false)
	f(t, `{"a":1}`, `{"a":2}`, false)
	f(t, `{"a":12345678901234567890}`, `{"a":12345678901234567891}`, false)
	f(t, `{"a":1.0}`, `{"a":1}`, false)
	f(t, `{"a":"e\u0301"}`, `{"a":"\u00e9"}`, false)
	f(t, `{"a":9007199254740993}`, `{"a":9007199254740992}`, false)
	f(t, `{"a":2.50}`, `{"a":2.5}`, false)
	f(t, `{"a":1e400}`, `{"a":1e401}`, false)
	f(t, `{"a":-0}`, `{"a":0}`, false)
	f(t, `{"a":1,"a":2}`, `{"a":2}`, false)
	f(t, `{"a":{"b":1,"b":2}}`, `{"a":{"b":2,"b":1}}`, false)
	f(t, `{}`, `{"a":1}`, false)
}
