package server

import (
	"archive/zip"
	"fmt"
	"io"
	"strings"
	"testing"

	"oplog/exports/formats"
	"oplog/oplog"
	"oplog/signing"
)

// bundle downloads the ZIP of an export, and returns its reader and its files by name.
func (f *fixture) bundle(caller string, x exportBody) (r reply, z *zip.Reader, files map[string]string) {
	f.Helper()
	r = f.send(caller, "GET", exportsPath+"/"+x.ID+"/bundle", "")
	if r.status != 200 {
		f.Fatalf("bundle: %d %s", r.status, r.body)
	}
	z, err := zip.NewReader(strings.NewReader(r.body), int64(len(r.body)))
	f.noError(err)
	files = make(map[string]string)
	for _, part := range z.File {
		opened, err := part.Open()
		f.noError(err)
		text, err := io.ReadAll(opened)
		f.noError(err)
		files[part.Name] = string(text)
	}
	return r, z, files
}

// TestExportBundle: one download contains everything needed to verify an export, and each file in it equals the one served separately.
func TestExportBundle(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	key := f.log.Journal.VerifierKey()
	for _, format := range []string{"csv", "xlsx", "ndjson"} {
		x := f.export("admin", `{"range":"last_7_days","format":"`+format+`"}`)
		r, z, files := f.bundle("auditor", x)
		name := strings.TrimSuffix(x.FileName, format) + "zip"
		if h := r.header; h.Get("Content-Type") != "application/zip" || h.Get("Content-Disposition") != fmt.Sprintf(`attachment; filename="%s"`, name) || h.Get("Content-Encoding") != "" {
			t.Errorf("headers %v", h)
		}
		for name, path := range map[string]string{x.FileName: "/file", x.FileName + ".manifest": "/manifest"} {
			if alone := f.get("auditor", exportsPath+"/"+x.ID+path, 200); files[name] != alone || alone == "" {
				t.Errorf("%s: %q in the ZIP, %q alone", name, files[name], alone)
			}
		}
		if len(z.File) != 4 || files["verifier-key.txt"] != key+"\n" || z.File[0].Name != x.FileName {
			t.Errorf("files %v", files)
		}
		page := files["HOW-TO-CHECK.txt"]
		for _, line := range []string{
			"  oplog verify-export " + name + " --key " + key, "  oplog verify-export " + x.FileName + " --key " + key,
			"The key in this ZIP proves nothing by itself", fmt.Sprintf("%d operations of tenant acme", x.RowsTotal), "sha256sum " + x.FileName,
		} {
			if !strings.Contains(page, line) {
				t.Errorf("the page does not say %q:\n%s", line, page)
			}
		}
		if strings.ContainsAny(page, "{}") || strings.Count(page, "\n") != strings.Count(page, "\r\n") {
			t.Errorf("the page is not filled in:\n%q", page)
		}
		if stored := z.File[0].Method == zip.Store; stored != (format == "xlsx") {
			t.Errorf("%s is stored as it is: %v", format, stored)
		}
		if opened, err := formats.OpenBundle(strings.NewReader(r.body), int64(len(r.body))); err != nil || opened.Name != x.FileName {
			t.Errorf("verify-export does not take it: %+v, %v", opened, err)
		} else if keys, err := signing.Follow(key, nil); err != nil {
			t.Error(err)
		} else if c, err := formats.Verify(opened.File, opened.Manifest, keys); err != nil || c.Rows != x.RowsTotal {
			t.Errorf("%+v, %v", c, err)
		}
		if head := f.send("auditor", "HEAD", exportsPath+"/"+x.ID+"/bundle", ""); head.status != 200 || head.body != "" || head.header.Get("Content-Type") != "application/zip" {
			t.Errorf("HEAD: %+v", head)
		}
	}
}

// TestExportBundleLanguage: the page is in the account's language, and its file name is marked as UTF-8.
func TestExportBundleLanguage(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	x := f.export("admin", `{"range":"last_7_days","format":"csv"}`)
	f.change("auditor", "PATCH", "/api/v1/session", `{"locale":"zh-CN"}`, 200)
	_, z, files := f.bundle("auditor", x)
	page := files["如何验证.txt"]
	if !strings.Contains(page, "此 ZIP 中的公钥本身不能证明任何事") || !strings.Contains(page, "oplog verify-export "+x.FileName+" --key "+f.log.Journal.VerifierKey()) || strings.ContainsAny(page, "{}") {
		t.Errorf("%v", files)
	}
	const utf8Flag = 1 << 11
	for _, part := range z.File {
		if part.NonUTF8 || part.Name == "如何验证.txt" && part.Flags&utf8Flag == 0 {
			t.Errorf("%s: flags %x", part.Name, part.Flags)
		}
	}
	if _, _, english := f.bundle("admin", x); english["HOW-TO-CHECK.txt"] == "" {
		t.Errorf("%v", english)
	}
}

// TestExportBundleScope: the ZIP is available to those who may get the file, and each download is in the access log.
func TestExportBundleScope(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	whole := f.export("admin", `{"range":"last_90_days","format":"csv"}`)
	part := f.export("scoped", `{"range":"last_90_days","format":"csv"}`)
	f.get("scoped", exportsPath+"/"+whole.ID+"/bundle", 404)
	if _, _, files := f.bundle("scoped", part); strings.Count(files[part.FileName], "\r\n") != 8 {
		t.Errorf("%v", files)
	}
	f.bundle("scoped", part) // downloaded again
	f.get("scoped", exportsPath+"/"+part.ID+"/manifest", 200)
	f.send("scoped", "GET", exportsPath+"/"+part.ID+"/file", "", "Range", "bytes=5-9")
	f.asProblem(f.send("owner", "GET", "/api/v1/tenants/other/exports/"+whole.ID+"/bundle", ""), 404)
	f.asProblem(f.send("member", "GET", exportsPath+"/"+whole.ID+"/bundle", ""), 403)
	told := 0
	for _, e := range decode[oplog.Page](t, f.get("admin", tenantA+"/access?operation=export.download", 200)).Entries {
		if e.Content.ID == part.ID && e.User.ID == "scoped" {
			told++
		}
	}
	if told != 2 {
		t.Errorf("two downloads, one with its manifest and a part, are told %d times", told)
	}
	f.send("scoped", "DELETE", exportsPath+"/"+part.ID, "")
	f.get("scoped", exportsPath+"/"+part.ID+"/bundle", 404)
}
