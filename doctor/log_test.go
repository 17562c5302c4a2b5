package doctor

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	o := healthy(t)
	f := func(server Server, want string, change func(*Log)) Finding {
		t.Helper()
		o.Server, o.Log = server, with(change)
		return finds(t, o, "clock", want)
	}
	f(Stopped, "clock-near", func(l *Log) { l.Newest = now.Add(30 * time.Second) })
	f(Stopped, "clock-near", func(l *Log) { l.Known, l.Newest = now.Add(-100*24*time.Hour), now.Add(-time.Hour) })
	if got := f(Running, "clock-behind", func(l *Log) { l.Newest = now.Add(time.Hour) }); got.Params["newest"] != now.Add(time.Hour) || got.Params["ahead"] != nil {
		t.Errorf("%+v", got)
	}
	long := func(l *Log) { l.Known, l.Newest = now.Add(-9*24*time.Hour), now.Add(-9*24*time.Hour) }
	if got := f(Stopped, "clock-ahead", long); !strings.Contains(got.Fact, "9 days after the log was last used") {
		t.Errorf("%+v", got)
	}
	f(Running, "clock-near", long) // nothing has come since
	f(Running, "clock-waits", func(l *Log) { long(l); l.DeletionWaits = true })
}

func TestFormat(t *testing.T) {
	o := healthy(t)
	f := func(err error, want ...string) Finding {
		t.Helper()
		o.Log = func() (Log, error) { return Log{}, err }
		for _, check := range []string{"clock", "store", "index", "backup"} { // which know nothing then
			finds(t, o, check)
		}
		return finds(t, o, "format", want...)
	}
	f(ErrNoLog, "format-new")
	f(fmt.Errorf("%w: it was interrupted", ErrMustStart), "format-start")
	if got := f(errors.New("it has format 9; use a newer version"), "format-unreadable"); !strings.Contains(got.Fact, "use a newer version") {
		t.Errorf("%+v", got)
	}
	o.Server, o.Unreachable = Unreachable, errors.New("it does not answer")
	f(errors.New("in use"))
	o.Server, o.Log = Stopped, with(func(l *Log) { l.Format = 5 })
	if got := finds(t, o, "format", "format-older"); !strings.Contains(got.Advice, "leave 1.0 MB free") {
		t.Errorf("%+v", got)
	}
}

func TestStore(t *testing.T) {
	o := healthy(t)
	f := func(change func(*Log), want ...string) {
		t.Helper()
		o.Log = with(change)
		finds(t, o, "store", want...)
	}
	none := func(*Log) {}
	f(none, "store-opened")
	o.Server = Running
	f(none, "store-sound")
	f(func(l *Log) { l.CheckedAt = time.Time{} }, "store-unchecked")
	f(func(l *Log) { l.Failure, l.CheckDamage = errors.New("a write failed"), "page 7 is damaged" }, "store-read-only", "store-damaged")
	f(func(l *Log) {
		l.DamagedRecords, l.UnknownDays = []string{"archives/acme/2026-01-02"}, []string{"acme/2026-01-02"}
	}, "store-record-damaged", "store-days-unknown")
	f(func(l *Log) { l.Missing, l.Damage = errors.New("3 entries are missing"), errors.New("a meta page") }, "store-missing", "store-damaged")
	o.ScrubEvery = 0
	f(none, "store-unwatched")
}

func TestIndex(t *testing.T) {
	o := healthy(t)
	f := func(x Index, want string) {
		t.Helper()
		o.Log = with(func(l *Log) { l.Index = x })
		finds(t, o, "index", want)
	}
	f(Index{Bytes: 1000}, "index-ready")
	f(Index{CatchingUp: errors.New("40 %")}, "index-behind")
	f(Index{Behind: 12}, "index-complete")
	f(Index{Behind: 12, Lost: 1}, "index-lost")
	f(Index{Outdated: 2, Lost: 1}, "index-outdated")
}
