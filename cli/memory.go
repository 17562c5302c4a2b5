package cli

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// limitMemory sets how much memory the garbage collector may let the program use: as the flag says, else as GOMEMLIMIT does, else three
// quarters of what the machine or the container has.
func limitMemory(flag string, getenv func(string) string) error {
	limit, err := memorySize(flag)
	if err != nil {
		return err
	}
	if limit == 0 && getenv("GOMEMLIMIT") != "" {
		return nil // the runtime read it
	}
	if limit == 0 {
		limit = machineMemory(os.DirFS("/")) / 4 * 3
	}
	if limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	return nil
}

// minMemory is the least that a server works in.
const minMemory = 64 << 20

// memorySize parses a size such as 512MiB or 2GiB; 0 for "".
func memorySize(flag string) (int64, error) {
	if flag == "" {
		return 0, nil
	}
	return parseSize("memory-limit", flag, minMemory)
}

// parseSize parses the size of a flag, such as 512MiB or 2GiB.
func parseSize(flag, text string, least int64) (int64, error) {
	for unit, bytes := range map[string]int64{"MiB": 1 << 20, "GiB": 1 << 30} {
		number, found := strings.CutSuffix(text, unit)
		if n, err := strconv.ParseInt(number, 10, 32); found && err == nil && n*bytes >= least {
			return n * bytes, nil
		}
	}
	return 0, fmt.Errorf("--%s %s is not a size such as 512MiB or 2GiB, at least %dMiB", flag, text, least>>20)
}

// machineMemory returns the memory that the process can have: that of the machine, or less in a control group (a container, a service);
// 0 if it is unknown, as on systems other than Linux.
func machineMemory(root fs.FS) int64 {
	least := int64(math.MaxInt64)
	note := func(name string) {
		text, err := fs.ReadFile(root, name)
		if n, bad := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && bad == nil && n > 0 {
			least = min(least, n)
		}
	}
	if file, err := root.Open("proc/meminfo"); err == nil {
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "MemTotal:" {
				if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
					least = min(least, kib<<10)
				}
			}
		}
		_ = file.Close()
	}
	groups, _ := fs.ReadFile(root, "proc/self/cgroup") // none: only the machine counts
	for line := range strings.Lines(string(groups)) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		for ; ; group = path.Dir(group) { // a group has no more than those above it
			switch controllers {
			case "": // version 2
				note(path.Join("sys/fs/cgroup", group, "memory.max"))
			case "memory":
				note(path.Join("sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
			}
			if group == "/" || group == "." {
				break
			}
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}

const (
	restInterval = 5 * time.Second
	atRest       = 1 << 20 // bytes that are allocated in an interval while nobody wants anything; a node that leads needs 200 KiB
	worthReturn  = 8 << 20 // bytes that were allocated since memory was returned last, and a quarter of what is in use
)

// rest notices when it is worth returning memory to the system: when the program rests after it used some. The runtime by itself keeps
// for long what a start, a command or a copy of the log once took.
type rest struct{ seen, returned uint64 } // bytes allocated at the last look, and when memory was returned

func (r *rest) isDue(allocated, inUse uint64) bool {
	rests := allocated-r.seen < atRest
	r.seen = allocated
	if !rests || allocated-r.returned < max(worthReturn, inUse/4) {
		return false
	}
	r.returned = allocated
	return true
}

// returnMemory returns memory to the system when the program rests, until the context ends.
func returnMemory(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	used := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	for r := (rest{}); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		metrics.Read(used)
		if r.isDue(used[0].Value.Uint64(), used[1].Value.Uint64()) {
			debug.FreeOSMemory()
		}
	}
}
