package search

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"oplog/oplog"
)

// TestMatcherEqualsPlainScan: a single entry matches as in a plain scan, and as on a page.
func TestMatcherEqualsPlainScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuery(t)
		q.Organizations, q.Not.Organizations, q.Scope = nil, nil, "" // a matcher gets resolved organizations
		words, err := oplog.ParseSearch(q.Search)
		if err != nil {
			t.Fatal(err)
		}
		matches, err := (&Index{}).Matcher(oplog.Match{
			Words: words, Catalog: oplog.BuiltInCatalog(), Values: q.Values, Not: q.Not, From: q.From, To: q.To,
		})
		if oplog.CodeOf(err) == oplog.CodeInvalid && !slices.ContainsFunc(words, func(w oplog.Word) bool { return len(plainWords(w.Text)) > 0 }) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			e := drawEntry(t)
			if e.Outcome == "" {
				e.Outcome = oplog.OutcomeSuccess
			}
			if got, want := matches(&e), plainMatch(q, nil, &e); got != want {
				t.Fatalf("%+v matches %+v: %v, want %v", q, e, got, want)
			}
		}
	})
}

func TestMatcherOfOrganizations(t *testing.T) {
	f := func(t *testing.T, organizations []string, organization string, want bool) {
		t.Helper()
		matches, err := (&Index{}).Matcher(oplog.Match{Values: oplog.Values{Organizations: organizations}})
		if err != nil {
			t.Fatal(err)
		}
		if got := matches(&oplog.Entry{Time: now, Organization: oplog.Ref{ID: organization}}); got != want {
			t.Errorf("%q in %q: %v, want %v", organization, organizations, got, want)
		}
	}
	f(t, nil, "", true)
	f(t, nil, "east", true)
	f(t, []string{}, "", false)
	f(t, []string{}, "east", false)
	f(t, []string{"east"}, "east", true)
	f(t, []string{"east"}, "", false)
	f(t, []string{"east", "west"}, "shop", false)
}
