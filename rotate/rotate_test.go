package rotate

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

func open(t *testing.T, path string, o Options, otherwise *bytes.Buffer) *File {
	t.Helper()
	f, err := Open(path, o, otherwise)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func (f *File) line(t *testing.T, text string) {
	t.Helper()
	if n, err := f.Write([]byte(text + "\n")); n != len(text)+1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// read returns the lines of the files from the oldest to the newest, and their number.
func read(t *testing.T, path string) (lines []string, files int) {
	t.Helper()
	for n := 1000; n >= 0; n-- {
		name := fmt.Sprintf("%s.%d", path, n)
		if n == 0 {
			name = path
		}
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		files++
		lines = append(lines, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	}
	return lines, files
}

// TestNoLineIsLost: lines that many write at once are all there, whole and in the order of each writer, in files of the given size; and none is
// lost by a new start.
func TestNoLineIsLost(t *testing.T) {
	const writers, each, size = 8, 500, 1000
	path := filepath.Join(t.TempDir(), "log")
	var elsewhere bytes.Buffer
	for start := range 2 {
		f := open(t, path, Options{size, 1000}, &elsewhere)
		var writing sync.WaitGroup
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					f.line(t, fmt.Sprintf("%d of %d at %d", i, w, start))
				}
			})
		}
		writing.Wait()
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	lines, files := read(t, path)
	if len(lines) != 2*writers*each || files < 50 || elsewhere.Len() > 0 {
		t.Errorf("%d lines in %d files, and elsewhere %s", len(lines), files, &elsewhere)
	}
	next := map[string]int{}
	for _, line := range lines {
		var i, w, start int
		if _, err := fmt.Sscanf(line, "%d of %d at %d", &i, &w, &start); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		writer := fmt.Sprint(w, start)
		if i != next[writer] {
			t.Fatalf("%q comes where line %d is expected", line, next[writer])
		}
		next[writer]++
	}
	for n := range files {
		if info, err := os.Stat(fmt.Sprintf("%s.%d", path, n)); err == nil && info.Size() > size {
			t.Errorf("%s has %d bytes", info.Name(), info.Size())
		}
	}
}

// TestKeep: so many files are kept, those of an earlier setting that kept more are removed, and the newest lines are in the file itself.
func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write := func(keep, from, to int) {
		f := open(t, path, Options{4, keep}, &bytes.Buffer{})
		for i := from; i < to; i++ {
			f.line(t, fmt.Sprint(i)) // each is of two bytes or, from 10 on, of three
		}
	}
	write(3, 10, 20)
	if lines, files := read(t, path); files != 4 || !slices.Equal(lines, []string{"16", "17", "18", "19"}) {
		t.Errorf("%d files, %q", files, lines)
	}
	write(1, 20, 22)
	if lines, files := read(t, path); files != 2 || !slices.Equal(lines, []string{"20", "21"}) {
		t.Errorf("%d files, %q", files, lines)
	}
}

// TestMovedAway: the file is begun again if another program moves it away, removes it or empties it; and a line that a crash cut short is ended.
func TestMovedAway(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows keeps open files where they are")
	}
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("cut sh"), 0o640); err != nil {
		t.Fatal(err)
	}
	first, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f := open(t, path, Options{10, 1}, &bytes.Buffer{})
	expect := func(want string) {
		t.Helper()
		if text, err := os.ReadFile(path); string(text) != want {
			t.Errorf("%q, %v; want %q", text, err, want)
		}
	}
	f.line(t, "a")
	expect("cut sh\na\n")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	f.line(t, "b")
	expect("b\n")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.line(t, "c")
	expect("c\n")
	if info, err := os.Stat(path); err != nil || info.Mode() != first.Mode() {
		t.Errorf("the new file has mode %v, %v", info.Mode(), err)
	}
	f.line(t, "1234567")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	f.line(t, "d")
	expect("d\n")
	if _, err := os.Stat(path + ".1"); !os.IsNotExist(err) {
		t.Errorf("an emptied file was rotated: %v", err)
	}
}

// TestCannotWrite: lines that cannot be written, or come after the end, go elsewhere with the reason; what cannot be rotated grows.
func TestCannotWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "log")
	if _, err := Open(path, Options{10, 1}, nil); err == nil {
		t.Error("a directory was made up")
	}
	if _, err := Open(dir, Options{10, 1}, nil); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Error(err)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path+".1", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	var elsewhere bytes.Buffer
	f := open(t, path, Options{6, 1}, &elsewhere)
	for _, line := range []string{"12", "34", "56", "78", "9a"} { // tried before the third, for which a file is begun, and the fifth
		f.line(t, line)
	}
	if lines, _ := os.ReadFile(path); string(lines) != "56\n78\n9a\n" || strings.Count(elsewhere.String(), "cannot be rotated, so it grows") != 2 {
		t.Errorf("%q; elsewhere %q", lines, &elsewhere)
	}
	elsewhere.Reset()
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Skip(err) // Windows keeps a directory with an open file
	}
	f.line(t, "78")
	f.line(t, "90")
	if text := elsewhere.String(); strings.Count(text, "cannot be written, so the log is here meanwhile: ") != 1 || !strings.HasSuffix(text, "\n78\n90\n") {
		t.Errorf("%q", text)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	f.line(t, "ab")
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	f.line(t, "cd")
	if lines, err := os.ReadFile(path); string(lines) != "ab\n" || !strings.HasSuffix(elsewhere.String(), "90\ncd\n") {
		t.Errorf("%q, %v; elsewhere %q", lines, err, &elsewhere)
	}
}

// TestRenameFails: whichever rename fails and however often, no line is lost that is not older than those to keep, and the next time that works
// finishes what was begun.
func TestRenameFails(t *testing.T) {
	for _, fails := range []string{"", ".0", ".1", ".2"} {
		path := filepath.Join(t.TempDir(), "log")
		var elsewhere bytes.Buffer
		f := open(t, path, Options{3, 3}, &elsewhere)
		for i := 10; i < 14; i++ {
			f.line(t, fmt.Sprint(i)) // each fills a file
		}
		f.rename = func(from, to string) error {
			if from == path+fails {
				return os.ErrPermission
			}
			return os.Rename(from, to)
		}
		for i := 14; i < 20; i++ {
			f.line(t, fmt.Sprint(i))
		}
		want := []string{"11", "12", "13", "14", "15", "16", "17", "18", "19"}
		if fails == "" {
			want = append([]string{"10"}, want...) // nothing was touched
		}
		lines, _ := read(t, path)
		begun, err := os.ReadFile(path + ".0")
		if err == nil {
			lines = append(lines, strings.Fields(string(begun))...)
		}
		slices.Sort(lines)
		if len(lines) < len(want) || !slices.Equal(lines[len(lines)-len(want):], want) || (err == nil) != (fails != "") || !strings.Contains(elsewhere.String(), "cannot be rotated") {
			t.Errorf("%q fails: %q, want %q; %v; %s", fails, lines, want, err, &elsewhere)
		}
		f.rename = os.Rename
		f.limit = 0
		f.line(t, "20")
		if lines, _ := read(t, path); lines[len(lines)-1] != "20" || lines[len(lines)-2] != "19" {
			t.Errorf("%q failed: %q", fails, lines)
		}
		if _, err := os.Stat(path + ".0"); !os.IsNotExist(err) {
			t.Errorf("%q failed: a file is left: %v", fails, err)
		}
	}
}

// TestDirectoryCannotBeWritten: a file that could never be rotated is refused.
func TestDirectoryCannotBeWritten(t *testing.T) {
	const path = "/proc/self/comm" // a regular file of this process, in a directory where root, too, can create none
	if _, err := os.Stat(path); err != nil {
		t.Skip("there is no /proc")
	}
	if f, err := Open(path, Options{10, 1}, nil); !errors.Is(err, ErrDirectory) || f.file != nil {
		t.Errorf("%v", err)
	}
	dir := t.TempDir()
	open(t, filepath.Join(dir, "log"), Options{10, 1}, nil)
	if found, err := os.ReadDir(dir); len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}
