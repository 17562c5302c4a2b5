package crashtest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// wine runs the program for Windows.
type wine struct {
	t       *testing.T
	loader  string
	program string // instead of OPLOG, if there is one
	root    string // the folder of the data, as this system sees it
	holder  string // see holdPipe
}

// folder is in the drive C:. Its name has what paths of Windows often have.
const folder = "操作日志 Operation log"

// processPrng is a DLL of Windows 10 that Go needs and Wine 8 lacks.
const processPrng = `#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }
`

// holdPipe stays, and if a named pipe is given, keeps a connection to it. Windows lets nobody connect to the first instance of a pipe of go-winio, which is
// opened neither for reading nor for writing and only keeps the name; Wine 8 does, and the first command beside a server would wait there for ever.
const holdPipe = `#include <stdio.h>
#include <windows.h>
int main(int count, char **args) {
  if (count > 1 && CreateFileA(args[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL) == INVALID_HANDLE_VALUE) return 1;
  puts("held"); fflush(stdout);
  Sleep(INFINITE);
}
`

// newWine makes a Windows of its own.
func newWine(t *testing.T) *wine {
	t.Helper()
	if os.Getenv("OPLOG_WINE") == "" {
		t.Skip("run by make test-windows")
	}
	if !strings.HasSuffix(os.Getenv("OPLOG"), ".exe") {
		t.Fatal("OPLOG is not the program for Windows")
	}
	loader := "/usr/lib/wine/wine64" // Debian's; its script wine asks for 32 bits as well
	const compiler = "x86_64-w64-mingw32-gcc"
	for _, tool := range []string{loader, compiler} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed, and tools/wine could not install it: the program for Windows was not tried", tool)
		}
	}
	prefix := t.TempDir()
	for name, value := range map[string]string{
		"WINEPREFIX": prefix, "WINEARCH": "win64", "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=;bcryptprimitives=n,b", "LC_ALL": "C.UTF-8", "DISPLAY": "",
	} {
		t.Setenv(name, value)
	}
	w := &wine{t: t, loader: loader, root: filepath.Join(prefix, "drive_c", folder)}
	w.system("wineboot", "--init")
	t.Cleanup(func() { _ = exec.Command("/usr/lib/wine/wineserver64", "--kill").Run() }) // that of this prefix
	if err := os.Mkdir(w.root, 0o700); err != nil {
		t.Fatal(err)
	}
	compile := func(source, to string, with ...string) {
		t.Helper()
		c := exec.Command(compiler, append([]string{"-x", "c", "-", "-o", to}, with...)...)
		c.Stdin = strings.NewReader(source)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	compile(processPrng, filepath.Join(prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll"), "-shared", "-ladvapi32")
	w.holder = filepath.Join(prefix, "hold.exe")
	compile(holdPipe, w.holder)
	w.hold() // the services of Wine end with the last program, and keep the output of the first one open
	return w
}

// system runs a program of Wine.
func (w *wine) system(args ...string) {
	w.t.Helper()
	if out, err := exec.Command(w.loader, args...).CombinedOutput(); err != nil {
		w.t.Fatalf("%q: %v: %s", args, err, out)
	}
}

// path returns the path of a file in the folder, as Windows sees it.
func (w *wine) path(name string) string { return `C:\` + folder + `\` + name }

// run runs a command of the program to its end.
func (w *wine) run(stdin string, args ...string) result {
	w.t.Helper()
	c := command(w.t, []string{w.loader}, args...)
	if w.program != "" {
		c.Args[1] = w.program
	}
	var stdout, stderr bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := c.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		w.t.Fatal(err)
	}
	if stack.MatchString(stderr.String()) {
		w.t.Fatalf("oplog %q ended with a stack: %s", args, last(stderr.String()))
	}
	return result{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// mustRun runs a command that must succeed, and returns its output.
func (w *wine) mustRun(args ...string) string {
	w.t.Helper()
	r := w.run("", args...)
	if r.status != 0 {
		w.t.Fatalf("oplog %q: status %d, %s", args, r.status, r.stderr)
	}
	return r.stdout
}

// start starts the server on a data directory in the folder.
func (w *wine) start(name string) *server {
	w.t.Helper()
	s := begin(w.t, []string{w.loader}, "--data", w.path(name))
	if !s.answers() {
		<-s.ended
		w.t.Fatalf("the program ended: %s", s.stderr)
	}
	pipe, err := os.ReadFile(filepath.Join(w.root, name, "oplog.sock"))
	if err != nil || !strings.HasPrefix(string(pipe), `\\.\pipe\oplog-`) {
		w.t.Fatalf("the name of the pipe is %q, %v", pipe, err)
	}
	w.hold(strings.TrimSpace(string(pipe)))
	return s
}

// hold runs holdPipe until the end of the test.
func (w *wine) hold(args ...string) {
	w.t.Helper()
	hold := exec.Command(w.loader, append([]string{w.holder}, args...)...)
	out, err := hold.StdoutPipe()
	if err == nil {
		err = hold.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = hold.Process.Kill()
		_ = hold.Wait() // it was killed
	})
	if held, err := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(held) != "held" {
		w.t.Fatalf("%q says %q, %v", hold.Args, held, err)
	}
}

// TestWindows does the main job with the program for Windows: it records, finds and exports, commands run beside the server, and the log is stopped,
// killed, verified, backed up and restored.
func TestWindows(t *testing.T) {
	w := newWine(t)
	data := w.path("log")
	w.mustRun("tenant", "add", "acme", "--name", "Acme 公司", "--data-permission", "--data", data)
	if r := w.run(fixturePassword+"\r\n", "account", "add", "admin", "--role", "admin", "--tenant", "acme", "--password-stdin", "--data", data); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	m := made{Entries: fixtureEntries}
	m.WriteKey = strings.TrimSpace(w.mustRun("key", "add", "--tenant", "acme", "--scope", "write", "--name", "crm", "--data", data))
	m.ReadKey = strings.TrimSpace(w.mustRun("key", "add", "--tenant", "acme", "--scope", "read", "--name", "report", "--data", data))
	s := w.start("log")
	m.fill(t, s, w.root)
	u := &upgrade{made: m, t: t, dir: w.root}
	w.checkConsole(s)
	w.checkExports(u, s, data)
	w.checkBeside(u, s, data)
	u.check(s, syscall.SIGINT) // Ctrl-C

	w.checkVerified(data, m.Entries+1)
	s = w.start("log")
	u.call(s, http.StatusCreated, m.WriteKey, http.MethodPost, "tenants/acme/entries", fixtureEntry(m.Entries+1))
	s.end(syscall.SIGKILL)
	w.checkVerified(data, m.Entries+2)
	w.checkRestored(u, data)
}

// checkVerified verifies a log against the checkpoint that was kept.
func (w *wine) checkVerified(data string, entries int) {
	w.t.Helper()
	out := w.mustRun("verify", "--data", data, "--tenant", "acme", "--checkpoint", w.path("checkpoint"))
	if !strings.Contains(out, fmt.Sprintf("tenant acme: intact, %d entries", entries)) {
		w.t.Errorf("verify says %s", out)
	}
}

// checkConsole checks that the console and the manual are served.
func (w *wine) checkConsole(s *server) {
	w.t.Helper()
	for path, want := range map[string]string{"/": "<script", "/docs/": "<h1", "/healthz": "ok"} {
		a, err := http.Get(s.url + path)
		if err != nil {
			w.t.Fatal(err)
		}
		var text bytes.Buffer
		_, err = text.ReadFrom(a.Body)
		_ = a.Body.Close()
		if err != nil || a.StatusCode != http.StatusOK || !strings.Contains(text.String(), want) {
			w.t.Errorf("%s is answered with %d, %v: %.200s", path, a.StatusCode, err, text.String())
		}
	}
}

// checkExports exports in all formats over the API and by the command beside the server, and verifies the files.
func (w *wine) checkExports(u *upgrade, s *server, data string) {
	w.t.Helper()
	key := strings.TrimSpace(w.mustRun("key", "verifier", "--data", data))
	for _, format := range []string{"csv", "xlsx", "ndjson"} {
		var x struct{ ID, Status string }
		answer := u.call(s, http.StatusAccepted, u.ReadKey, http.MethodPost, "tenants/acme/exports", strings.Replace(everything, "ndjson", format, 1))
		for end := time.Now().Add(startTime); x.Status != "done"; time.Sleep(10 * time.Millisecond) {
			if err := json.Unmarshal(answer, &x); err != nil || time.Now().After(end) {
				w.t.Fatalf("an export as %s is %s, %v", format, answer, err)
			}
			answer = u.call(s, http.StatusOK, u.ReadKey, http.MethodGet, "tenants/acme/exports/"+x.ID, "")
		}
		for name, part := range map[string]string{"api." + format: "/file", "api." + format + ".manifest": "/manifest"} {
			content := u.call(s, http.StatusOK, u.ReadKey, http.MethodGet, "tenants/acme/exports/"+x.ID+part, "")
			if err := os.WriteFile(filepath.Join(w.root, name), content, 0o600); err != nil {
				w.t.Fatal(err)
			}
		}
		w.mustRun("export", "--tenant", "acme", "--from", "2026-11-01", "--to", "2026-12-01", "--format", format, "-o", w.path("command."+format), "--data", data)
		for _, name := range []string{"api." + format, "command." + format} {
			w.mustRun("verify-export", w.path(name), "--key", key)
			if rows, err := rowsOf(filepath.Join(w.root, name)); err != nil || rows != u.Entries {
				w.t.Errorf("%s has %d rows, %v", name, rows, err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(w.root, "api.csv"), []byte("Time,User\r\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if r := w.run("", "verify-export", w.path("api.csv"), "--key", key); r.status != 1 {
		w.t.Errorf("a changed export is verified: %+v", r)
	}
}

// rowsOf counts the entries in an exported file.
func rowsOf(path string) (int, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	switch filepath.Ext(path) {
	case ".csv":
		rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
		return len(rows) - 1, err
	case ".xlsx":
		f, err := excelize.OpenReader(bytes.NewReader(content))
		if err != nil {
			return 0, err
		}
		rows, err := f.GetRows(f.GetSheetName(0))
		return len(rows) - 1, errors.Join(err, f.Close())
	default:
		return bytes.Count(content, []byte("\n")), nil
	}
}

// checkBeside runs commands while the server runs, which go through its named pipe, and starts a second server, which is refused.
func (w *wine) checkBeside(u *upgrade, s *server, data string) {
	w.t.Helper()
	if out := w.mustRun("tenant", "list", "--data", data); !regexp.MustCompile(`(?m)^acme +Acme 公司`).MatchString(out) {
		w.t.Errorf("the tenants are %s", out)
	}
	w.mustRun("tenant", "set", "acme", "--name", "Acme", "--data", data)
	if told := w.accessLog(s); !strings.Contains(told, `"via":"socket"`) {
		w.t.Errorf("the access log says %s", told)
	}
	w.mustRun("verify", "--data", data)
	w.mustRun("backup", w.path("beside.backup"), "--data", data)
	w.mustRun("restore", w.path("beside.backup"), "--data", w.path("beside"))
	w.checkVerified(w.path("beside"), u.Entries)
	if r := w.run("", "serve", "--no-open", "--listen", "127.0.0.1:0", "--data", data); r.status != 1 || !strings.Contains(r.stderr, "is in use by the process with pid") {
		w.t.Errorf("a second server: %+v", r)
	}
}

// accessLog signs in as the admin, and returns the newest events.
func (w *wine) accessLog(s *server) string {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	browser := http.Client{Jar: jar}
	call := func(method, path, body string) string {
		w.t.Helper()
		r, err := http.NewRequest(method, s.url+"/api/v1/"+path, strings.NewReader(body))
		if err != nil {
			w.t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", s.url)
		a, err := browser.Do(r)
		if err != nil {
			w.t.Fatal(err)
		}
		defer a.Body.Close()
		text, err := io.ReadAll(a.Body)
		if err != nil || a.StatusCode/100 != 2 {
			w.t.Fatalf("%s is answered with %d, %v: %s", path, a.StatusCode, err, text)
		}
		return string(text)
	}
	call(http.MethodPost, "session", fmt.Sprintf(`{"username":"admin","password":%q}`, fixturePassword))
	return call(http.MethodGet, "tenants/acme/access", "")
}

// checkRestored backs the log up, restores it elsewhere, and serves that.
func (w *wine) checkRestored(u *upgrade, data string) {
	w.t.Helper()
	restored := w.path("restored")
	w.mustRun("backup", w.path("log.backup"), "--data", data)
	w.mustRun("restore", w.path("log.backup"), "--data", restored)
	w.checkVerified(restored, u.Entries+2)
	key, err := os.ReadFile(filepath.Join(w.root, "log", "signing.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(w.root, "restored", "signing.key"), key, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	s := w.start("restored")
	answer := u.call(s, http.StatusOK, u.ReadKey, http.MethodGet, "tenants/acme/summary", "")
	if !strings.Contains(string(answer), fmt.Sprintf(`"total":%d`, u.Entries+2)) {
		w.t.Errorf("the restored log has %s", answer)
	}
	if status := s.end(syscall.SIGINT); status != 0 {
		w.t.Errorf("stopped with status %d: %s", status, s.stderr)
	}
}
