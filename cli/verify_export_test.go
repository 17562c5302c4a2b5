package cli

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// exported creates an export over HTTP and waits for it.
func exported(t *testing.T, c client, body string) (path string) {
	t.Helper()
	return exportedOf(t, c, "demo", body)
}

// exportedOf exports operations of a tenant, and returns the path of the export.
func exportedOf(t *testing.T, c client, tenant, body string) (path string) {
	t.Helper()
	exports := "/api/v1/tenants/" + tenant + "/exports"
	answer, err := c.Post(c.url+exports, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var x struct{ ID, Status string }
	if err := json.NewDecoder(answer.Body).Decode(&x); err != nil {
		t.Fatal(err)
	}
	for x.Status == "running" {
		time.Sleep(2 * time.Millisecond)
		c.get(t, exports+"/"+x.ID, &x)
	}
	if x.Status != "done" {
		t.Fatalf("%+v", x)
	}
	return exports + "/" + x.ID
}

func TestVerifyExport(t *testing.T) {
	p := serve(t, "demo", "--entries", "500")
	c, _ := signIn(t, p.url, "admin", demoPassword)
	x := exported(t, c, `{"range":"last_90_days","format":"csv","filters":{"module":["sms","email"]}}`)
	var key struct{ Key string }
	c.get(t, "/api/v1/key", &key)
	dir := t.TempDir()
	file, manifest := filepath.Join(dir, "log.csv"), filepath.Join(dir, "log.csv.manifest")
	rows, signed := c.text(t, x+"/file"), c.text(t, x+"/manifest")
	write(t, file, rows)
	write(t, manifest, signed)
	p.stop()

	f := func(status int, want string, args ...string) {
		t.Helper()
		r := setting{}.run(t, append([]string{"verify-export"}, args...)...)
		if r.status != status || !strings.Contains(r.stdout+r.stderr, want) || status == exitFailed && (r.stdout != "" || strings.Count(r.stderr, "\n") != 1) {
			t.Errorf("%q: %+v; want %d, %s", args, r, status, want)
		}
	}
	n := strings.Count(rows, "\r\n") - 1
	f(exitDone, fmt.Sprintf("it contains %d operations of tenant demo", n), file, "--key", key.Key)
	f(exitDone, `{"module":["sms","email"]}`, file, "--manifest", manifest, "--key", key.Key)
	f(exitUsage, "--key", file)
	f(exitFailed, "is not a verifier key", file, "--key", "oplog")
	f(exitFailed, "cannot read the manifest", file, "--manifest", filepath.Join(dir, "none"), "--key", key.Key)
	f(exitFailed, "cannot read the export", filepath.Join(dir, "none"), "--manifest", manifest, "--key", key.Key)
	write(t, file, strings.Replace(rows, "a", "b", 1))
	f(exitFailed, "the file was modified", file, "--key", key.Key)
	f(exitFailed, "the file is longer than the", "/dev/zero", "--manifest", manifest, "--key", key.Key)
	f(exitFailed, "too large", file, "--manifest", "/dev/zero", "--key", key.Key)
	write(t, file, rows[:len(rows)-9])
	f(exitFailed, "it was truncated", file, "--key", key.Key)
	write(t, file, rows)
	write(t, manifest, strings.Replace(signed, fmt.Sprintf("rows: %d", n), fmt.Sprintf("rows: %d", n+1), 1))
	f(exitFailed, "its signature does not match its text", file, "--key", key.Key)
}

// TestVerifyExportBundle: the console's ZIP is accepted as it is; a modified or unrelated ZIP is rejected with the reason.
func TestVerifyExportBundle(t *testing.T) {
	p := serve(t, "demo", "--entries", "500")
	c, _ := signIn(t, p.url, "admin", demoPassword)
	workbook := c.text(t, exported(t, c, `{"range":"last_30_days","format":"xlsx"}`)+"/bundle")
	x := exported(t, c, `{"range":"last_90_days","format":"csv"}`)
	bundle, rows := c.text(t, x+"/bundle"), c.text(t, x+"/file")
	var key struct{ Key string }
	c.get(t, "/api/v1/key", &key)
	p.stop()

	file := filepath.Join(t.TempDir(), "log.zip")
	f := func(status int, want, content string) {
		t.Helper()
		write(t, file, content)
		r := setting{}.run(t, "verify-export", file, "--key", key.Key)
		if r.status != status || !strings.Contains(r.stdout+r.stderr, want) || status == exitFailed && (r.stdout != "" || strings.Count(r.stderr, "\n") != 1) {
			t.Errorf("%+v; want %d, %s", r, status, want)
		}
	}
	f(exitDone, ".csv, in log.zip, is byte for byte the file that the log exported", bundle)
	f(exitDone, ".xlsx, in log.zip, is byte for byte the file that the log exported", workbook)
	f(exitFailed, "not the ZIP of an export", bundle[:len(bundle)-30])
	f(exitFailed, "not the ZIP of an export", rows)
	f(exitFailed, "the ZIP was modified or is damaged", bundle[:200]+string(bundle[200]^1)+bundle[201:])

	changed := func(change func(name, text string) (string, string)) string {
		t.Helper()
		return zipChanged(t, bundle, change)
	}
	f(exitDone, "TRUE", changed(func(name, text string) (string, string) { return name, text }))
	f(exitFailed, "the file was modified", changed(func(name, text string) (string, string) {
		if strings.HasSuffix(name, ".csv") {
			text = strings.Replace(text, "a", "b", 1)
		}
		return name, text
	}))
	f(exitFailed, "its signature does not match its text", changed(func(name, text string) (string, string) {
		if strings.HasSuffix(name, ".manifest") {
			text = strings.Replace(text, "rows: ", "rows: 1", 1)
		}
		return name, text
	}))
	f(exitFailed, `"xl/workbook.xml" is not part of the export`, changed(func(name, text string) (string, string) {
		if name == "verifier-key.txt" {
			name = "xl/workbook.xml"
		}
		return name, text
	}))
	other, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "log.xlsx") // a workbook that contains an export is not accepted as one
	f(exitFailed, "is not part of the export", string(other))
}

// zipChanged returns a ZIP with its parts changed, each to a name and a text.
func zipChanged(t *testing.T, archive string, change func(name, text string) (string, string)) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, part := range z.File {
		opened, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(opened)
		if err != nil {
			t.Fatal(err)
		}
		name, changed := change(part.Name, string(text))
		to, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(to, changed); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
