package crashtest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestWindowsService installs, starts, stops and removes the service of Windows, and finds everything that was acknowledged until it was stopped.
func TestWindowsService(t *testing.T) {
	w := newWine(t)
	w.program = buildForServicesOfWine(t)
	port := freePort(t)
	config := fmt.Sprintf("data = 'C:\\%s\\service'\nlisten = \"127.0.0.1:%s\"\n", folder, port)
	if err := os.WriteFile(filepath.Join(w.root, "oplog.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	data := w.path("service")
	w.service(1, "the service is not installed", "status")
	w.service(0, "It runs as NT AUTHORITY\\LocalService; its data is in "+data, "install", "--config", w.path("oplog.toml"), "--data", data)
	w.service(1, "the service is stopped; start it with oplog service start", "status")
	w.service(1, "already installed", "install")
	w.mustRun("tenant", "add", "acme", "--name", "Acme", "--data", data)
	key := strings.TrimSpace(w.mustRun("key", "add", "--tenant", "acme", "--scope", "write", "--name", "crm", "--data", data))
	w.service(0, "The service is started.", "start")
	w.checkServes(port)
	w.service(0, "running", "status")
	w.service(0, "The service is already running.", "start")

	acknowledged := recordUntil(t, "http://127.0.0.1:"+port, key, func() {
		w.service(0, "The service is stopped.", "stop")
	})
	w.service(1, "the service is stopped", "status")
	w.service(0, "The service is not running.", "stop")
	stored := w.mustRun("export", "--tenant", "acme", "--from", "2026-11-01", "--to", "2026-12-01", "--format", "ndjson", "--data", data)
	for id := range acknowledged {
		if !strings.Contains(stored, `"id":"`+id+`"`) {
			t.Errorf("%s was acknowledged, and is not stored", id)
		}
	}
	t.Logf("the service was stopped after %d acknowledged entries, which are all there", len(acknowledged))

	w.service(0, "The service is started.", "start")
	w.checkServes(port)
	w.service(0, "The service is removed. Its data was kept.", "uninstall")
	w.service(1, "the service is not installed", "status")
	w.mustRun("verify", "--data", data)
	if err := os.WriteFile(filepath.Join(w.root, "oplog.toml"), []byte("lisen = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.service(0, "The service is installed.", "install", "--config", w.path("oplog.toml"), "--data", data)
	w.service(1, "the service does not start: the server ended at its start; the Application log in Event Viewer shows why", "start")
	w.service(0, "The service is removed.", "uninstall")
}

// buildForServicesOfWine builds the program for Windows as make test-windows does, but for one condition: golang.org/x/sys takes a program for a
// service only in session 0, where Windows runs services; Wine 8 runs them in session 1.
func buildForServicesOfWine(t *testing.T) (path string) {
	t.Helper()
	const condition = "return parentProcess.SessionID == 0 && "
	dir := t.TempDir()
	script := `set -e
cp -r "$(go list -m -f '{{.Dir}}' golang.org/x/sys)" "$DIR/sys"; chmod -R u+w "$DIR/sys"
grep -q "$CONDITION" "$DIR/sys/windows/svc/security.go"
sed -i "s/$CONDITION/return /" "$DIR/sys/windows/svc/security.go"
cp ../go.mod ../go.sum "$DIR"
go mod edit -replace "golang.org/x/sys=$DIR/sys" "$DIR/go.mod"
go build -trimpath -modfile "$DIR/go.mod" -o "$DIR/oplog.exe" ..`
	build := exec.Command("sh", "-c", script)
	build.Env = append(os.Environ(), "DIR="+dir, "CONDITION="+condition, "CGO_ENABLED=0", "GOOS=windows", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(dir, "oplog.exe")
}

// service runs oplog service, which must say something.
func (w *wine) service(status int, says string, args ...string) {
	w.t.Helper()
	r := w.run("", append([]string{"service"}, args...)...)
	if r.status != status || !strings.Contains(r.stdout+r.stderr, says) {
		w.t.Errorf("oplog service %q: %+v, want status %d and %q", args, r, status, says)
	}
}

// checkServes checks that the service serves.
func (w *wine) checkServes(port string) {
	w.t.Helper()
	a, err := http.Get("http://127.0.0.1:" + port + "/healthz")
	if err != nil {
		w.t.Fatalf("the service does not serve: %v", err)
	}
	_ = a.Body.Close()
}

func freePort(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	_, port, err := net.SplitHostPort(free.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// recordUntil records entries from several senders until the server ends, and returns the ids of those that it acknowledged.
func recordUntil(t *testing.T, url, key string, end func()) (acknowledged map[string]bool) {
	t.Helper()
	acknowledged = map[string]bool{}
	var mu sync.Mutex
	var senders sync.WaitGroup
	next := 0
	send := func() (goesOn bool) {
		mu.Lock()
		next++
		n := next
		mu.Unlock()
		r, err := http.NewRequest(http.MethodPost, url+"/api/v1/tenants/acme/entries", strings.NewReader(fixtureEntry(n)))
		if err != nil {
			t.Error(err)
			return false
		}
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		defer a.Body.Close()
		var stored struct{ Entries []struct{ ID string } }
		if json.NewDecoder(a.Body).Decode(&stored) != nil || a.StatusCode != http.StatusCreated {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		acknowledged[stored.Entries[0].ID] = true
		return true
	}
	for range 4 {
		senders.Go(func() {
			for send() { //nolint:revive // until the server ends
			}
		})
	}
	time.Sleep(time.Second)
	end()
	senders.Wait()
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged")
	}
	return acknowledged
}
