package oplog

import (
	"encoding/json"
	"reflect"
	"testing"
)

// Every field of Values has exactly one filter.
func TestValueFilters(t *testing.T) {
	var v Values
	fields := reflect.ValueOf(&v).Elem()
	if len(ValueFilters) != fields.NumField() {
		t.Errorf("%d filters of %d fields", len(ValueFilters), fields.NumField())
	}
	for i, f := range ValueFilters {
		*f.Of(&v) = []string{f.Name}
		if got := fields.Field(i).Interface(); !reflect.DeepEqual(got, []string{f.Name}) {
			t.Errorf("filter %s is of another field than %s", f.Name, fields.Type().Field(i).Name)
		}
	}
}

func TestFiltersAsJSON(t *testing.T) {
	f := func(t *testing.T, filters Filters, want string) {
		t.Helper()
		data, err := json.Marshal(filters)
		if string(data) != want || err != nil {
			t.Errorf("%+v is written as %s, %v; want %s", filters, data, err, want)
		}
		var read Filters
		if err := json.Unmarshal(data, &read); err != nil || !reflect.DeepEqual(read, filters) {
			t.Errorf("%s is read as %+v, %v", data, read, err)
		}
	}
	f(t, Filters{}, `{}`)
	f(t, Filters{Search: `"a" -b`, Values: Values{Users: []string{"u1"}, IPs: []string{"10.0.0.0/8", "::1"}}}, `{"q":"\"a\" -b","user":["u1"],"ip":["10.0.0.0/8","::1"]}`)
	f(t, Filters{Values: Values{Outcomes: []string{"failure"}}, Not: Values{Roles: []string{"经理"}, Users: []string{"u2"}}},
		`{"outcome":["failure"],"not_user":["u2"],"not_role":["经理"]}`)

	for _, bad := range []string{`{"users":["u1"]}`, `{"not_q":"x"}`, `{"user":"u1"}`, `{"q":["x"]}`, `[]`} {
		var read Filters
		if err := json.Unmarshal([]byte(bad), &read); err == nil {
			t.Errorf("%s is read as %+v", bad, read)
		}
	}
}

func TestValidateFilters(t *testing.T) {
	f := func(t *testing.T, filters Filters, want ...string) {
		t.Helper()
		var fields []string
		if err := filters.Validate(); err != nil {
			for _, errs := range err.(*Error).Fields { //nolint:errorlint // it is not wrapped
				fields = append(fields, errs.location())
			}
		}
		if !reflect.DeepEqual(fields, want) {
			t.Errorf("%+v: %v are broken, want %v", filters, fields, want)
		}
	}
	f(t, Filters{Values: Values{Outcomes: []string{"success", "failure"}, IPs: []string{"10.0.0.1", "10.0.0.1/8", "::1", "fe80::1%eth0", "::/0"}, Roles: []string{"any"}}})
	f(t, Filters{Values: Values{Outcomes: []string{"failed"}}, Not: Values{Outcomes: []string{"Success"}}}, "query.outcome", "query.not_outcome")
	for _, bad := range []string{"10.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.*", "localhost", "10.0.0.1:80", "10.0.0.1-10.0.0.9", " 10.0.0.1", "::1%"} {
		f(t, Filters{Values: Values{IPs: []string{bad}}}, "query.ip")
		f(t, Filters{Not: Values{IPs: []string{"::1", bad}}}, "query.not_ip")
	}
}

func TestParseNetwork(t *testing.T) {
	f := func(t *testing.T, text, want string) {
		t.Helper()
		p, ok := ParseNetwork(text)
		if !ok || p.String() != want {
			t.Errorf("%s is %s, %v; want %s", text, p, ok, want)
		}
	}
	f(t, "192.0.2.7", "192.0.2.7/32")
	f(t, "192.0.2.7/24", "192.0.2.0/24")
	f(t, "0.0.0.0/0", "0.0.0.0/0")
	f(t, "2001:DB8::7", "2001:db8::7/128")
	f(t, "2001:db8:1::/32", "2001:db8::/32")
	f(t, "::ffff:192.0.2.7", "192.0.2.7/32")
	f(t, "::ffff:192.0.2.7/120", "192.0.2.0/24")
	f(t, "::ffff:192.0.2.7/64", "::/64")
	f(t, "fe80::1%eth0", "fe80::1/128")
}

func TestEntryAddress(t *testing.T) {
	f := func(t *testing.T, ip, want string) {
		t.Helper()
		e := Entry{IP: ip}
		a, ok := e.Address()
		if ok != (want != "") || ok && a.String() != want {
			t.Errorf("%s is %s, %v; want %s", ip, a, ok, want)
		}
	}
	f(t, "192.0.2.7", "192.0.2.7")
	f(t, "192.0.2.7:4711", "192.0.2.7")
	f(t, "::ffff:192.0.2.7", "192.0.2.7")
	f(t, "2001:DB8:0::7", "2001:db8::7")
	f(t, "[2001:db8::7]:443", "2001:db8::7")
	f(t, "fe80::1%eth0", "fe80::1")
	f(t, "", "")
	f(t, "intranet", "")
	f(t, "192.0.2", "")
}
