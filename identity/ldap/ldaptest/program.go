package ldaptest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// program is slapd, with what belongs to it.
type program struct {
	path      string
	modules   string
	schemas   string
	libraries string // for LD_LIBRARY_PATH; "" if they are installed
}

// ErrMissing is that of machines without slapd.
var ErrMissing = errors.New("slapd is missing")

// find returns the slapd that is installed, or else the one that root gets from Debian's packages: these are unpacked and not installed, since that
// would start a service.
var find = sync.OnceValues(func() (program, error) {
	for _, path := range []string{"/usr/sbin/slapd", "/usr/libexec/slapd", "/usr/lib/openldap/slapd"} {
		if p, err := below("/", path); err == nil {
			return p, nil
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return program{}, err
	}
	root := filepath.Join(cache, "oplog-tests", "slapd")
	if p, err := below(root, filepath.Join(root, "usr/sbin/slapd")); err == nil {
		return p, nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return program{}, fmt.Errorf("%w; on Debian: apt-get install slapd", ErrMissing)
	}
	const script = `mkdir -p "$1.part/partial" "$1.new"
get() { apt-get -qq -y --download-only --no-install-recommends -o APT::Sandbox::User=root -o DPkg::Lock::Timeout=120 -o Dir::Cache::archives="$1.part" install slapd; }
get "$1" || { apt-get -qq update; get "$1"; }
for package in "$1.part"/*.deb; do dpkg-deb -x "$package" "$1.new"; done
rm -r "$1.part"; mv "$1.new" "$1"`
	if out, err := exec.Command("sh", "-ec", script, "sh", root).CombinedOutput(); err != nil {
		return program{}, fmt.Errorf("%w, and cannot be had from Debian's packages: %w: %s", ErrMissing, err, out)
	}
	return below(root, filepath.Join(root, "usr/sbin/slapd"))
})

// below returns the program of a path, with what is below a root.
func below(root, path string) (program, error) {
	p := program{path: path, modules: filepath.Join(root, "usr/lib/ldap"), schemas: filepath.Join(root, "etc/ldap/schema")}
	if root != "/" {
		libraries, _ := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu"))
		others, _ := filepath.Glob(filepath.Join(root, "lib/*-linux-gnu"))
		p.libraries = strings.Join(append(libraries, others...), ":")
	}
	for _, needed := range []string{path, filepath.Join(p.schemas, "core.schema"), filepath.Join(p.modules, "back_mdb.so")} {
		if _, err := os.Stat(needed); err != nil {
			return program{}, err
		}
	}
	return p, nil
}
