//go:build unix && !linux

package control

import "net"

// peer permits every process that the mode of the socket has let in.
func peer(*net.UnixConn) (name string, ok bool) { return "", true }
