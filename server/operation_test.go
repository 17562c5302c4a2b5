package server

import (
	"reflect"
	"strings"
	"testing"
)

// A parameter in the path is held to its tags, as the document says.
func TestPathParameters(t *testing.T) {
	f := newServer(t)
	p := f.asProblem(f.send("launch", "DELETE", tenantA+"/launched/"+strings.Repeat("x", 129), ""), 422)
	if len(p.Errors) != 1 || p.Errors[0].Location != "path.sub" || !strings.Contains(p.Errors[0].Message, "<= 128") {
		t.Errorf("%+v", p)
	}
	f.change("launch", "DELETE", tenantA+"/launched/"+strings.Repeat("x", 128), "", 204)
}

// A handler of types that operations do not serve stops the program when it starts.
func TestOperationTypes(t *testing.T) {
	f := func(name string, in, out reflect.Type, panics bool) {
		t.Helper()
		defer func() {
			t.Helper()
			if got := recover(); (got != nil) != panics {
				t.Errorf("%s: %v", name, got)
			}
		}()
		newOperation(&route{id: name}, in, out)
	}
	none := reflect.TypeFor[struct{}]()
	f("nothing", none, none, false)
	f("all", reflect.TypeFor[removePasskeyInput](), reflect.TypeFor[signInOutput](), false)
	f("a query parameter", reflect.TypeFor[struct {
		Limit string `query:"limit"`
	}](), none, true)
	f("a number in the path", reflect.TypeFor[struct {
		Seq int `path:"seq"`
	}](), none, true)
	f("another header", none, reflect.TypeFor[struct {
		Location string `header:"Location"`
	}](), true)
}

// An output is sent as it is: its status, its cookie, and its body only if its type has one.
func TestOutputs(t *testing.T) {
	f := newServer(t)
	r := f.send("nobody", "POST", "/api/v1/session", `{"username":"owner","password":"wrong"}`)
	if r.header.Get("Set-Cookie") != "" {
		t.Errorf("a refused sign-in sets %v", r.header["Set-Cookie"])
	}
	r = f.send("owner", "DELETE", "/api/v1/sessions", "")
	if r.status != 204 || len(r.body) > 0 || len(r.header["Set-Cookie"]) != 1 || r.header.Get("Content-Type") != "" {
		t.Errorf("%d %q %v", r.status, r.body, r.header)
	}
}
