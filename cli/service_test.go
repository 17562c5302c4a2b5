package cli

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestServicePlan: what the service runs, by platform and flags.
func TestServicePlan(t *testing.T) {
	getenv := func(name string) string { return map[string]string{"ProgramData": "/ProgramData"}[name] }
	abs := func(path string) string {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	f := func(c serviceInstallCommand, system, user, data, arguments string) {
		t.Helper()
		u, err := c.unit(system, getenv, "/opt/oplog")
		if err != nil || u.Program != "/opt/oplog" || u.User != user || u.DataDir != data || strings.Join(u.Arguments, " ") != arguments {
			t.Errorf("%s %+v: %+v, %v", system, c, u, err)
		}
	}
	standard := abs("/var/lib/oplog")
	f(serviceInstallCommand{}, "linux", "oplog", standard, "serve --data "+standard+" --no-open")
	f(serviceInstallCommand{Config: "o.toml"}, "linux", "oplog", standard, "serve --config "+abs("o.toml")+" --no-open")
	f(serviceInstallCommand{Config: "o.toml", Data: "d", User: "log"}, "linux", "log", abs("d"), "serve --config "+abs("o.toml")+" --data "+abs("d")+" --no-open")
	programData := abs(filepath.Join("/ProgramData", "oplog"))
	f(serviceInstallCommand{}, "windows", `NT AUTHORITY\LocalService`, programData, "serve --data "+programData+" --no-open")
	mac := abs("/Library/Application Support/oplog")
	f(serviceInstallCommand{User: "ann"}, "darwin", "ann", mac, "serve --data "+mac+" --no-open")
	if _, err := (&serviceInstallCommand{}).unit("darwin", getenv, "/opt/oplog"); err == nil || !strings.Contains(err.Error(), "--user is required") {
		t.Errorf("without a user on macOS: %v", err)
	}
}
