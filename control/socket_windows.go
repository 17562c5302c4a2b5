package control

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/Microsoft/go-winio"

	"oplog/durable"
)

// pipePrefix begins the names of pipes. What follows is random and only in a file of the data directory, so that no other program can create
// the pipe first.
const pipePrefix = `\\.\pipe\oplog-`

type listener struct {
	net.Listener
	path string
}

// listen creates a pipe that the current user, the system and administrators may open.
func listen(dir string) (*listener, error) {
	path := filepath.Join(dir, socketName)
	current, err := user.Current()
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	pipe := pipePrefix + rand.Text()
	descriptor := fmt.Sprintf("D:P(A;;GA;;;%s)(A;;GA;;;SY)(A;;GA;;;BA)", current.Uid) // its SID
	ln, err := winio.ListenPipe(pipe, &winio.PipeConfig{SecurityDescriptor: descriptor})
	if err != nil {
		return nil, fmt.Errorf("create the pipe of %s: %w", path, err)
	}
	if err := durable.WriteSecret(path, pipe+"\n"); err != nil {
		return nil, errors.Join(fmt.Errorf("create %s: %w", path, err), ln.Close())
	}
	return &listener{ln, path}, nil
}

func (l *listener) Accept() (net.Conn, string, error) {
	conn, err := l.Listener.Accept()
	return conn, "", err
}

func (l *listener) Close() error {
	if err := l.Listener.Close(); err != nil {
		return nil //nolint:nilerr // a second time
	}
	return durable.Remove(l.path)
}

func dial(ctx context.Context, dir string) (net.Conn, error) {
	named, err := os.ReadFile(filepath.Join(dir, socketName))
	pipe := strings.TrimSpace(string(named))
	if err != nil || !strings.HasPrefix(pipe, pipePrefix) {
		return nil, ErrNone //nolint:nilerr // opening the directory reports that it cannot be read
	}
	conn, err := winio.DialPipeContext(ctx, pipe)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%s is for another user: a server runs on this data directory; run the command as the user of that server, or as administrator", filepath.Join(dir, socketName))
	}
	if err != nil && ctx.Err() == nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot connect to the server of this data directory: %w", err)
		}
		return nil, ErrNone
	}
	return conn, err
}
