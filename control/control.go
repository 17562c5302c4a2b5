// Package control runs the commands of oplog in the server of a data directory. The process of a command connects to the server's socket in
// that directory and lends the server its terminal and the files that the command names: the server runs the command on its open log, and
// reads and writes these files through the process, with the rights of the process.
//
// The roles of the connection are reversed: the process of the command answers calls (lend.go, package net/rpc), and the server makes them
// (session.go). Nothing is held in memory: a call reads or writes a piece of a stream.
package control

import (
	"context"
	"errors"
	"net"
	"os"
)

// socketName is the name of the socket in a data directory. On Windows, it is a file that names the pipe.
const socketName = "oplog.sock"

// ErrNone is the error of Dial if no server answers: there is none, or the socket is what a killed one has left.
var ErrNone = errors.New("no server answers")

// A Listener accepts connections of processes that may do what the owner may, and of no others.
type Listener interface {
	// Accept returns the next connection and the user of the operating system at its other end, "" if the system does not tell.
	Accept() (conn net.Conn, user string, err error)
	// Close ends Accept, and removes the socket.
	Close() error
}

// Listen opens the socket of a data directory that this process has locked, and replaces one that a killed server has left.
func Listen(dir string) (Listener, error) { return listen(dir) }

// Dial connects to the server of a data directory. The error is ErrNone if there is none.
func Dial(ctx context.Context, dir string) (net.Conn, error) { return dial(ctx, dir) }

// FileInfo describes a file of the process of a command.
type FileInfo struct {
	Exists, IsDir, IsRegular bool
	Size                     int64
}

// Stat describes a file of this process.
func Stat(name string) (FileInfo, error) {
	info, err := os.Stat(name)
	if errors.Is(err, os.ErrNotExist) {
		return FileInfo{}, nil
	}
	if err != nil {
		return FileInfo{}, err
	}
	return FileInfo{true, info.IsDir(), info.Mode().IsRegular(), info.Size()}, nil
}
