package exports_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"oplog/exports"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/records"
)

var (
	ann    = exports.Creator{Username: "ann"}
	bob    = exports.Creator{Username: "bob"}
	report = exports.Creator{Key: "report", KeyID: "oplog_read_1"}
	twin   = exports.Creator{Key: "report", KeyID: "oplog_read_2"} // another key of that name
)

// rejects checks that an export cannot start, and what its creator reads.
func (l *testLog) rejects(tenant string, by exports.Creator, code oplog.Code, words string) {
	l.T.Helper()
	_, err := l.Exports.Start(context.Background(), exports.Export{Tenant: tenant, Format: "txt", Range: oplog.RangeToday, CreatedBy: by})
	nodetest.WantCode(l.T, err, code)
	var refused *oplog.Error
	if expires := strings.Contains(err.Error(), "retry after 2026-11-27 08:42 UTC"); errors.As(err, &refused) && (refused.Wait == 7*24*time.Hour) != expires {
		l.T.Errorf("%v: retry after %s", err, refused.Wait)
	}
	if !strings.Contains(err.Error(), words) {
		l.T.Errorf("%v, want %s", err, words)
	}
}

// by starts an export of a creator.
func (l *testLog) by(creator exports.Creator) exports.Export {
	l.T.Helper()
	return l.export(exports.Export{Tenant: "acme", Range: oplog.RangeToday, CreatedBy: creator})
}

// keep records n finished exports of acme, the first of which expires first.
func (l *testLog) keep(creator exports.Creator, n int, size int64) {
	l.T.Helper()
	var changes []oplog.RecordChange
	for i := range n {
		at := l.Clock.Now().Add(time.Duration(i) * time.Minute)
		x := exports.Export{
			ID: fmt.Sprintf("kept-%s%s-%d-%d", creator.Username, creator.KeyID, size, i), Tenant: "acme", Status: exports.Done, Format: "txt", Size: size, CreatedBy: creator,
			CreatedAt: at, FinishedAt: at, ExpiresAt: at.Add(7 * 24 * time.Hour),
		}
		data, err := json.Marshal(x)
		l.Must(nil, err)
		changes = append(changes, oplog.RecordChange{Kind: oplog.RecordExport, Name: "acme/" + x.ID, Data: data})
	}
	l.Must(nil, l.Store.PutRecords(changes))
}

// A person, a key and a tenant have so many running exports, cancelled ones aside.
func TestRunningExportsAreBounded(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	l.hold()
	var all []exports.Export
	for i := range exports.MaxRunningOfCreator {
		all = append(all, l.by(report))
		if i < 2 { // the first two run, and the others wait
			<-l.Lines.Entered
		}
	}
	l.rejects("acme", report, oplog.CodeTooMany, "10 running exports, the limit; cancel some, or retry when one is done")
	last := all[len(all)-1]
	l.Must(l.Exports.Remove(last))
	l.ended(last, exports.Cancelled)
	all[len(all)-1] = l.by(report)
	l.rejects("acme", report, oplog.CodeTooMany, "10 running")
	for i := len(all); i < exports.MaxRunningOfTenant; i++ {
		all = append(all, l.by(exports.Creator{Username: fmt.Sprint("user", i/5)}))
	}
	l.rejects("acme", bob, oplog.CodeTooMany, "This tenant has 50 running exports, the limit; retry when one is done")
	l.ended(l.export(exports.Export{Tenant: "plain", Range: oplog.RangeToday, CreatedBy: bob}), exports.Done) // nothing to write
	for _, x := range all[2:] {
		l.Must(l.Exports.Remove(x))
	}
	l.Lines.Gate <- nil
	l.Lines.Gate <- nil
	for _, x := range all[:2] {
		l.ended(x, exports.Done)
	}
}

// A person, a key and a tenant have so many exports, until they are deleted or expire.
func TestKeptExportsAreBounded(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	l.keep(ann, exports.MaxKeptOfCreator, 10)
	l.rejects("acme", ann, oplog.CodeTooMany, "You have 100 exports, the limit; delete some, or retry after 2026-11-27 08:42 UTC, when the first one expires.")
	l.ended(l.export(exports.Export{Tenant: "plain", Range: oplog.RangeToday, CreatedBy: ann}), exports.Done)
	for i := range exports.MaxKeptOfTenant/exports.MaxKeptOfCreator - 1 {
		l.keep(exports.Creator{Username: fmt.Sprint("user", i)}, exports.MaxKeptOfCreator, 10)
	}
	l.rejects("acme", bob, oplog.CodeTooMany, "This tenant has 500 exports, the limit; delete some, or retry after 2026-11-27 08:42 UTC")
	l.Clock.Advance(7*24*time.Hour + 10*time.Second)
	l.ended(l.by(ann), exports.Done) // the first ones have expired
}

// A person, a key and a tenant have so many bytes of exports, also while one is written.
func TestBytesOfExportsAreBounded(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	l.keep(report, 1, exports.MaxBytesOfCreator-1)
	if ended := l.ended(l.by(report), exports.Failed); !strings.Contains(ended.Error, "Your exports use 5 GiB, the limit; delete some, or retry after") || ended.ErrorReason != "too-many-exports" || ended.Size != 0 {
		t.Errorf("%+v", ended)
	}
	if files := l.files(); len(files) > 0 {
		t.Errorf("there are %v", files)
	}
	l.ended(l.by(twin), exports.Done)
	l.keep(report, 1, 1)
	l.rejects("acme", report, oplog.CodeTooMany, "Your exports use 5 GiB, the limit; delete some")
	for i := range exports.MaxBytesOfTenant/exports.MaxBytesOfCreator - 1 {
		l.keep(exports.Creator{Username: fmt.Sprint("user", i)}, 1, exports.MaxBytesOfCreator)
	}
	l.rejects("acme", bob, oplog.CodeTooMany, "The exports of this tenant use 20 GiB, the limit; delete some")
}

// Exports leave the last space to recording, also those that run.
func TestExportsLeaveTheReserve(t *testing.T) {
	l := newLog(t)
	var many []oplog.Entry
	for i := range 300 { // more than a chunk
		many = append(many, nodetest.Entry(fmt.Sprint(i), i%60))
	}
	l.Record("acme", many...)
	x := l.heldExport()
	l.Disk.Leave(1<<30 - 1)
	l.rejects("acme", ann, oplog.CodeDiskFull, "1023 MiB are free, of which 1024 MiB are reserved for recording")
	_, err := l.Backup(t.Context())
	nodetest.WantCode(t, err, oplog.CodeDiskFull)
	l.Lines.Gate <- nil
	if ended := l.ended(x, exports.Failed); !strings.Contains(ended.Error, "reserved for recording") || ended.ErrorReason != "disk-nearly-full" || ended.ErrorParams["reserve"] != 1024.0 || len(l.files()) > 0 {
		t.Errorf("%+v leaves %v", ended, l.files())
	}
	l.Record("acme", nodetest.Entry("still", 1))
	l.Disk.Leave(1 << 30)
	_, err = l.Backup(t.Context()) // for the copy there is no room
	nodetest.WantCode(t, err, oplog.CodeDiskFull)
	l.Lines.Gate = nil
	l.ended(l.by(ann), exports.Done)
}

// Failed and cancelled exports expire as finished ones do, also those of earlier versions, which have no time of expiry.
func TestFailedAndCancelledExportsExpire(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	x := l.heldExport()
	l.Must(l.Exports.Remove(x))
	l.Lines.Gate <- nil
	l.ended(x, exports.Cancelled)
	x = l.heldExport()
	l.Lines.Gate <- fmt.Errorf("no")
	l.ended(x, exports.Failed)
	l.Lines.Gate = nil
	old := exports.Export{ID: "old", Tenant: "acme", Status: exports.Cancelled, Format: "txt", FinishedAt: l.Clock.Now()}
	l.Must(nil, records.Create(l.Store, oplog.RecordExport, "acme/old", old))
	left := func(want int) {
		t.Helper()
		stored, err := records.List[exports.Export](l.Store, oplog.RecordExport, "")
		list, errs := l.Exports.List("acme", "")
		if err != nil || errs != nil || len(stored) != want || len(list) != want {
			t.Errorf("%d are stored and %d listed, want %d; %v, %v", len(stored), len(list), want, err, errs)
		}
	}
	l.Clock.Advance(7 * 24 * time.Hour)
	l.Restart()
	left(3)
	l.Clock.Advance(time.Second)
	l.Restart()
	left(0)
}
