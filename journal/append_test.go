package journal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"oplog/journal"
	"oplog/node/nodetest"
	"oplog/oplog"
)

func TestAppendAnswersEachEntry(t *testing.T) {
	l := newLog(t)
	byProgram := nodetest.WithID("p1", nodetest.Entry("page", 0))
	byProgram.Origin = oplog.OriginAPI
	f := func(t *testing.T, entries []oplog.Entry, want string) journal.Appended {
		t.Helper()
		answer, err := l.Journal.Append(context.Background(), "acme", entries)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%d %d %d", answer.Recorded, answer.Duplicates, answer.Skipped)
		for _, r := range answer.Entries {
			got += fmt.Sprintf(" | %s %d %s", r.ID, r.Seq, r.Status)
		}
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
		return answer
	}
	f(t, nil, "0 0 0")
	f(t, []oplog.Entry{nodetest.WithID("a", nodetest.Entry("1", 9))}, "1 0 0 | a 1 recorded")
	f(t, []oplog.Entry{nodetest.WithID("a", nodetest.Entry("1", 9))}, "0 1 0 | a 1 duplicate")
	f(t, []oplog.Entry{byProgram}, "0 0 1 | p1 0 skipped")
	f(t, []oplog.Entry{
		byProgram, nodetest.WithID("b", nodetest.Entry("2", 8)), nodetest.WithID("a", nodetest.Entry("1", 9)), nodetest.WithID("c", nodetest.Entry("3", 7)), nodetest.WithID("b", nodetest.Entry("2", 8)), byProgram,
	}, "2 2 2 | p1 0 skipped | b 2 recorded | a 1 duplicate | c 3 recorded | b 2 duplicate | p1 0 skipped")

	claimed := nodetest.WithID("d", nodetest.Entry("4", 6)) // the log assigns seq and tenant
	claimed.Seq, claimed.Tenant = 99, "plain"
	f(t, []oplog.Entry{claimed, claimed}, "1 1 0 | d 4 recorded | d 4 duplicate")

	dayBefore := nodetest.WithID("a", nodetest.Entry("5", 24*60))
	f(t, []oplog.Entry{dayBefore}, "1 0 0 | a 5 recorded")

	made := oplog.MakeKey(nodetest.Morning, 6).ID()
	f(t, []oplog.Entry{nodetest.Entry("6", 0)}, "1 0 0 | "+made+" 6 recorded")
	f(t, []oplog.Entry{nodetest.WithID(made, nodetest.Entry("6", 0))}, "0 1 0 | "+made+" 6 duplicate")
	f(t, []oplog.Entry{nodetest.Entry("6", 0)}, "1 0 0 | "+oplog.MakeKey(nodetest.Morning, 7).ID()+" 7 recorded")

	entries, skipped, err := l.Journal.Counts("acme")
	if err != nil || entries != 7 || skipped != 3 {
		t.Errorf("counts %d %d %v, want 7 3", entries, skipped, err)
	}
	if got := l.Find("acme", oplog.Query{}); got != "6 6 4 3 2 1 5" {
		t.Errorf("found %s", got)
	}
	if got := l.Find("plain", oplog.Query{}); got != "" {
		t.Errorf("the other tenant has %s", got)
	}
}

func TestAppendStoresAllOrNothing(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.WithID("a", nodetest.Entry("1", 9)))
	byProgram := nodetest.Entry("page", 0)
	byProgram.Origin = oplog.OriginAPI
	nameless, wrong := nodetest.Entry("2", 0), nodetest.Entry("3", 0)
	nameless.User.Name = ""
	wrong.Module, wrong.Changes = "nothing", []oplog.Change{{}}
	other := nodetest.WithID("a", nodetest.Entry("other", 9))
	f := func(t *testing.T, entries []oplog.Entry, code oplog.Code, fields ...string) {
		t.Helper()
		answer, err := l.Journal.Append(context.Background(), "acme", entries)
		nodetest.WantCode(t, err, code)
		nodetest.WantFields(t, err, fields...)
		if answer.Recorded+answer.Skipped+len(answer.Entries) != 0 {
			t.Errorf("answered %+v", answer)
		}
	}
	f(t, []oplog.Entry{nameless}, oplog.CodeInvalid, "1: user.name")
	f(t, []oplog.Entry{nodetest.Entry("2", 0), nodetest.InOrganization("new", nodetest.Entry("2", 0)), nameless, wrong, byProgram}, oplog.CodeInvalid,
		"3: user.name", "4: module", "4: changes[0].field")
	f(t, []oplog.Entry{other}, oplog.CodeConflict, "1: id")
	f(t, []oplog.Entry{byProgram, nodetest.Entry("2", 0), byProgram, other, nodetest.Entry("3", 0), other}, oplog.CodeConflict, "4: id", "6: id")
	f(t, []oplog.Entry{nodetest.WithID("b", nodetest.Entry("2", 1)), byProgram, nodetest.WithID("b", nodetest.Entry("3", 1))}, oplog.CodeConflict, "3: id")
	f(t, make([]oplog.Entry, oplog.MaxEntriesPerRequest+1), oplog.CodeTooLarge)
	_, err := l.Journal.Append(context.Background(), "none", []oplog.Entry{nodetest.Entry("1", 0)})
	nodetest.WantCode(t, err, oplog.CodeNotFound)

	entries, skipped, err := l.Journal.Counts("acme")
	if err != nil || entries != 1 || skipped != 0 {
		t.Errorf("counts %d %d %v, want 1 0", entries, skipped, err)
	}
	if got := l.Find("acme", oplog.Query{}); got != "1" {
		t.Errorf("found %s", got)
	}
	if tree, _ := l.Directory.Organizations("acme", ""); len(tree) != 4 {
		t.Errorf("the tree grew to %+v", tree)
	}
}

func TestAppendKeepsWhatWasSent(t *testing.T) {
	l := newLog(t)
	sent := nodetest.InOrganization("east", nodetest.WithID("evt:1", nodetest.Entry("content", 1)))
	sent.User = oplog.User{ID: " u 1 ", Name: "王芳\t<b>", Role: "运营"}
	sent.Outcome, sent.IP, sent.UserAgent = oplog.OutcomeFailure, "2001:db8::1", "curl/8"
	sent.Changes = []oplog.Change{{Field: "f", Before: []byte(`null`), After: []byte(`{"b": 1.0, "a": "\u00e9<"}`)}, {Field: "g"}}
	sent.Details = []byte(`{"n": 10000000000000000001}`)
	l.Record("acme", sent)
	l.Restart()
	got, err := l.Journal.Entry("acme", "evt:1", "")
	if err != nil {
		t.Fatal(err)
	}
	want := sent
	want.Seq, want.Tenant, want.ReceivedAt, want.Origin = 1, "acme", nodetest.Morning, oplog.OriginManual
	want.Changes = []oplog.Change{{Field: "f", Before: []byte(`null`), After: []byte(`{"b":1.0,"a":"\u00e9<"}`)}, {Field: "g"}}
	want.Details = []byte(`{"n":10000000000000000001}`)
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func TestAppendLearnsOrganizations(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.InOrganization("north", nodetest.Entry("1", 3)), nodetest.InOrganization("north", nodetest.Entry("2", 2)), nodetest.InOrganization("east", nodetest.Entry("3", 1)), nodetest.Entry("4", 0))
	tree, err := l.Directory.Organizations("acme", "")
	if err != nil {
		t.Fatal(err)
	}
	if o, ok := tree.Find("north"); len(tree) != 5 || !ok || o.ParentID != "root" || o.Name != "north" {
		t.Errorf("the tree is %+v", tree)
	}
	if got := l.Find("acme", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"root"}}}}); got != "3 2 1" {
		t.Errorf("below the root are %s", got)
	}
	l.Restart()
	if again, _ := l.Directory.Organizations("acme", ""); fmt.Sprint(again) != fmt.Sprint(tree) {
		t.Errorf("after reopening the tree is %+v", again)
	}
}

func TestEntryAndProof(t *testing.T) {
	l := newLog(t)
	ulid := "01KACKM5NSRKBJ3TMZ5WBSGY3G" // has the form of a generated id
	if _, looks := oplog.KeyOfID(ulid); !looks {
		t.Fatal("choose another")
	}
	l.Record("acme", nodetest.InOrganization("shop", nodetest.WithID(ulid, nodetest.Entry("1", 3))), nodetest.InOrganization("west", nodetest.Entry("2", 2)))
	f := func(t *testing.T, tenant, id, scope, want string) {
		t.Helper()
		e, err := l.Journal.Entry(tenant, id, scope)
		if want == "" {
			nodetest.WantCode(t, err, oplog.CodeNotFound)
			return
		}
		if err != nil || e.Content.ID != want {
			t.Errorf("%s: %v, %v", id, e, err)
		}
	}
	f(t, "acme", ulid, "", "1")
	f(t, "acme", ulid, "east", "1")
	f(t, "acme", ulid, "west", "")
	f(t, "acme", oplog.MakeKey(nodetest.Morning.Add(-2*60e9), 2).ID(), "", "2")
	f(t, "acme", oplog.MakeKey(nodetest.Morning.Add(-2*60e9), 2).ID(), "root", "2")
	f(t, "acme", oplog.MakeKey(nodetest.Morning.Add(-2*60e9), 2).ID(), "east", "")
	f(t, "acme", oplog.MakeKey(nodetest.Morning, 2).ID(), "", "")
	f(t, "acme", "none", "", "")
	f(t, "plain", ulid, "", "")
	f(t, "none", ulid, "", "")

	// An id used by one organization on one day and by another on the next: each scope sees the newest entry of its own.
	l.Record("acme", nodetest.InOrganization("east", nodetest.WithID("daily", nodetest.Entry("3", 48*60))), nodetest.InOrganization("west", nodetest.WithID("daily", nodetest.Entry("4", 24*60))))
	f(t, "acme", "daily", "", "4")
	f(t, "acme", "daily", "west", "4")
	f(t, "acme", "daily", "east", "3")
	f(t, "acme", "daily", "shop", "")

	e, err := l.Journal.Entry("acme", ulid, "")
	if err != nil {
		t.Fatal(err)
	}
	proof, err := l.Journal.Proof(e, 0)
	if err != nil || proof.Index != 0 || proof.Size != 4 || len(proof.Path) != 2 {
		t.Errorf("proof %+v, %v", proof, err)
	}
	head, err := l.Journal.Checkpoint("acme")
	if err != nil || head != proof.Checkpoint || !strings.Contains(head, "/acme\n4\n") {
		t.Errorf("checkpoint %q, %v", head, err)
	}
	if _, err := l.Journal.Checkpoint("none"); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Errorf("checkpoint of no tenant: %v", err)
	}
}
