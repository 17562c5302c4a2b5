package cli

import (
	"fmt"

	"golang.org/x/sys/windows"

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
