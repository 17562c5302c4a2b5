package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/kardianos/service"

	"oplog/packaging"
)

// serviceName is the name of the service.
const serviceName = "oplog"

type serviceCommand struct {
	Install   serviceInstallCommand   `cmd:"" help:"Install oplog as a service that starts with the machine."`
	Uninstall serviceUninstallCommand `cmd:"" help:"Remove the service. The data stays."`
	Start     serviceStartCommand     `cmd:"" help:"Start the service."`
	Stop      serviceStopCommand      `cmd:"" help:"Stop the service, once its running requests are finished."`
	Status    serviceStatusCommand    `cmd:"" help:"Print whether the service runs."`
}

type serviceInstallCommand struct {
	Config string `placeholder:"FILE" help:"Configuration file of the server."`
	Data   string `placeholder:"DIR" help:"Data directory; by default the service's own: /var/lib/oplog on Linux, ProgramData\\oplog on Windows, /Library/Application Support/oplog on macOS."`
	User   string `placeholder:"NAME" help:"Account that the server runs as; by default oplog on Linux, and NT AUTHORITY\\LocalService on Windows. Required on macOS."`
}

// Run installs the service.
func (c *serviceInstallCommand) Run(m *Program) error {
	if err := requireRights("install"); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	unit, err := c.unit(runtime.GOOS, m.Getenv, program)
	if err != nil {
		return err
	}
	s, err := newService(unit)
	if err != nil {
		return err
	}
	switch state, err := stateOf(s); {
	case err != nil:
		return explained("install", err)
	case state != serviceAbsent:
		return errors.New("the service is already installed; to install it with other flags, run oplog service uninstall first")
	}
	if c.Config != "" {
		if _, err := os.Stat(c.Config); err != nil {
			return fmt.Errorf("cannot use the configuration file: %w", err)
		}
	}
	isManaged := s.Platform() == "linux-systemd" && unit.DataDir == packaging.DataDir // by the unit's StateDirectory
	if err := prepareDataDir(unit.DataDir, unit.User, isManaged); err != nil {
		return err
	}
	if err := s.Install(); err != nil {
		return explained("install", err)
	}
	fmt.Fprintf(m.Stdout, "The service is installed. It runs as %s; its data is in %s. Start it with: oplog service start\n", unit.User, unit.DataDir)
	return nil
}

// unit returns what the service runs.
func (c *serviceInstallCommand) unit(system string, getenv func(string) string, program string) (packaging.Unit, error) {
	u := packaging.Unit{Program: program, Arguments: []string{"serve"}, User: c.User, DataDir: c.Data}
	switch system {
	case "windows":
		u.User = or(u.User, `NT AUTHORITY\LocalService`)
		u.DataDir = or(u.DataDir, filepath.Join(getenv("ProgramData"), "oplog"))
	case "darwin":
		if u.User == "" {
			return u, errors.New("--user is required on macOS: the account that the server runs as, such as yours or one made for it")
		}
		u.DataDir = or(u.DataDir, "/Library/Application Support/oplog")
	default:
		u.User = or(u.User, packaging.User)
		u.DataDir = or(u.DataDir, packaging.DataDir)
	}
	var err error
	if u.DataDir, err = filepath.Abs(u.DataDir); err != nil {
		return u, err
	}
	if c.Config != "" {
		config, err := filepath.Abs(c.Config)
		if err != nil {
			return u, err
		}
		u.Arguments = append(u.Arguments, "--config", config)
		u.Reads = []string{config}
	}
	if c.Config == "" || c.Data != "" { // otherwise the file says where the data is
		u.Arguments = append(u.Arguments, "--data", u.DataDir)
	}
	u.Arguments = append(u.Arguments, "--no-open")
	return u, nil
}

// newService returns the system's service for a unit; for one that is installed, the unit may be empty.
func newService(u packaging.Unit) (service.Service, error) {
	s, err := service.New(nil, &service.Config{
		Name: serviceName, DisplayName: "oplog", Description: "The operation log of a business system.",
		Executable: u.Program, Arguments: u.Arguments, UserName: u.User,
		Option: service.KeyValue{
			"SystemdScript": u.Text(), "Restart": "on-failure", "LimitNOFILE": 65536, // Linux
			"OnFailure": "restart", "OnFailureDelayDuration": "5s", "OnFailureResetPeriod": 3600, // Windows
			"RunAtLoad": true, // macOS
		},
	})
	if err != nil {
		return nil, fmt.Errorf("this machine has no service manager that oplog knows: %w", err)
	}
	return s, nil
}

type serviceUninstallCommand struct{}

// Run stops the service and removes it.
func (*serviceUninstallCommand) Run(m *Program) error {
	s, state, err := installedService("uninstall")
	if err != nil {
		return err
	}
	if _, err := os.Stat("/etc/systemd/system/" + serviceName + ".service"); s.Platform() == "linux-systemd" && errors.Is(err, fs.ErrNotExist) {
		return errors.New("the service belongs to the package oplog; remove the package, with apt remove oplog or dnf remove oplog")
	}
	if state != serviceStopped { // systemd would go on starting one that fails
		if err := s.Stop(); err != nil {
			return explained("stop", err)
		}
	}
	if err := s.Uninstall(); err != nil {
		return explained("uninstall", err)
	}
	fmt.Fprintln(m.Stdout, "The service is removed. Its data was kept.")
	return nil
}

type serviceStartCommand struct{}

// Run starts the service.
func (*serviceStartCommand) Run(m *Program) error {
	s, state, err := installedService("start")
	if err != nil {
		return err
	}
	if state == serviceRunning {
		fmt.Fprintln(m.Stdout, "The service is already running.")
		return nil
	}
	err = s.Start()
	if err == nil {
		err = awaitStart()
	}
	if err != nil {
		return explained("start", err)
	}
	fmt.Fprintln(m.Stdout, "The service is started.")
	return nil
}

type serviceStopCommand struct{}

// Run stops the service.
func (*serviceStopCommand) Run(m *Program) error {
	s, state, err := installedService("stop")
	if err != nil {
		return err
	}
	if state == serviceStopped {
		fmt.Fprintln(m.Stdout, "The service is not running.")
		return nil
	}
	if err := s.Stop(); err != nil {
		return explained("stop", err)
	}
	fmt.Fprintln(m.Stdout, "The service is stopped.")
	return nil
}

type serviceStatusCommand struct{}

// Run prints that the service runs, or fails.
func (*serviceStatusCommand) Run(m *Program) error {
	s, err := newService(packaging.Unit{})
	if err != nil {
		return err
	}
	state, err := stateOf(s)
	if err != nil {
		return explained("check", err)
	}
	switch state {
	case serviceAbsent:
		return errAbsent
	case serviceStopped:
		return errors.New("the service is stopped; start it with oplog service start")
	case serviceFailed:
		return fmt.Errorf("the service has failed; %s", whereItLogs(s.Platform()))
	}
	_, err = fmt.Fprintln(m.Stdout, "running")
	return err
}

var errAbsent = errors.New("the service is not installed; install it with oplog service install")

// installedService returns the service for a command that changes it, which must be installed.
func installedService(action string) (service.Service, serviceState, error) {
	if err := requireRights(action); err != nil {
		return nil, serviceAbsent, err
	}
	s, err := newService(packaging.Unit{})
	if err != nil {
		return nil, serviceAbsent, err
	}
	state, err := stateOf(s)
	switch {
	case err != nil:
		return nil, serviceAbsent, explained(action, err)
	case state == serviceAbsent:
		return nil, serviceAbsent, errAbsent
	}
	return s, state, nil
}

type serviceState int

const (
	serviceAbsent serviceState = iota
	serviceStopped
	serviceRunning
	serviceFailed
)

func stateOf(s service.Service) (serviceState, error) {
	if s.Platform() == "linux-systemd" {
		return systemdState()
	}
	status, err := s.Status()
	switch {
	case errors.Is(err, service.ErrNotInstalled):
		return serviceAbsent, nil
	case err != nil && strings.Contains(err.Error(), "failed state"): // the library has no other word for it
		return serviceFailed, nil
	case err != nil:
		return serviceAbsent, err
	case status == service.StatusRunning:
		return serviceRunning, nil
	}
	return serviceStopped, nil
}

// explained adds to an error of the service manager what to do.
func explained(action string, err error) error {
	if action == "start" {
		return fmt.Errorf("the service does not start: %w; %s", err, whereItLogs(service.Platform()))
	}
	return fmt.Errorf("cannot %s the service: %w", action, err)
}

// whereItLogs says where the service's messages are.
func whereItLogs(platform string) string {
	switch platform {
	case "linux-systemd":
		return "journalctl -u oplog -n 20 shows why"
	case "windows-service":
		return "the Application log in Event Viewer shows why"
	case "darwin-launchd":
		return "/var/log/oplog.err.log shows why"
	}
	return "its log shows why"
}
