package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// debs returns the folder of the packages of Debian that installing some on this machine would add, or skips the test where they are not to be had.
// They are kept in bin.
func debs(t *testing.T, packages ...string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("../../bin/debian", packages[0]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skipf("this is not Debian: apt-get is missing, which installs %s", strings.Join(packages, ", "))
	}
	part := dir + ".part"
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(filepath.Join(part, "partial"), 0o755)); err != nil {
		t.Fatal(err)
	}
	fetch := func(words ...string) error {
		c := exec.Command("apt-get", append([]string{"-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "APT::Sandbox::User=root"}, words...)...)
		if out, err := c.CombinedOutput(); err != nil {
			return errors.New(strings.TrimSpace(string(out)))
		}
		return nil
	}
	words := append([]string{"install", "--download-only", "--yes", "--no-install-recommends", "-o", "Dir::Cache::archives=" + part}, packages...)
	err = fetch(words...)
	if err != nil { // there may be no lists of packages yet, or old ones
		if err = fetch("update"); err == nil {
			err = fetch(words...)
		}
	}
	if err != nil {
		t.Skipf("Debian's %s cannot be downloaded: %v", strings.Join(packages, ", "), err)
	}
	if err := os.Rename(part, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// needsMounts skips a test that changes a copy of this machine's disk, where that is not possible.
func needsMounts(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("installing a package requires root")
	}
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("dpkg is not installed")
	}
	if out, err := exec.Command("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt").CombinedOutput(); err != nil {
		t.Skipf("this machine allows no mounts: %s", out)
	}
}
