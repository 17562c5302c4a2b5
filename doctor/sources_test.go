package doctor

import "testing"

// TestSources: each source is a finding, and a log without any has none.
func TestSources(t *testing.T) {
	r := &round{}
	if found := r.sources(); found != nil {
		t.Errorf("%v", found)
	}
	r.Sources = func() []Source { return []Source{{Name: "corp"}, {Name: "sso", Error: "no answer"}} }
	found := r.sources()
	if len(found) != 2 || found[0].Code != "sources-answer" || found[1].Code != "sources-away" || found[1].Params["error"] != "no answer" || found[1].Level != Warning {
		t.Errorf("%+v", found)
	}
}
