package control

import (
	"net"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// peer returns the user whose process is at the other end of a connection, and whether that is this process's user or root.
func peer(conn *net.UnixConn) (name string, ok bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return "", false
	}
	var of *syscall.Ucred
	failed := raw.Control(func(fd uintptr) { of, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED) })
	if failed != nil || err != nil || of.Uid != 0 && int(of.Uid) != os.Geteuid() {
		return "", false
	}
	name = strconv.Itoa(int(of.Uid))
	if found, err := user.LookupId(name); err == nil {
		name = found.Username
	}
	return name, true
}
