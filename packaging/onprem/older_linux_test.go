package onprem

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/cli/clitest"
)

// The data file of an early version, in format 1: 300 entries of acme, some with ids of their own, and one of beta. Its records are made up, so
// it gets those of the two tenants.
const (
	olderFile    = "../../storage/testdata/format-1.db"
	olderEntries = 300
	olderID      = "own-7"
)

// makeOlder makes the data directory of an early version.
func makeOlder(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "oplog.db")
	if err := os.WriteFile(path, []byte(read(t, olderFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		records := tx.Bucket([]byte("records"))
		err := records.ForEachBucket(func(kind []byte) error {
			for {
				name, _ := records.Bucket(kind).Cursor().First()
				if name == nil {
					return nil
				}
				if err := records.Bucket(kind).Delete(name); err != nil {
					return err
				}
			}
		})
		for id, name := range map[string]string{"acme": "Acme", "beta": "Beta"} {
			record := `{"id":"` + id + `","name":"` + name + `","time_zone":"Asia/Shanghai","data_permission":false}`
			err = errors.Join(err, records.Bucket([]byte("tenants")).Put([]byte(id), []byte(record)))
		}
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// slowCopy reads a backup from a command slowly, as a slow disk or network takes it, and returns its size.
func slowCopy(t *testing.T, c *exec.Cmd, bytesPerSecond int) (size int) {
	t.Helper()
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr clitest.Output
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	piece := make([]byte, bytesPerSecond/20)
	for {
		n, err := io.ReadFull(stdout, piece)
		size += n
		if err != nil {
			break
		}
		<-tick.C
	}
	if err := c.Wait(); err != nil {
		t.Errorf("a slow backup: %v: %s", err, strings.TrimSpace(stderr.String()))
	}
	return size
}
