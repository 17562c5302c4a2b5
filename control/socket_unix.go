//go:build unix

package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxPath is the length of the longest path that a socket can have on every system: macOS allows 104 bytes with the final zero, Linux 108.
const maxPath = 103

// In the temporary directory of a socket, which only its owner may enter, the socket has its mode before anybody can connect.
const (
	privatePrefix = "." + socketName + "."
	linkedPrefix  = "oplog-socket-"
	privateName   = "s"
)

type listener struct {
	*net.UnixListener
	path   string
	linked string // the socket that path links to, because path is too long for one; "" for none
}

// listen creates the socket in a directory of mode 0700, restricts it to its owner, and moves it to its place. If the path of the data
// directory is too long for a socket, it stays in a temporary directory, and its place has a link to it.
func listen(dir string) (l *listener, err error) {
	path, err := filepath.Abs(filepath.Join(dir, socketName))
	if err != nil {
		return nil, err
	}
	removeLeft(filepath.Dir(path))
	private, err := os.MkdirTemp(filepath.Dir(path), privatePrefix)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	isLong := len(filepath.Join(private, privateName)) > maxPath
	if isLong {
		if err = os.Remove(private); err == nil {
			private, err = os.MkdirTemp("", linkedPrefix)
		}
		if err != nil {
			return nil, fmt.Errorf("create %s: %w", path, err)
		}
	}
	at := filepath.Join(private, privateName)
	if len(at) > maxPath {
		return nil, errors.Join(fmt.Errorf("the path %s is too long for a socket, and so is %s; set TMPDIR to a directory with a short path", path, at), os.Remove(private))
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: at, Net: "unix"})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create %s: %w", path, err), os.Remove(private))
	}
	ln.SetUnlinkOnClose(false)
	l = &listener{UnixListener: ln, path: path}
	if err = os.Chmod(at, 0o600); err == nil {
		if isLong {
			l.linked = at
			err = os.Symlink(at, path)
		} else {
			err = errors.Join(os.Rename(at, path), os.Remove(private))
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create %s: %w", path, err), ln.Close(), os.RemoveAll(private))
	}
	return l, nil
}

// Accept refuses processes of other users. The mode of the socket keeps them out, unless somebody changed it.
func (l *listener) Accept() (net.Conn, string, error) {
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return nil, "", err
		}
		if user, ok := peer(conn); ok {
			return conn, user, nil
		}
		_ = conn.Close()
	}
}

func (l *listener) Close() error {
	err := l.UnixListener.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil // a second time
	}
	err = errors.Join(err, os.Remove(l.path))
	if l.linked != "" {
		err = errors.Join(err, os.RemoveAll(filepath.Dir(l.linked)))
	}
	return err
}

// removeLeft removes what a killed server has left: the socket, and the directories that it was created in.
func removeLeft(dir string) {
	path := filepath.Join(dir, socketName)
	if linked, err := os.Readlink(path); err == nil && strings.HasPrefix(filepath.Base(filepath.Dir(linked)), linkedPrefix) {
		_ = os.Remove(linked)
		_ = os.Remove(filepath.Dir(linked))
	}
	_ = os.Remove(path)
	found, _ := os.ReadDir(dir)
	for _, f := range found {
		if f.IsDir() && strings.HasPrefix(f.Name(), privatePrefix) {
			_ = os.RemoveAll(filepath.Join(dir, f.Name()))
		}
	}
}

func dial(ctx context.Context, dir string) (net.Conn, error) {
	path := filepath.Join(dir, socketName)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, ErrNone // or the directory cannot be read, which opening it reports
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		if path, err = os.Readlink(path); err != nil {
			return nil, ErrNone
		}
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%s is for another user: a server runs on this data directory; run the command as the user of that server, or as root", filepath.Join(dir, socketName))
	}
	if err != nil && ctx.Err() == nil {
		if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot connect to the server of this data directory: %w", err)
		}
		return nil, ErrNone
	}
	return conn, err
}
