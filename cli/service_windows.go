package cli

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"

	"oplog/durable"
)

// requireRights returns an error if this user cannot change services.
func requireRights(action string) error {
	if !windows.GetCurrentProcessToken().IsElevated() {
		return fmt.Errorf("only an administrator can %s the service; run the command in a terminal that was opened as administrator", action)
	}
	return nil
}

// prepareDataDir makes the data directory of a service, which only the system, administrators and the service's account can read.
func prepareDataDir(dir, name string, _ bool) error {
	account, _, _, err := windows.LookupSID("", name)
	if err != nil {
		return fmt.Errorf("there is no account %s: %w; specify another with --user", name, err)
	}
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// P: nothing is inherited from above; OICI: files and directories in it inherit this; FA: full access.
	sd, err := windows.SecurityDescriptorFromString("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + account.String() + ")")
	if err != nil {
		return err
	}
	acl, _, err := sd.DACL()
	if err != nil {
		return err
	}
	err = windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, acl, nil)
	if err != nil {
		return fmt.Errorf("cannot restrict who reads %s: %w", dir, err)
	}
	return nil
}

// awaitStart waits until the service that was started serves: Windows says before that it is started, and a start may check the whole store.
func awaitStart() error {
	m, err := mgr.Connect()
	if err != nil {
		return err
	}
	defer m.Disconnect() //nolint:errcheck // nothing is lost
	s, err := m.OpenService(serviceName)
	if err != nil {
		return err
	}
	defer s.Close()
	for ; ; time.Sleep(100 * time.Millisecond) {
		status, err := s.Query()
		switch {
		case err != nil:
			return err
		case status.State == svc.Running:
			return nil
		case status.State == svc.Stopped:
			return errors.New("the server ended at its start")
		}
	}
}
