package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"oplog/node"
)

func (r *round) server() (found []Finding) {
	switch r.Server {
	case Running:
		return []Finding{finding("server-running", "dir", r.Dir)}
	case Unreachable:
		found = append(found, finding("server-unreachable", "dir", r.Dir, "error", r.Unreachable))
	case Busy:
		found = append(found, finding("server-busy", "dir", r.Dir))
	default:
		found = append(found, finding("server-stopped", "dir", r.Dir))
	}
	if info, err := os.Stat(r.Dir); err == nil && os.Geteuid() == 0 { // root may do what the server may not
		if owner, user := Owner(info), CurrentUser(); owner != user {
			found = append(found, finding("server-other-user", "user", user, "owner", owner))
		}
	}
	return found
}

const (
	noRoom   = 4 << 20 // the store grows by as much
	lowSpace = 3       // times the reserve is little
)

// disk compares the free space of the data directory's volume with the reserve.
func (r *round) disk() []Finding {
	free, total, err := r.Space(existing(r.Dir))
	if err != nil {
		return []Finding{finding("disk-unknown", "dir", r.Dir, "error", cause(err))}
	}
	reserve := min(node.MaxReserve, total/20)
	code := "disk-free"
	switch {
	case free < noRoom:
		code = "disk-full"
	case free < reserve:
		code = "disk-reserved"
	case free < lowSpace*reserve:
		code = "disk-low"
	}
	return []Finding{finding(code, "dir", r.Dir, "free", free, "total", total, "reserve", reserve)}
}

// existing returns a directory, or the one above it that exists.
func existing(dir string) string {
	if path, err := filepath.Abs(dir); err == nil {
		dir = path
	}
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// rights checks the owners and modes of the data directory and of what is in it.
func (r *round) rights() []Finding {
	info, err := os.Stat(r.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		above := existing(r.Dir)
		if err := access(above); errors.Is(err, syscall.EROFS) {
			return []Finding{finding("rights-read-only", "path", above)}
		} else if err != nil {
			return []Finding{finding("rights-parent", "dir", r.Dir, "user", CurrentUser())}
		}
		return []Finding{finding("rights-new", "dir", r.Dir)}
	case err == nil && !info.IsDir():
		return []Finding{finding("rights-no-directory", "dir", r.Dir)}
	case err != nil && !errors.Is(err, fs.ErrPermission):
		return []Finding{finding("rights-unreadable", "dir", r.Dir, "error", cause(err))}
	case err != nil:
		return []Finding{r.forbidden(r.Dir, nil)}
	}
	for _, name := range written {
		if f, bad := r.rightsTo(filepath.Join(r.Dir, name), info); bad {
			return []Finding{f}
		}
	}
	if f, bad := r.ownerOf(filepath.Join(r.Dir, "signing.key"), info); bad { // it need not be written
		return []Finding{f}
	}
	return r.readableByOthers(info)
}

// written are the data directory and what a server writes in it.
var written = []string{".", "oplog.db", "oplog.head", "oplog.lock", "oplog.pid", "index", "exports"}

// rightsTo reports what keeps this user, or the owner of the data directory, from using a path in it.
func (r *round) rightsTo(path string, dir fs.FileInfo) (f Finding, bad bool) {
	info, err := os.Lstat(path)
	if err != nil { // it is not there
		return f, false
	}
	switch err := access(path); {
	case errors.Is(err, syscall.EROFS):
		return finding("rights-read-only", "path", path), true
	case errors.Is(err, fs.ErrPermission):
		return r.forbidden(path, info), true
	}
	return r.ownerOf(path, dir)
}

// ownerOf reports that a path in the data directory is not its owner's.
func (r *round) ownerOf(path string, dir fs.FileInfo) (f Finding, bad bool) {
	info, err := os.Lstat(path)
	if err != nil {
		return f, false
	}
	if owner, of := Owner(info), Owner(dir); owner != of {
		return finding("rights-mixed", "path", path, "owner", owner, "dir_owner", of, "dir", r.Dir), true
	}
	return f, false
}

// forbidden says that this user may not use a path. info is nil if nothing is known of it.
func (r *round) forbidden(path string, info fs.FileInfo) Finding {
	owner := ""
	if info != nil {
		owner = Owner(info)
	}
	if owner == "" {
		owner = "another user"
	}
	return finding("rights-forbidden", "path", path, "owner", owner, "user", CurrentUser(), "dir", r.Dir)
}

// othersAccess is what users other than the owner and its group may do.
const othersAccess fs.FileMode = 0o007

// readableByOthers reports a data directory that others can enter.
func (r *round) readableByOthers(dir fs.FileInfo) []Finding {
	if mode := dir.Mode().Perm(); mode&othersAccess != 0 && runtime.GOOS != "windows" {
		return []Finding{finding("rights-open", "path", r.Dir, "mode", octal(mode))}
	}
	return []Finding{finding("rights-good", "dir", r.Dir, "user", CurrentUser())}
}

func octal(mode fs.FileMode) string { return fmt.Sprintf("%04o", mode.Perm()) }

// ownAccess is what users other than the owner may do with a file that is secret.
const ownAccess fs.FileMode = 0o077

// key checks that the signing key is there, secret, and the log's.
func (r *round) key() []Finding {
	l, logErr := r.log()
	if logErr == nil && l.OtherSigner {
		return []Finding{finding("key-setting")}
	}
	if !r.SignsItself && logErr == nil && l.Key != nil {
		return []Finding{finding("key-unusable", "error", l.Key)}
	}
	if !r.SignsItself {
		return []Finding{finding("key-command")}
	}
	path := filepath.Join(r.Dir, "signing.key")
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if logErr != nil || l.Format < l.NewestFormat {
			return nil // there is no log, or one that may have its key inside
		}
		return []Finding{finding("key-missing", "path", path)}
	case err != nil:
		return nil // which the rights tell
	case !readable(path):
		return []Finding{finding("key-unreadable", "path", path, "user", CurrentUser())}
	case info.Mode().Perm()&ownAccess != 0 && runtime.GOOS != "windows":
		return []Finding{finding("key-open", "path", path, "mode", octal(info.Mode()))}
	case logErr == nil && l.Key != nil:
		return []Finding{finding("key-unusable", "error", l.Key)}
	}
	return []Finding{finding("key-kept", "path", path)}
}

func readable(path string) bool {
	f, err := os.Open(path) //nolint:gosec // the user names the directory
	if err == nil {
		err = f.Close()
	}
	return err == nil
}

// cause strips the path that a file error repeats.
func cause(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

const (
	fewFiles    = 4096
	wantedFiles = 65536
)

// files checks the limit of open files.
func (r *round) files() []Finding { return filesOf(openFiles()) }

func filesOf(limit uint64) []Finding {
	switch {
	case limit == 0 || limit > 1<<40:
		return []Finding{finding("files-own")}
	case limit < fewFiles:
		return []Finding{finding("files-few", "limit", limit, "wanted", wantedFiles)}
	}
	return []Finding{finding("files-enough", "limit", limit)}
}

// littleMemory is less than a log of some size works well in.
const littleMemory = 256 << 20

// memory compares the limit of memory with what there is.
func (r *round) memory() []Finding {
	code := "memory-set"
	switch {
	case r.MachineMemory == 0:
		code = "memory-unknown"
	case r.Memory > r.MachineMemory:
		code = "memory-over"
	case r.MachineMemory < littleMemory:
		code = "memory-little"
	}
	return []Finding{finding(code, "limit", r.Memory, "machine", r.MachineMemory)}
}
