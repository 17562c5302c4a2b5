package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func expect(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log.csv")
	if err := WriteFile(path, 0o600, text("first")); err != nil {
		t.Fatal(err)
	}
	expect(t, path, "first")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := WriteFile(path, 0o600, func(w io.Writer) error { return errors.Join(text("half")(w), broken) })
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	expect(t, path, "first")
	if err := WriteFile(path, 0o600, text("second")); err != nil {
		t.Fatal(err)
	}
	expect(t, path, "second")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v; the mode must stay", info.Mode(), err)
	}
	if err := WriteFile(dir, 0o600, text("x")); err == nil {
		t.Error("a directory is written to")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// TestCreateFile: a file that is there is kept, also one that appears while another is written, and what is written then is not left behind.
func TestCreateFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "backup")
	if err := CreateFile(path, 0o600, text("first")); err != nil {
		t.Fatal(err)
	}
	expect(t, path, "first")
	if err := CreateFile(path, 0o600, text("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file is replaced: %v", err)
	}
	broken := errors.New("broken")
	other := filepath.Join(dir, "other")
	if err := CreateFile(other, 0o600, func(w io.Writer) error { return errors.Join(text("half")(w), broken) }); !errors.Is(err, broken) {
		t.Error(err)
	}
	err := CreateFile(other, 0o600, func(w io.Writer) error {
		return errors.Join(os.WriteFile(other, []byte("by another program"), 0o600), text("late")(w))
	})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that appeared is replaced: %v", err)
	}
	expect(t, path, "first")
	expect(t, other, "by another program")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestWriteFileFollowsLinks(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(elsewhere, "target")
	if err := os.Symlink(target, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	for _, want := range []string{"new", "replaced"} { // its target does not exist at first
		if err := WriteFile(link, 0o600, text(want)); err != nil {
			t.Fatal(err)
		}
		expect(t, target, want)
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("the link became %v, %v", info.Mode(), err)
		}
	}
	round := filepath.Join(dir, "round")
	if err := os.Symlink(round, round); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(round, 0o600, text("x")); err == nil {
		t.Error("a circle of links is followed")
	}
}

// TestWriteFileVia: a file gets its final name only when it is complete, and leftovers of a crash under the temporary name are overwritten.
func TestWriteFileVia(t *testing.T) {
	dir := t.TempDir()
	temporary, path := filepath.Join(dir, "log.part"), filepath.Join(dir, "log")
	if err := os.WriteFile(temporary, []byte("left by a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := WriteFileVia(temporary, path, 0o600, func(f *os.File) error {
		expect(t, temporary, "")
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is there before it is whole: %v", err)
		}
		return text("whole")(f)
	})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, path, "whole")
	broken := errors.New("broken")
	if err := WriteFileVia(temporary, path, 0o600, func(f *os.File) error { return errors.Join(text("half")(f), broken) }); !errors.Is(err, broken) {
		t.Error(err)
	}
	expect(t, path, "whole")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestWriteNewFileReplacesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "one")
	broken := errors.New("broken")
	if err := WriteNewFile(path, 0o600, func(w io.Writer) error { return errors.Join(text("half")(w), broken) }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if err := WriteNewFile(path, 0o600, text("first")); err != nil {
		t.Fatal(err)
	}
	if err := WriteNewFile(path, 0o600, text("second")); !errors.Is(err, os.ErrExist) {
		t.Error(err)
	}
	expect(t, path, "first")
}

// TestDirectories: missing parents are created with a directory, which may exist; a file in its place is an error.
func TestDirectories(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	for range 2 {
		if err := MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	file := filepath.Join(dir, "file")
	if err := WriteSecret(file, "x"); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(filepath.Join(file, "d"), 0o700); err == nil {
		t.Error("a directory was created in a file")
	}
	for range 2 {
		if err := Remove(file); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the removed file: %v", err)
	}
}
