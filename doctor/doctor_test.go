package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// now is the time of the checks.
var now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// healthy returns a data directory, and the options of a doctor of it who finds nothing to do but to keep checkpoints elsewhere.
func healthy(t *testing.T) Options {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"oplog.db", "oplog.head", "signing.key"} {
		write(t, filepath.Join(dir, name), "x")
	}
	if err := os.Mkdir(filepath.Join(dir, "index"), 0o700); err != nil {
		t.Fatal(err)
	}
	return Options{
		Settings: Settings{Dir: dir, Listen: "127.0.0.1:0", SignsItself: true, ScrubEvery: 24 * time.Hour, Memory: 3 << 30, MachineMemory: 4 << 30},
		Now:      func() time.Time { return now },
		Log:      func() (Log, error) { return sound(), nil },
		Space:    func(string) (free, total uint64, err error) { return 50e9, 100e9, nil },
	}
}

// sound is a log without a finding.
func sound() Log {
	return Log{Format: 6, NewestFormat: 6, StoreBytes: 1 << 20, CheckedAt: now.Add(-time.Hour), Known: now, Newest: now, LastBackupAt: now.Add(-time.Hour)}
}

// with returns a function that returns the log after a change.
func with(change func(*Log)) func() (Log, error) {
	return func() (Log, error) {
		l := sound()
		change(&l)
		return l, nil
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// finds checks the codes that one check finds. It returns the first finding.
func finds(t *testing.T, o Options, check string, want ...string) Finding {
	t.Helper()
	_, found := New(o).Findings()
	var codes []string
	var first Finding
	for i := range found {
		if found[i].Check == check {
			if codes = append(codes, found[i].Code); len(codes) == 1 {
				first = found[i]
			}
		}
		if text := found[i].Fact + found[i].Advice; strings.ContainsAny(text, "{}") || strings.Contains(text, "<nil>") {
			t.Errorf("%s says %s", found[i].Code, text)
		}
	}
	if !slices.Equal(codes, want) {
		t.Errorf("%s finds %q (%s), want %q", check, codes, first.Fact, want)
	}
	return first
}

// TestHealthy: every check finds that all is well, in order, but for checkpoints that stay on this machine.
func TestHealthy(t *testing.T) {
	at, found := New(healthy(t)).Findings()
	if !at.Equal(now) || Worst(found) != Warning {
		t.Errorf("%s: %+v", at, found)
	}
	var checks []string
	for _, f := range found {
		checks = append(checks, f.Check)
		if (f.Level == Warning) != (f.Code == "anchors-none" || f.Code == "files-few") {
			t.Errorf("%+v", f)
		}
	}
	want := strings.Fields("server disk rights key clock port certificate format store index backup anchors witnesses files memory")
	if !slices.Equal(checks, want) {
		t.Errorf("%q", checks)
	}
}

// TestRounds: the checks are made once in a while, however often they are asked for; one that hangs is told, and not begun again.
func TestRounds(t *testing.T) {
	o, at, rounds := healthy(t), now, 0
	o.Now = func() time.Time { return at }
	o.Log = func() (Log, error) { rounds++; return sound(), nil }
	d := New(o)
	for range 3 {
		d.Findings()
	}
	at = at.Add(Interval - time.Second)
	d.Findings()
	if rounds != 1 {
		t.Errorf("%d rounds, want one", rounds)
	}
	at = at.Add(time.Second)
	if made, _ := d.Findings(); rounds != 2 || !made.Equal(at) {
		t.Errorf("%d rounds, want two; at %s", rounds, made)
	}

	begun, release := make(chan bool, 10), make(chan bool)
	o.Space = func(string) (free, total uint64, err error) { begun <- true; <-release; return 50e9, 100e9, nil }
	d = New(o)
	d.wait = 50 * time.Millisecond
	for range 2 {
		if _, found := d.Findings(); !slices.ContainsFunc(found, func(f Finding) bool { return f.Check == "disk" && f.Code == "slow" && f.Level == Error }) {
			t.Errorf("a check that hangs is not told: %+v", found)
		}
		at = at.Add(Interval)
	}
	if len(begun) != 1 {
		t.Errorf("a check that hangs is begun %d times", len(begun))
	}
	close(release)
}

// TestPanic: a check that panics fails alone.
func TestPanic(t *testing.T) {
	o := healthy(t)
	o.Space = func(string) (uint64, uint64, error) { panic("a mistake") }
	finds(t, o, "disk", "failed")
	finds(t, o, "port", "port-free")
}

func TestDisk(t *testing.T) {
	o := healthy(t)
	f := func(free, total uint64, err error, want string) Finding {
		t.Helper()
		o.Space = func(string) (uint64, uint64, error) { return free, total, err }
		return finds(t, o, "disk", want)
	}
	f(50e9, 100e9, nil, "disk-free")
	if got := f(2e9, 100e9, nil, "disk-low"); got.Params["free"] != uint64(2e9) || !strings.Contains(got.Fact, "Only 2.0 GB of 100 GB are free on the disk of "+o.Dir+"; the last 1.1 GB are") ||
		!strings.Contains(got.Advice, "Delete exports") {
		t.Errorf("%+v", got)
	}
	f(1e9, 100e9, nil, "disk-reserved")
	f(1e6, 100e9, nil, "disk-full")
	f(140e6, 1e9, nil, "disk-low") // a twentieth is 50 MB
	f(40e6, 1e9, nil, "disk-reserved")
	f(0, 0, errors.New("stale handle"), "disk-unknown")
}

func TestMachine(t *testing.T) {
	o := healthy(t)
	o.Server, o.Unreachable = Unreachable, errors.New("it is for another user")
	finds(t, o, "server", "server-unreachable")
	finds(t, o, "port")
	o.Server, o.Unreachable = Busy, nil
	finds(t, o, "server", "server-busy")
	finds(t, o, "port")
	finds(t, o, "format")
	o.Server = Running
	finds(t, o, "server", "server-running")
	for limit, want := range map[uint64]string{0: "files-own", 1 << 62: "files-own", 1024: "files-few", 65536: "files-enough"} {
		if got := filesOf(limit)[0].Code; got != want {
			t.Errorf("%d files: %s, want %s", limit, got, want)
		}
	}
	f := func(limit, machine int64, want string) {
		t.Helper()
		o.Memory, o.MachineMemory = limit, machine
		finds(t, o, "memory", want)
	}
	f(3<<30, 4<<30, "memory-set")
	f(0, 0, "memory-unknown")
	f(5<<30, 4<<30, "memory-over")
	f(96<<20, 128<<20, "memory-little")
}

func TestTexts(t *testing.T) {
	for bytes, want := range map[uint64]string{0: "0 B", 999: "999 B", 1500: "1.5 KB", 9.96e6: "10 MB", 999.6e6: "1.0 GB", 5e12: "5000 GB"} {
		if got := sizeText(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
	for seconds, want := range map[int64]string{0: "0 s", 119: "119 s", 120: "2 min", 7199: "119 min", 7200: "2 h", 172799: "47 h", 172800: "2 days"} {
		if got := durationText(seconds); got != want {
			t.Errorf("%d: %s, want %s", seconds, got, want)
		}
	}
}
