package storage

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// wantRejected checks that a directory is rejected with a one-line error that contains all the words.
func wantRejected(t *testing.T, dir string, words ...string) {
	t.Helper()
	db, err := Open(dir, Options{LockTimeout: 10 * time.Millisecond})
	if err == nil {
		closeStore(t, db)
		t.Fatalf("%s is taken", dir)
	}
	if message := err.Error(); strings.ContainsAny(message, "\r\n") || !strings.Contains(message, dir) {
		t.Errorf("%q is not one line that names the directory", message)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

// changeFile changes the file of a closed store with plain bbolt.
func changeFile(t *testing.T, dir string, change func(tx *bolt.Tx) error) {
	t.Helper()
	b, err := bolt.Open(filepath.Join(dir, fileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Update(change); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func closedStore(t *testing.T) string {
	t.Helper()
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	closeStore(t, db)
	return db.dir
}

func TestOpenMakesDirectories(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	db := openStore(t, dir)
	mustAppend(t, db, entry(1, "a"))
	info, err := os.Stat(db.path())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	withVolume := t.TempDir()
	if err := os.Mkdir(filepath.Join(withVolume, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(withVolume, ConfigName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	openStore(t, withVolume)
}

func TestOpenRejectsForeignDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.doc"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantRejected(t, dir, "does not belong to oplog", "thesis.doc")
	if found, _ := os.ReadDir(dir); len(found) != 1 {
		t.Errorf("it leaves %v", found)
	}
}

func TestOpenRejectsFileAsDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantRejected(t, file, "directory")
	wantRejected(t, filepath.Join(file, "below"), "directory")
}

func TestOpenRejectsDirectoryAsFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, fileName), 0o700); err != nil {
		t.Fatal(err)
	}
	wantRejected(t, dir, fileName)
}

func TestOpenRejectsOtherFiles(t *testing.T) {
	for name, data := range map[string]string{
		"short": "hello", "long": strings.Repeat("not a database ", 10_000), "zeros": strings.Repeat("\x00", 64<<10), "SQLite": "SQLite format 3\x00" + strings.Repeat("\x00", 8192),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, fileName), []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
			wantRejected(t, dir, fileName)
			if now, err := os.ReadFile(filepath.Join(dir, fileName)); err != nil || string(now) != data {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
}

func TestOpenRejectsForeignDatabase(t *testing.T) {
	dir := t.TempDir()
	changeFile(t, dir, func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte("widgets"))
		return err
	})
	wantRejected(t, dir, "another program")
}

func TestOpenRejectsNewerFormat(t *testing.T) {
	dir := closedStore(t)
	changeFile(t, dir, func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyFormat, []byte(strconv.Itoa(movedFormat+1)))
	})
	wantRejected(t, dir, fmt.Sprint("format ", movedFormat+1), "newer")
	changeFile(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte("x")) })
	wantRejected(t, dir, "format version")
	for _, version := range []string{"0", "-1"} {
		changeFile(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte(version)) })
		wantRejected(t, dir, "format "+version, "no version of oplog writes", "restore a backup")
	}
}

func TestOpenRejectsDamagedKey(t *testing.T) {
	dir := closedStore(t)
	path := filepath.Join(dir, keyName)
	if err := os.WriteFile(path, []byte("PRIVATE+KEY+x"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantRejected(t, dir, "signing.key is not a signing key")
}

// Wherever a file is truncated, it is rejected and not read past its end.
func TestOpenRejectsTruncatedFile(t *testing.T) {
	dir := closedStore(t)
	whole, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 100, 4096, 4096 + 100, 3 * 4096, 4 * 4096, len(whole) / 2} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			cut := t.TempDir()
			if err := os.WriteFile(filepath.Join(cut, fileName), whole[:size], 0o600); err != nil {
				t.Fatal(err)
			}
			wantRejected(t, cut, fileName)
		})
	}
}

func TestOpenRejectsOverwrittenPages(t *testing.T) {
	dir := closedStore(t)
	path := filepath.Join(dir, fileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(whole[2*os.Getpagesize():]) // everything but the meta pages
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	wantRejected(t, dir, fileName, "damaged")
}

const holdEnv = "OPLOG_TEST_HOLD"

// TestHolder is not a test: it is the other process of the test below.
func TestHolder(t *testing.T) {
	dir := os.Getenv(holdEnv)
	if dir == "" {
		t.Skip("started by another test")
	}
	db := openStore(t, dir)
	fmt.Println("holding")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it
	closeStore(t, db)
}

func TestOpenRejectsDirectoryInUse(t *testing.T) {
	dir := closedStore(t)
	holder := exec.Command(os.Args[0], "-test.run=^TestHolder$")
	holder.Env = append(os.Environ(), holdEnv+"="+dir)
	holder.Stderr = os.Stderr
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = holder.Process.Kill() }) // already ended on success
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "holding" {
	}
	wantRejected(t, dir, "in use", fmt.Sprintf("pid %d;", holder.Process.Pid))
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // before Wait closes the pipe
	}
	if err := holder.Wait(); err != nil {
		t.Fatal(err)
	}
	db := openStore(t, dir)
	if got := arrivals(t, db, 1); got != "a" {
		t.Errorf("arrivals %s", got)
	}
}

func TestOpenTwiceInOneProcess(t *testing.T) {
	db := openStore(t, t.TempDir())
	wantRejected(t, db.dir, "in use", fmt.Sprintf("pid %d;", os.Getpid()))
}
