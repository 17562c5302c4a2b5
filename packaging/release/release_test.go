package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var here = target{"linux", "amd64"}

// working is the directory of what the tests build.
var working string

func TestMain(m *testing.M) {
	status := m.Run()
	if working != "" {
		_ = os.RemoveAll(working)
	}
	os.Exit(status)
}

// built builds a release of one target, for all tests.
var built = sync.OnceValues(func() (*release, error) {
	var err error
	if working, err = os.MkdirTemp("", "oplog-release-test"); err != nil {
		return nil, err
	}
	source, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	r := &release{
		source: source, out: filepath.Join(working, "out"), version: "1.2.3", commit: strings.Repeat("c0ffee", 6),
		time: time.Date(2026, 11, 5, 7, 30, 0, 0, time.UTC), targets: []target{here}, log: io.Discard,
	}
	return r, r.build(context.Background())
})

func mustBuild(t *testing.T) *release {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != here.arch {
		t.Skip("releases are built on " + here.String())
	}
	r, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// copySource copies what a release is built from to another path.
func copySource(t *testing.T, source, to string) {
	t.Helper()
	err := filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", "bin", "bench", "frontend/src", "frontend/node_modules", "frontend/e2e"}, filepath.ToSlash(name)) {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		if !d.Type().IsRegular() || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, 0o600) // other rights than the sources
	})
	if err != nil {
		t.Fatal(err)
	}
}

// coldEnv makes the second build compile everything again, which takes minutes: make reproducible.
const coldEnv = "OPLOG_COLD"

// TestTwoBuildsAreTheSame builds a release twice, from two paths.
func TestTwoBuildsAreTheSame(t *testing.T) {
	first := mustBuild(t)
	second := *first
	second.source, second.out = filepath.Join(t.TempDir(), "another path"), t.TempDir()
	if os.Getenv(coldEnv) != "" {
		second.cache = t.TempDir()
	}
	copySource(t, first.source, second.source)
	if err := second.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(first.out)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimPrefix(entry.Name(), first.name(here)))
		a, err := os.ReadFile(filepath.Join(first.out, entry.Name()))
		b, again := os.ReadFile(filepath.Join(second.out, entry.Name()))
		if err := errors.Join(err, again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs between two builds", entry.Name())
		}
	}
	if want := []string{"SHA256SUMS", ".cdx.json", ".deb", ".rpm", ".tar.gz"}; !slices.Equal(names, want) {
		t.Errorf("the files are %v, want %v", names, want)
	}
	check := exec.Command("sha256sum", "--check", "--quiet", "SHA256SUMS")
	check.Dir = first.out
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// unpack extracts a tar file as root does, and returns the names in it.
func unpack(t *testing.T, packed io.Reader, to string) (names []string) {
	t.Helper()
	for r := tar.NewReader(packed); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
		path := filepath.Join(to, header.Name)
		if header.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o755)
		} else {
			var data []byte
			if data, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(path, data, 0o600)
			}
		}
		mode := fs.FileMode(header.Mode & 0o777)
		if header.Mode&0o1000 != 0 {
			mode |= fs.ModeSticky
		}
		if err == nil && os.Geteuid() == 0 {
			err = os.Chown(path, header.Uid, header.Gid)
		}
		if err := errors.Join(err, os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
}

// unpackArchive extracts the archive and returns the path of its folder.
func unpackArchive(t *testing.T, r *release) string {
	t.Helper()
	f, err := os.Open(filepath.Join(r.out, r.name(here)+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packed, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	names := unpack(t, packed, dir)
	want := []string{"", "oplog", "LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "oplog.service", "oplog.toml", "Containerfile", "compose.yaml", "rootfs.tar"}
	for i := range want {
		want[i] = r.name(here) + "/" + want[i]
	}
	if !slices.Equal(names, want) {
		t.Errorf("the archive has %v, want %v", names, want)
	}
	return filepath.Join(dir, r.name(here))
}

// TestArchive: the program in the archive knows its version and commit, and nothing of the machine that built it.
func TestArchive(t *testing.T) {
	r := mustBuild(t)
	program := filepath.Join(unpackArchive(t, r), "oplog")
	out, err := exec.Command(program, "version").Output()
	if want := "oplog 1.2.3\ncommit " + r.commit + "\n" + runtime.Version() + " linux/amd64\n"; err != nil || string(out) != want {
		t.Errorf("%v: %q, want %q", err, out, want)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	home, _ := os.UserHomeDir()
	for _, trace := range []string{r.source + "/", filepath.Join(home, "go", "pkg")} {
		if bytes.Contains(binary, []byte(trace)) {
			t.Errorf("the program contains %s", trace)
		}
	}
	if len(binary) > maxSize {
		t.Errorf("the program has %d bytes", len(binary))
	}
}

func TestZip(t *testing.T) {
	r := &release{time: time.Date(2026, 11, 5, 7, 30, 0, 0, time.UTC)}
	var a, b bytes.Buffer
	files := []file{{name: "oplog/", mode: 0o755}, {name: "oplog/oplog.exe", mode: 0o755, data: []byte("MZ")}}
	if err := errors.Join(r.writeZip(&a, files), r.writeZip(&b, files)); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("%v, or two differ", err)
	}
	path := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(path, a.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	unpacked := t.TempDir()
	zipped := readZip(t, path)
	if err := os.CopyFS(unpacked, zipped); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(unpacked, "oplog", "oplog.exe")); string(data) != "MZ" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
}

func readZip(t *testing.T, path string) fs.FS {
	t.Helper()
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// TestColdPackages: each is in the program, and none is one that recording, finding and sending entries spends its time in.
func TestColdPackages(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "oplog").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	isCold := func(name, pattern string) bool {
		below, isTree := strings.CutSuffix(pattern, "/...")
		return name == below || isTree && strings.HasPrefix(name, below+"/")
	}
	for _, pattern := range cold {
		if !slices.ContainsFunc(linked, func(name string) bool { return isCold(name, pattern) }) {
			t.Errorf("%s is not in the program", pattern)
		}
	}
	hot := []string{
		"oplog/oplog", "oplog/server", "oplog/server/wire", "oplog/journal", "oplog/storage", "oplog/search", "oplog/identity", "oplog/exports/formats",
		"github.com/valyala/fasthttp", "github.com/go-json-experiment/json", "github.com/RoaringBitmap/roaring/v2", "go.etcd.io/bbolt", "encoding/json", "slices",
		"github.com/danielgtaylor/huma/v2", "github.com/xuri/excelize/v2",
	}
	for _, name := range hot {
		if !slices.Contains(linked, name) || slices.ContainsFunc(cold, func(pattern string) bool { return isCold(name, pattern) }) {
			t.Errorf("%s is cold, or not in the program", name)
		}
	}
}
