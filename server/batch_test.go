package server

import (
	"reflect"
	"strings"
	"testing"

	"oplog/oplog"
)

// batchSeeds are valid bodies, and bodies that are invalid at each stage of reading.
func batchSeeds() []string {
	seeds := []string{
		"", "{", "{}", "null", "[]", `"x"`, "1 2", `{"entries":[]}`, " {\n\"entries\" : [ ] } ", `{"entries":[null]}`, `{"entries":[{}]}`, `{"entries":{}}`,
		`{"entries":null}`, `{"entries":[]`, `{"entries":[],"entries":[]}`, `{"entries":[],"more":1}`, `{"more":1,"entries":[]}`, `{"\u0065ntries":[{}]}`,
		`{"entries":[]} x`, `{"entries":[{"id":""},{"time":"0001-01-01T00:00:00Z"},{"user":1},{"x":1,"x":2}]}`, `{"entries":[{"user":1},{"x":1,"x":2}]}`,
		`{"entries":[{"user":1}],}`, `{"":1}`, `{"user":{"ID":1}}`, `{"details":{"a":1,"a":2}}`, `{"module":"` + "\xff" + `"}`, `{"module":"\ud800"}`,
		`{"changes":[{"field":"f","before": 1.50 ,"after":{"a" : [ 1e400, -0 ]}},{"field":"g","before":null}],"details": { "a" : 9007199254740993 } }`,
		`{"entries":[{"details":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}]}`,
	}
	for _, more := range []string{"", `"time":5`, `"time":"2026-11-22"`, `"time":null,"id":null`, `"ip":1e3`, `"changes":null`, `"changes":[3]`, `"user":null`, `"content":[]`} {
		seeds = append(seeds, entry(more), `{"entries":[`+entry()+","+entry(more)+"]}")
	}
	return seeds
}

// FuzzReadBatch compares the single pass for valid bodies with the several passes that report errors.
func FuzzReadBatch(f *testing.F) {
	for _, seed := range batchSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var once, again batch
		read := once.readOnce([]byte(body))
		err := again.readAgain([]byte(body))
		right := err == nil
		for _, form := range again.forms {
			right = right && !form.unreadable
		}
		switch {
		case read && (!right || !reflect.DeepEqual(once, again)):
			t.Errorf("one pass reads %+v\nseveral read  %+v, %v", once, again, err)
		case !read && right && again.alone:
			t.Errorf("several passes read %+v", again)
		}
	})
}

// TestReadInOnePass: bodies of typical senders need no second pass.
func TestReadInOnePass(t *testing.T) {
	for _, body := range []string{
		entry(), " \n" + fullEntry(1) + "\n", `{"entries":[]}`, " { \"entries\" :[" + entry() + ", " + fullEntry(1) + `] } `, entry(`"id":""`),
		`{"entries":` + list(oplog.MaxEntriesPerRequest, "{}") + "}",
	} {
		var b batch
		if !b.readOnce([]byte(body)) {
			t.Errorf("%.200s", body)
		}
	}
}
