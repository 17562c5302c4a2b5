package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// ruled has a field for each rule of schemaRules.
type ruled struct {
	Kind   string         `json:"kind" enum:"a,b"`
	Name   string         `json:"name,omitempty" minLength:"2" maxLength:"4"`
	List   []string       `json:"list,omitempty" maxItems:"2"`
	Count  int            `json:"count,omitempty" minimum:"1"`
	Ratio  float64        `json:"ratio,omitempty"`
	On     bool           `json:"on,omitempty"`
	At     time.Time      `json:"at,omitempty"`
	Day    string         `json:"day,omitempty" format:"date"`
	Object map[string]any `json:"object,omitempty"`
	Either oneOrMore      `json:"either,omitempty"`
}

// oneOrMore is a string or a list of strings.
type oneOrMore []string

// Schema returns the schema, for Huma.
func (oneOrMore) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}}}
	s.PrecomputeMessages()
	return s
}

// TestCodesOfViolations: every rule of schemaRules is found in the text with which Huma reports its violation, with its parameters.
func TestCodesOfViolations(t *testing.T) {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schema := registry.Schema(reflect.TypeFor[ruled](), true, "")
	var found []string
	f := func(body, want string) {
		t.Helper()
		var value any
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			t.Fatal(err)
		}
		var result huma.ValidateResult
		huma.Validate(registry, schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, value, &result)
		var got []string
		for _, err := range result.Errors {
			var detailer huma.ErrorDetailer
			if !errors.As(err, &detailer) {
				t.Fatal(err)
			}
			e := violationOf(detailer.ErrorDetail())
			found = append(found, e.Code)
			if e.Params == nil {
				got = append(got, e.Code)
				continue
			}
			got = append(got, e.Code+" "+fmt.Sprint(e.Params))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %s", body, got, want)
		}
	}
	f(`{"kind":"a"}`, "")
	f(`{"kind":"a","other":1}`, "unknown_field")
	f(`{}`, "required_property map[name:kind]")
	f(`{"kind":"c"}`, "not_one_of map[allowed:a, b]")
	f(`{"kind":"a","name":"x"}`, "too_short map[min:2]")
	f(`{"kind":"a","name":"12345"}`, "too_long map[max:4]")
	f(`{"kind":"a","list":["1","2","3"]}`, "too_many map[max:2]")
	f(`{"kind":"a","count":0}`, "too_low map[min:1]")
	f(`{"kind":"a","at":"today"}`, "not_a_time")
	f(`{"kind":"a","day":"today"}`, "not_a_date")
	f(`{"kind":"a","on":1}`, "not_a_boolean")
	f(`{"kind":"a","ratio":"1"}`, "not_a_number")
	f(`{"kind":"a","count":1.5}`, "not_a_number")
	f(`{"kind":"a","name":1}`, "not_a_string")
	f(`{"kind":"a","list":"1"}`, "not_an_array")
	f(`{"kind":"a","object":1}`, "not_an_object")
	f(`{"kind":"a","either":1}`, "neither_string_nor_list")
	for _, rule := range schemaRules {
		if !slices.Contains(found, rule.code) {
			t.Errorf("no violation of %s was tried", rule.code)
		}
	}
}
