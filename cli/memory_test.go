package cli

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/fstest"
	"time"
)

func TestMachineMemory(t *testing.T) {
	f := func(want int64, files map[string]string) {
		t.Helper()
		root := fstest.MapFS{}
		for name, text := range files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := machineMemory(root); got != want {
			t.Errorf("%v: %d, want %d", files, got, want)
		}
	}
	const meminfo = "MemTotal:        1000 kB\nMemFree: 1 kB\n"
	f(0, nil)
	f(1000<<10, map[string]string{"proc/meminfo": meminfo})
	f(1000<<10, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"})
	f(5000, map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "5000\n"})
	f(4000, map[string]string{
		"proc/meminfo": meminfo, "proc/self/cgroup": "0::/system.slice/oplog.service\n",
		"sys/fs/cgroup/system.slice/memory.max": "4000\n", "sys/fs/cgroup/system.slice/oplog.service/memory.max": "9000\n",
	})
	f(3000, map[string]string{
		"proc/meminfo": meminfo, "proc/self/cgroup": "12:cpu:/x\n7:memory:/docker/1\n",
		"sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "3000\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
	})
}

func TestMemorySize(t *testing.T) {
	for flag, want := range map[string]int64{
		"": 0, "512MiB": 512 << 20, "2GiB": 2 << 30, "64MiB": 64 << 20, "63MiB": -1, "1": -1, "GiB": -1, "-1GiB": -1, "1.5GiB": -1, "1GB": -1, "4000000000GiB": -1,
	} {
		got, err := memorySize(flag)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d (%v), want %d", flag, got, err, want)
		}
	}
}

// TestLimitMemory: the limit is that of the flag, else what the runtime read from GOMEMLIMIT, else three quarters of the machine's.
func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	f := func(flag, variable string, want int64) {
		t.Helper()
		debug.SetMemoryLimit(1 << 40)
		if err := limitMemory(flag, func(string) string { return variable }); err != nil {
			t.Fatal(err)
		}
		if got := debug.SetMemoryLimit(-1); got != want {
			t.Errorf("%q, %q: %d, want %d", flag, variable, got, want)
		}
	}
	f("512MiB", "", 512<<20)
	f("512MiB", "1GiB", 512<<20)
	f("", "1GiB", 1<<40)
	if whole := machineMemory(os.DirFS("/")); whole > 0 {
		f("", "", whole/4*3)
	}
}

func TestRest(t *testing.T) {
	const mib = 1 << 20
	var r rest
	for i, look := range []struct {
		allocated, inUse uint64
		due              bool
	}{
		{30 * mib, 20 * mib, false},     // it has just started
		{30*mib + 1, 20 * mib, true},    // and rests
		{30*mib + 2, 10 * mib, false},   // nothing was used since
		{37 * mib, 10 * mib, false},     // it works
		{38*mib - 1, 10 * mib, false},   // too little to be worth it
		{39 * mib, 10 * mib, false},     // it works
		{39*mib + 1, 10 * mib, true},    // a command has ended
		{80 * mib, 1000 * mib, false},   // it works
		{80*mib + 1, 1000 * mib, false}, // little beside what is in use, all of which is looked at
		{400 * mib, 1000 * mib, false},
		{400*mib + 1, 1000 * mib, true},
	} {
		if due := r.isDue(look.allocated, look.inUse); due != look.due {
			t.Errorf("look %d: %v", i, due)
		}
	}
}

// TestReturnMemory: what a start took goes back to the system.
func TestReturnMemory(t *testing.T) {
	for range 64 {
		garbageOfStart = make([]byte, 1<<20)
	}
	garbageOfStart = nil
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	go returnMemory(ctx, time.Millisecond)
	for now.NumForcedGC == before.NumForcedGC || now.HeapReleased == 0 {
		if ctx.Err() != nil {
			t.Fatal("no memory is returned")
		}
		runtime.ReadMemStats(&now)
	}
}

var garbageOfStart []byte // is allocated on the heap
