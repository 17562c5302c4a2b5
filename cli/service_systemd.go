package cli

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// systemdState returns what systemd says of the service. The library takes one that fails at each start for running, and one that stops for one that is
// not installed.
func systemdState() (serviceState, error) {
	out, err := exec.CommandContext(context.Background(), "systemctl", "show", "--property=LoadState,ActiveState,SubState", serviceName+".service").Output()
	if err != nil {
		return serviceAbsent, fmt.Errorf("systemctl show: %w", err)
	}
	is := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		is[name] = value
	}
	switch {
	case is["LoadState"] == "not-found":
		return serviceAbsent, nil
	case is["ActiveState"] == "failed", is["SubState"] == "auto-restart": // systemd waits before it tries again
		return serviceFailed, nil
	case is["ActiveState"] == "inactive":
		return serviceStopped, nil
	}
	return serviceRunning, nil // or it starts, or stops
}
