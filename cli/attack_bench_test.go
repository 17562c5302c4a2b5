package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// attackers is the number of hostile connections of a flood.
const attackers = 2000

// floodTime is how long a flood holds its connections.
const floodTime = 8 * time.Second

// flooded is a server that is attacked: a process of its own, so that its memory is not that of the attackers.
type flooded struct {
	b                 *testing.B
	process           *exec.Cmd
	data, address     string
	writeKey, readKey string
	otherKey          string     // reads another tenant
	neighbor          net.Dialer // from another address than the attacker
}

// BenchmarkAttack floods a server with hostile connections, and reports for each flood how much memory the server took at most above idle,
// and how long another client waited for a page meanwhile. OPLOG names the program.
//
// An attacker has a machine of its own, while this one's processors are the server's. So the attacker is a process apart that runs only when the
// server and the other client leave a processor idle. What the kernel does to deliver its packets still takes the server's time, and "writes" tells
// whether the attacker got to all it was to do: one on each connection each second.
func BenchmarkAttack(b *testing.B) {
	if os.Getenv("OPLOG") == "" {
		b.Skip("run make attack, which builds the program")
	}
	f := startFlooded(b)
	f.fill("acme", f.writeKey, 20)
	time.Sleep(2 * time.Second)
	idle := f.memory()
	b.Run("nobody", func(b *testing.B) { // what the machine itself makes others wait
		for range b.N {
			f.flood(b, 0, sends{}, idle)
		}
	})
	for _, flood := range []struct {
		name string
		sends
	}{
		{"idle connections", sends{}},
		{"headers that never end", sends{"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nX: ", " "}},
		{"sign-ins that announce 1 MiB", sends{"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n{", " "}},
		{"batches that announce 16 MiB", sends{"POST /api/v1/tenants/acme/entries HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + f.writeKey +
			"\r\nContent-Type: application/json\r\nContent-Length: 16777216\r\n\r\n{", " "}},
		{"unread live streams", sends{f.get("live"), ""}},
		{"unread summaries", sends{f.get("summary?range=last_90_days"), ""}},
		{"unread pages", sends{f.get("entries?range=last_90_days&limit=200"), ""}},
		{"exports", sends{f.export("csv"), f.export("xlsx")}},
	} {
		b.Run(flood.name, func(b *testing.B) {
			for range b.N {
				f.flood(b, attackers, flood.sends, idle)
			}
		})
	}
}

// sends is what each hostile connection sends: first, and then each second.
type sends struct{ first, again string }

func startFlooded(b *testing.B) *flooded {
	b.Helper()
	f := &flooded{b: b}
	f.neighbor.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}
	f.data = b.TempDir()
	run := func(args ...string) string {
		b.Helper()
		out, err := exec.CommandContext(b.Context(), os.Getenv("OPLOG"), append(args, "--data", f.data)...).Output() //nolint:gosec // the program of make attack
		if err != nil {
			b.Fatalf("%q: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	run("tenant", "add", "acme", "--name", "Acme")
	f.writeKey = run("key", "add", "--tenant", "acme", "--scope", "write", "--name", "crm")
	f.readKey = run("key", "add", "--tenant", "acme", "--scope", "read", "--name", "report")
	run("tenant", "add", "other", "--name", "Other")
	f.otherKey = run("key", "add", "--tenant", "other", "--scope", "read", "--name", "report")
	otherWriteKey := run("key", "add", "--tenant", "other", "--scope", "write", "--name", "crm")
	f.process = exec.CommandContext(b.Context(), os.Getenv("OPLOG"), "serve", "--data", f.data, "--listen", "127.0.0.1:0", "--no-open") //nolint:gosec // as above
	out, err := f.process.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := f.process.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = f.process.Process.Signal(os.Interrupt)
		_ = f.process.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	f.address = strings.TrimPrefix(strings.TrimSpace(line), "listening on http://")
	f.fill("other", otherWriteKey, 1)
	return f
}

// get returns a request for a part of the log with the read key.
func (f *flooded) get(part string) string {
	return "GET /api/v1/tenants/acme/" + part + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + f.readKey + "\r\n\r\n"
}

// export returns a request for an export of the log with the read key.
func (f *flooded) export(format string) string {
	body := `{"range":"last_90_days","format":"` + format + `"}`
	return "POST /api/v1/tenants/acme/exports HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + f.readKey +
		"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// exported returns the bytes of all files of exports, in MiB.
func (f *flooded) exported() float64 {
	var size int64
	err := filepath.WalkDir(filepath.Join(f.data, "exports"), func(_ string, file fs.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return err
		}
		info, err := file.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // some are removed meanwhile
		f.b.Error(err)
	}
	return float64(size) / (1 << 20)
}

// fill records entries of many users with long names, so that summaries and pages are large.
func (f *flooded) fill(tenant, key string, batches int) {
	f.b.Helper()
	const each = 1000
	name := strings.Repeat("长", 100)
	for batch := range batches {
		var body bytes.Buffer
		for i := range each {
			n := batch*each + i
			fmt.Fprintf(&body, `{"user":{"id":"u%d","name":"%s%d"},"module":"sms","operation":"send","content":{"id":"c%d","name":"%s"}}`+"\n", n, name, n, n, name)
		}
		r, err := http.NewRequestWithContext(f.b.Context(), http.MethodPost, "http://"+f.address+"/api/v1/tenants/"+tenant+"/entries", &body)
		if err != nil {
			f.b.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/x-ndjson")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			f.b.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusCreated {
			f.b.Fatal(answer.Status)
		}
	}
}

// memory returns the memory of the server without files, in MiB.
func (f *flooded) memory() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.process.Process.Pid))
	if err != nil {
		f.b.Skip(err) // only Linux has it
	}
	kib, err := strconv.Atoi(string(regexp.MustCompile(`RssAnon:\s+(\d+)`).FindSubmatch(status)[1]))
	if err != nil {
		f.b.Fatal(err)
	}
	return float64(kib) / 1024
}

// flood has an attacker hold hostile connections, measures, and reports. What others wait while the connections are being opened is reported
// separately.
func (f *flooded) flood(b *testing.B, attackers int, s sends, idle float64) {
	b.Helper()
	end := time.Now().Add(floodTime)
	hostile := f.attack(b, attack{Address: f.address, Connections: attackers, First: s.first, Again: s.again, End: end})
	transport := &http.Transport{DialContext: f.neighbor.DialContext, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var waits []time.Duration
	opening, peak, exported, failed := time.Duration(0), 0.0, 0.0, 0
	for time.Now().Before(end) || len(waits) == 0 {
		peak, exported = max(peak, f.memory()), max(exported, f.exported())
		stand := hostile.stand.Load()
		start := time.Now()
		if !f.page(b, client) {
			failed++
		}
		if wait := time.Since(start); stand {
			waits = append(waits, wait)
		} else {
			opening = max(opening, wait)
		}
		time.Sleep(10 * time.Millisecond)
	}
	connected, writes := hostile.result(b)
	slices.Sort(waits)
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(float64(connected), "connections")
	b.ReportMetric(float64(writes), "writes")
	b.ReportMetric(peak-idle, "MiB-over-idle")
	b.ReportMetric(milliseconds(waits[len(waits)/2]), "p50-ms")
	b.ReportMetric(milliseconds(waits[len(waits)*99/100]), "p99-ms")
	b.ReportMetric(milliseconds(waits[len(waits)-1]), "max-ms")
	b.ReportMetric(milliseconds(opening), "opening-max-ms")
	b.ReportMetric(float64(failed), "failed")
	b.ReportMetric(exported, "MiB-exported")
	b.ReportMetric(0, "ns/op")
}

// page reads a page of another tenant from another address, and reports whether it was answered.
func (f *flooded) page(b *testing.B, client *http.Client) bool {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+f.address+"/api/v1/tenants/other/entries?range=last_90_days", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+f.otherKey)
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return err == nil && answer.StatusCode == http.StatusOK
}
