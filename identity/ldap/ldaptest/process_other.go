//go:build !linux

package ldaptest

import (
	"os"
	"syscall"
)

func bound() *syscall.SysProcAttr { return nil }

// There is no slapd of Debian here, so no process is stopped.
var pause, resume = os.Interrupt, os.Interrupt
