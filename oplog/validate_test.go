package oplog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var validationTime = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

func validEntry() Entry {
	return Entry{
		ID: "evt-1", Time: validationTime, User: User{ID: "u1", Name: "Wang Fang", Role: "Editor"},
		Organization: Ref{ID: "east", Name: "East"}, Module: "sms", Operation: "send", Content: Ref{ID: "sms_7", Name: "Double 11"},
		IP: "203.0.113.7", UserAgent: "Mozilla/5.0", Details: json.RawMessage(`{"recipients":12}`),
		Changes: []Change{{Field: "title", Before: json.RawMessage(`"a"`), After: json.RawMessage(`"b"`)}},
	}
}

// validates checks which fields of an entry are invalid.
func validates(t *testing.T, change func(*Entry), wantBroken ...string) []FieldError {
	t.Helper()
	e := validEntry()
	change(&e)
	errs := e.Validate(BuiltInCatalog(), validationTime)
	var got []string
	for _, f := range errs {
		got = append(got, f.Field)
		if f.Message == "" || strings.Contains(f.Message, "\n") {
			t.Errorf("%s: the message is %q, want one line", f.Field, f.Message)
		}
	}
	if !slices.Equal(got, wantBroken) {
		t.Errorf("broken: %q, want %q", got, wantBroken)
	}
	return errs
}

func TestValidateAcceptsFullEntry(t *testing.T) { validates(t, func(*Entry) {}) }

func TestValidateID(t *testing.T) {
	f := func(t *testing.T, id string, want ...string) {
		t.Helper()
		validates(t, func(e *Entry) { e.ID = id }, want...)
	}
	f(t, "")
	f(t, "a")
	f(t, "AZaz09._:-")
	f(t, strings.Repeat("x", 64))
	f(t, strings.Repeat("x", 65), "id")
	for _, outside := range []string{" ", "/", "+", "=", "@", "#", "%", "~", "[", "`", "{", ",", ";", "é", "双", "\x00", "\n", "\xff"} {
		f(t, "a"+outside, "id")
	}
	for c := range byte(128) {
		allowed := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-", c) >= 0
		if allowed {
			f(t, string(c))
		} else {
			f(t, string(c), "id")
		}
	}
}

func TestValidateTime(t *testing.T) {
	f := func(t *testing.T, id string, at time.Time, want ...string) {
		t.Helper()
		validates(t, func(e *Entry) { e.ID, e.Time = id, at }, want...)
	}
	f(t, "a", time.Time{}, "time")
	f(t, "", time.Time{})
	f(t, "a", validationTime.Add(24*time.Hour))
	f(t, "a", validationTime.Add(24*time.Hour+time.Nanosecond), "time")
	f(t, "", validationTime.Add(25*time.Hour), "time")
	f(t, "a", time.Unix(0, 0))
	f(t, "a", time.Unix(0, -1), "time")
	f(t, "a", time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), "time")
	f(t, "a", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "time")
}

func TestValidateSetsDefaults(t *testing.T) {
	e := Entry{User: User{ID: "u", Name: "U"}, Module: "sms", Operation: "create"}
	now := validationTime.Add(1234567 * time.Nanosecond)
	if errs := e.Validate(BuiltInCatalog(), now); errs != nil {
		t.Fatal(errs)
	}
	if want := validationTime.Add(1234 * time.Microsecond); !e.Time.Equal(want) {
		t.Errorf("time is %s, want now to the microsecond, %s", e.Time, want)
	}
	if e.Origin != OriginManual || e.Outcome != OutcomeSuccess {
		t.Errorf("origin %q and outcome %q, want manual and success", e.Origin, e.Outcome)
	}
	berlin := time.FixedZone("CET", 3600)
	e = validEntry()
	e.Time = time.Date(2026, 11, 20, 9, 0, 0, 999_999_999, berlin)
	e.Validate(BuiltInCatalog(), validationTime)
	if want := time.Date(2026, 11, 20, 8, 0, 0, 999_999_000, time.UTC); e.Time != want {
		t.Errorf("time is %s, want %s", e.Time, want)
	}
}

// Lengths are counted in characters, not bytes.
func TestValidateTexts(t *testing.T) {
	f := func(t *testing.T, location string, least, most int, set func(e *Entry, s string)) {
		t.Helper()
		text := func(s string, want ...string) {
			t.Helper()
			validates(t, func(e *Entry) { set(e, s) }, want...)
		}
		for _, character := range []string{"x", "é", "双", "🎉"} {
			text(strings.Repeat(character, most))
			text(strings.Repeat(character, most+1), location)
		}
		text("x")
		if least > 0 {
			text("", location)
		} else {
			text("")
		}
		text("a\x00b", location)
		text("a\xffb", location)
		text("a\xed\xa0\x80b", location) // half of a surrogate pair
		text(" \t\r\n\u200b\u202e=1+1 <script>")
	}
	f(t, "user.id", 1, 128, func(e *Entry, s string) { e.User.ID = s })
	f(t, "user.name", 1, 128, func(e *Entry, s string) { e.User.Name = s })
	f(t, "user.role", 0, 128, func(e *Entry, s string) { e.User.Role = s })
	f(t, "organization.id", 1, MaxOrganizationID, func(e *Entry, s string) { e.Organization.ID = s })
	f(t, "organization.name", 0, 1024, func(e *Entry, s string) { e.Organization.Name = s })
	f(t, "content.id", 0, MaxContentID, func(e *Entry, s string) { e.Content.ID = s })
	f(t, "content.name", 0, 1024, func(e *Entry, s string) { e.Content.Name = s })
	f(t, "ip", 0, MaxOriginLength, func(e *Entry, s string) { e.IP = s })
	f(t, "key", 0, MaxUserLength, func(e *Entry, s string) { e.KeyID = s })
	f(t, "user_agent", 0, MaxOriginLength, func(e *Entry, s string) { e.UserAgent = s })
	f(t, "changes[0].field", 1, MaxChangeField, func(e *Entry, s string) { e.Changes[0].Field = s })
	validates(t, func(e *Entry) { e.Organization = Ref{} }) // a name requires an id
}

func TestValidateOriginAndOutcome(t *testing.T) {
	f := func(t *testing.T, origin, outcome string, want ...string) {
		t.Helper()
		validates(t, func(e *Entry) { e.Origin, e.Outcome = origin, outcome }, want...)
	}
	f(t, "", "")
	f(t, "manual", "success")
	f(t, "api", "failure")
	f(t, "API", "success", "origin")
	f(t, "manual", "failed", "outcome")
	f(t, "robot", "maybe", "origin", "outcome")
}

func TestValidateOperation(t *testing.T) {
	f := func(t *testing.T, module, operation string, want ...string) {
		t.Helper()
		validates(t, func(e *Entry) { e.Module, e.Operation = module, operation }, want...)
	}
	f(t, "", "", "module")
	f(t, "nothing", "create", "module")
	f(t, "SMS", "send", "module")
	f(t, "sms", "", "operation")
	f(t, "sms", "merge", "operation")
	f(t, "sms", "Send", "operation")
	errs := validates(t, func(e *Entry) { e.Module, e.Operation = "merchant_order", "create" }, "operation")
	if want := "is not allowed for module merchant_order; allowed are export"; errs[0].Message != want {
		t.Errorf("%q, want %q", errs[0].Message, want)
	}
	errs = validates(t, func(e *Entry) { e.Module = "nothing" }, "module")
	if !strings.Contains(errs[0].Message, "one of customer, wechat_page, ") {
		t.Errorf("%q does not name the modules", errs[0].Message)
	}
}

func TestValidateEveryPair(t *testing.T) {
	for _, m := range BuiltInCatalog().Modules {
		for _, o := range BuiltInCatalog().Operations {
			var want []string
			if !m.Allows(o.Key) {
				want = []string{"operation"}
			}
			validates(t, func(e *Entry) { e.Module, e.Operation = m.Key, o.Key }, want...)
		}
	}
}

func TestValidateChanges(t *testing.T) {
	f := func(t *testing.T, changes []Change, want ...string) {
		t.Helper()
		validates(t, func(e *Entry) { e.Changes = changes }, want...)
	}
	many := func(n int, value string) []Change {
		return slices.Repeat([]Change{{Field: "f", After: json.RawMessage(value)}}, n)
	}
	f(t, nil)
	f(t, many(100, `1`))
	f(t, many(101, `1`), "changes")
	f(t, []Change{{Field: "f"}})
	f(t, []Change{{Field: "f", Before: json.RawMessage(`null`), After: json.RawMessage(` {"a": [1, "x"]} `)}})
	f(t, []Change{{Field: "f", Before: json.RawMessage(`{`)}}, "changes[0].before")
	f(t, []Change{{Field: "f"}, {Field: "", After: json.RawMessage(`1 2`)}}, "changes[1].field", "changes[1].after")
	f(t, []Change{{Field: "f", After: json.RawMessage("\"a\xffb\"")}}, "changes[0].after")
	f(t, many(1, `"`+strings.Repeat("x", MaxChangesBytes-2)+`"`))
	f(t, many(1, `"`+strings.Repeat("x", MaxChangesBytes-1)+`"`), "changes")
	f(t, many(2, `"`+strings.Repeat("x", MaxChangesBytes/2-1)+`"`), "changes")
}

// Values nest at most 64 levels deep, whatever their strings contain.
func TestValidateDepth(t *testing.T) {
	nested := func(levels int) json.RawMessage {
		return json.RawMessage(strings.Repeat(`{"a":[`, levels/2) + `"[[{{\"[{"` + strings.Repeat(`]}`, levels/2))
	}
	validates(t, func(e *Entry) { e.Details = nested(MaxDepth) })
	validates(t, func(e *Entry) { e.Details = nested(MaxDepth + 2) }, "details")
	validates(t, func(e *Entry) {
		e.Changes = []Change{{Field: "f", Before: nested(MaxDepth), After: nested(MaxDepth + 2)}}
	}, "changes[0].after")
	validates(t, func(e *Entry) { e.Details = json.RawMessage(`{"a":[` + strings.Repeat(`[],`, MaxDepth) + `[]]}`) })
}

// NUL is invalid in text, also as a JSON escape; the six characters \u0000 themselves are valid.
func TestValidateNUL(t *testing.T) {
	f := func(t *testing.T, value string, nul bool) {
		t.Helper()
		var inDetails, inChange []string
		if nul {
			inDetails, inChange = []string{"details"}, []string{"changes[0].before"}
		}
		validates(t, func(e *Entry) { e.Details = json.RawMessage(`{"a":` + value + `}`) }, inDetails...)
		validates(t, func(e *Entry) { e.Changes = []Change{{Field: "f", Before: json.RawMessage(value)}} }, inChange...)
	}
	f(t, `"\u0000"`, true)
	f(t, `"a\u0000b"`, true)
	f(t, `{"\u0000": 1}`, true)
	f(t, `["\\", "\\\u0000"]`, true)
	f(t, `"\\u0000"`, false)
	f(t, `"\\\\u0000"`, false)
	f(t, `"\u0001\u00000"`, true)
	f(t, `"\u00001"`, true)
	f(t, `"u0000"`, false)
	f(t, `"\u0001"`, false)
	f(t, `"\n\""`, false)
}

func TestValidateDetails(t *testing.T) {
	f := func(t *testing.T, details string, want ...string) {
		t.Helper()
		validates(t, func(e *Entry) { e.Details = json.RawMessage(details) }, want...)
	}
	sized := func(n int) string { return `{"a":"` + strings.Repeat("x", n-8) + `"}` }
	f(t, "")
	f(t, "null")
	f(t, "{}")
	f(t, " {\"a\": 1}\n")
	f(t, sized(16<<10))
	f(t, sized(16<<10+1), "details")
	f(t, "[]", "details")
	f(t, `"x"`, "details")
	f(t, "1", "details")
	f(t, "true", "details")
	f(t, "{", "details")
	f(t, `{"a":1}}`, "details")
	f(t, "{\"a\":\"\xff\"}", "details")
	e := validEntry()
	e.Details = json.RawMessage("{ \"b\" : 1 ,\n \"a\" : 1.50 }")
	e.Validate(BuiltInCatalog(), validationTime)
	if got, want := string(e.Details), `{"b":1,"a":1.50}`; got != want {
		t.Errorf("details kept as %s, want %s", got, want)
	}
}

func TestValidateReportsEveryField(t *testing.T) {
	e := Entry{ID: "a b", User: User{Name: strings.Repeat("n", 200)}, Origin: "x", Details: json.RawMessage(`1`)}
	var got []string
	for _, f := range e.Validate(BuiltInCatalog(), validationTime) {
		got = append(got, f.Field)
		if s, ok := f.Value.(string); ok && len(s) > 70 {
			t.Errorf("%s quotes %d bytes", f.Field, len(s))
		}
	}
	if want := "[id time user.id user.name origin module details]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}
