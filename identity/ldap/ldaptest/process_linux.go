package ldaptest

import "syscall"

// bound ends a process with the one that started it, should that be killed.
func bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// The signals that stop a process where it is, and let it go on.
const (
	pause  = syscall.SIGSTOP
	resume = syscall.SIGCONT
)
