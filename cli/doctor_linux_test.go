package cli

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"oplog/doctor"
)

// TestDoctorBesideASilentServer: a server that accepts connections but does not answer is waited for so long, and then told.
func TestDoctorBesideASilentServer(t *testing.T) {
	data, s := private(t)
	ln, err := net.Listen("unix", filepath.Join(data, "oplog.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	m, stdout, stderr := s.main()
	m.answerTime = 100 * time.Millisecond
	if m.Run(t.Context(), []string{"doctor", "--json", "--listen", "127.0.0.1:0"}) != exitDone || stderr.String() != "" {
		t.Error(stderr)
	}
	var got checkup
	if err := json.Unmarshal([]byte(stdout.String()), &got); err != nil {
		t.Fatal(err)
	}
	if f := got.Findings[0]; f.Code != "server-unreachable" || !strings.HasSuffix(f.Fact, ": it accepts connections, but has not answered for 100ms") || len(got.Findings) < 10 {
		t.Errorf("%+v", got)
	}
}

// TestDoctorOfAnotherUser: whether a server runs on a directory that this user may not enter is not known, and nothing is said about its port.
func TestDoctorOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root")
	}
	data, _ := private(t)
	if err := os.Chmod(filepath.Dir(data), 0o755); err != nil { //nolint:gosec // a directory
		t.Fatal(err)
	}
	server := serve(t, "serve", "--data", data)
	const nobody = 65534
	c := process(t, "doctor", "--json", "--data", data, "--listen", strings.TrimPrefix(server.url, "http://"))
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	c.Dir = "/"
	out, _ := c.Output() // there are errors
	var got checkup
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	codes := map[string]doctor.Finding{}
	for _, f := range got.Findings {
		codes[f.Code] = f
		if f.Check == "port" {
			t.Errorf("%+v", f)
		}
	}
	want := "A server may run on " + data + "; its log could not be checked: nobody may not enter that directory"
	if f := codes["server-unreachable"]; f.Fact != want || codes["server-stopped"].Code != "" || codes["rights-forbidden"].Code == "" {
		t.Errorf("%s", out)
	}
}
