package server

import (
	"strconv"
	"strings"
	"testing"

	"oplog/exports"
	"oplog/oplog"
	"oplog/records"
)

// TestExportsOfOtherNodes: the file of an export is served by any node, from the one that has it, and removed there.
func TestExportsOfOtherNodes(t *testing.T) {
	leader, others := newNodes(t, 3).leader()
	f := others[0]
	f.record(entry(), entry())
	x := leader.export("admin", `{"range":"today","format":"ndjson"}`)
	must(records.Change(leader.log.Records(), oplog.RecordExport, "acme/"+x.ID, func(r *exports.Export, _ bool) (bool, error) {
		r.Node = leader.cluster.ID()
		return false, nil
	}))(t)
	path := exportsPath + "/" + x.ID
	want := leader.get("admin", path+"/file", 200)
	if got := f.get("admin", path+"/file", 200); got != want || got == "" {
		t.Errorf("%q, want %q", got, want)
	}
	part := f.send("admin", "GET", path+"/file", "", "Range", "bytes=0-9")
	if part.status != 206 || part.body != want[:10] || part.header.Get("Content-Disposition") == "" {
		t.Errorf("%d %v %q", part.status, part.header, part.body)
	}
	if head := f.send("admin", "HEAD", path+"/file", ""); head.status != 200 || head.header.Get("Content-Length") != strconv.Itoa(len(want)) {
		t.Errorf("%d %v", head.status, head.header)
	}
	if bundle := f.get("admin", path+"/bundle", 200); !strings.HasPrefix(bundle, "PK") {
		t.Errorf("%q", bundle[:min(len(bundle), 100)])
	}
	f.get("auditor", path+"/manifest", 200)
	f.asProblem(f.send("nobody", "GET", path+"/file", ""), 401)
	if r := f.send("admin", "DELETE", path, ""); r.status != 204 {
		t.Errorf("%d %s", r.status, r.body)
	}
	leader.asProblem(leader.send("admin", "GET", path+"/file", ""), 404)
}
