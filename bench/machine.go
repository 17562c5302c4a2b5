package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// diskUsage returns the size of a directory's files, or of their allocated blocks if that is less, since files may be sparse.
func diskUsage(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(_ string, f fs.DirEntry, err error) error {
		if err != nil || !f.Type().IsRegular() {
			return ignoreMissing(err)
		}
		info, err := f.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		size := info.Size()
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			size = min(size, stat.Blocks*512)
		}
		total += size
		return nil
	})
	return total, err
}

// ignoreMissing ignores errors of files that are deleted while a directory is walked.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// listing lists the files of a directory with their sizes.
func listing(dir string) (string, error) {
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, f fs.DirEntry, err error) error {
		if err != nil {
			return ignoreMissing(err)
		}
		info, err := f.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		fmt.Fprintln(&b, path, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return b.String(), err
}

// field returns a value in kilobytes from a file in /proc, in bytes.
func field(path, name string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == name+":" {
			n, err := strconv.ParseInt(words[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.Join(fmt.Errorf("%s has no %s", path, name), lines.Err())
}

// anonymous returns a process's anonymous memory, which is not backed by a file.
func anonymous(pid int) (int64, error) {
	return field(fmt.Sprintf("/proc/%d/status", pid), "RssAnon")
}

// proportional returns the proportional set size of a process and its children.
func proportional(pid int) (int64, error) {
	total, err := field(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss")
	if err != nil {
		return 0, err
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, err
	}
	for _, child := range strings.Fields(string(children)) {
		// A process that has just ended has none.
		share, _ := field("/proc/"+child+"/smaps_rollup", "Pss")
		total += share
	}
	return total, nil
}

// machine describes the machine in one line.
func machine() string {
	model := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.SplitSeq(string(text), "\n") {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	memory, _ := field("/proc/meminfo", "MemTotal")
	return fmt.Sprintf("%d cores (%s), %d GB of memory, %s, %s", runtime.NumCPU(), model, (memory+1<<29)>>30, runtime.GOOS, runtime.Version())
}

// loadAverage returns the load average of the last minute, which shows other work of the machine.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
