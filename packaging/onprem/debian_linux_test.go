package onprem

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// downloads is where packages of Debian are kept once they are downloaded.
const downloads = "../../bin/debian"

// downloading guards downloads.
var downloading sync.Mutex

// debian unpacks packages of Debian to a folder and returns it, or skips the test where they are not to be had.
func debian(t *testing.T, packages ...string) string {
	t.Helper()
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("this is not Debian: %s is missing", tool)
		}
	}
	root := publicDir(t)
	for _, name := range packages {
		file, err := download(name)
		if err != nil {
			t.Skipf("Debian's package %s cannot be downloaded: %v", name, err)
		}
		if out, err := exec.Command("dpkg-deb", "-x", file, root).CombinedOutput(); err != nil {
			t.Fatalf("unpack %s: %v: %s", file, err, out)
		}
	}
	return root
}

// download returns the file of a package, which it downloads if it is not there yet.
func download(name string) (file string, err error) {
	downloading.Lock()
	defer downloading.Unlock()
	file = filepath.Join(downloads, name+".deb")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if err := os.MkdirAll(downloads, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(downloads, "part")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err = fetch(dir, name); err != nil && os.Geteuid() == 0 { // there may be no lists of packages yet, or old ones
		if out, failed := exec.Command("apt-get", "update", "-qq").CombinedOutput(); failed != nil {
			return "", errors.New(lastLine(string(out)))
		}
		err = fetch(dir, name)
	}
	if err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(found) != 1 {
		return "", errors.Join(err, errors.New("apt-get download left no file"))
	}
	return file, os.Rename(found[0], file)
}

func fetch(dir, name string) error {
	c := exec.Command("apt-get", "download", "-qq", name)
	c.Dir = dir
	if os.Geteuid() == 0 {
		c.Args = append(c.Args, "-o", "APT::Sandbox::User=root") // its own user may not write here
	}
	out, err := c.CombinedOutput()
	if err != nil {
		return errors.New(strings.TrimSpace(lastLine(string(out))))
	}
	return nil
}
