package node_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"oplog/exports"
	"oplog/exports/formats"
	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/signing"
	"oplog/storage"
	"oplog/trail"
	"oplog/views"
)

// part is a file of a ZIP.
type part struct {
	name string
	data []byte
}

func unpack(t testing.TB, file []byte) (parts []part) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		opened, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(opened)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{f.Name, data})
	}
	return parts
}

func pack(t testing.TB, parts []part) []byte {
	t.Helper()
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err == nil {
			_, err = w.Write(p.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// verified checks a ZIP with the key of a log.
func verified(file []byte, key string) (formats.TenantChecked, error) {
	keys, err := signing.Follow(key, nil)
	if err != nil {
		return formats.TenantChecked{}, err
	}
	b, err := formats.OpenTenant(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return formats.TenantChecked{}, err
	}
	return b.Verify(keys, storage.IsLeaf)
}

// exportOf exports a tenant; during, if it is not nil, is called once in the middle.
func exportOf(l *nodetest.Log, tenant string, during func()) []byte {
	l.T.Helper()
	var file bytes.Buffer
	w := &hookedWriter{w: &file, hook: during}
	l.Must(l.ExportTenant(l.T.Context(), tenant, "account ann", w, nil))
	if w.hook != nil {
		l.T.Error("nothing happened in the middle")
	}
	return file.Bytes()
}

type hookedWriter struct {
	w    io.Writer
	hook func()
}

func (h *hookedWriter) Write(p []byte) (int, error) {
	if hook := h.hook; hook != nil {
		h.hook = nil
		hook()
	}
	return h.w.Write(p)
}

// newLeaving returns a log in which acme has people, keys, views and entries, of which retention deleted some: those of days in the middle, too.
func newLeaving(t *testing.T) *nodetest.Log {
	t.Helper()
	l := nodetest.New(t)
	ann := identity.Account{Username: "ann", Role: identity.RoleAdmin, Tenant: "acme", PasswordHash: "$argon2id$secret"}
	l.Must(l.Identity.AddAccount(ann, nil))
	for _, scope := range []identity.KeyScope{identity.ScopeWrite, identity.ScopeLaunch} {
		_, _, err := l.Identity.AddKey("acme", scope, "crm")
		l.Must(nil, err)
	}
	l.Must(l.Views.Add(views.View{Tenant: "acme", Name: "Mine", Query: "q=x"}, ann))
	for _, days := range []int{1, 40, 2, 50, 3} {
		var entries []oplog.Entry
		for i := range 130 {
			e := nodetest.Entry(fmt.Sprintf("c%d-%d", days, i), days*24*60+i)
			e.Details = json.RawMessage(`{"n":1.50,"s":"<\u2028>"}`)
			entries = append(entries, e)
		}
		l.Record("acme", entries...)
	}
	for i := range 8 {
		l.Trail.Add(trail.Event{Tenant: "acme", User: trail.CommandUser, Module: "log", Operation: "search", Details: map[string]any{"n": i}})
	}
	l.Trail.Flush()
	l.Must(l.Directory.ChangeTenant("acme", func(t *oplog.Tenant) {
		days := 30
		t.TimeZone = "UTC"
		t.Retain(&days, new(true), "owner", l.Clock.Now())
	}))
	return l
}

// TestExportTenant: the ZIP of a tenant has everything of it, by which it can be checked, and no secret. What retention deletes meanwhile is missing and
// named; what is recorded meanwhile is not in it.
func TestExportTenant(t *testing.T) {
	l := newLeaving(t)
	file := exportOf(l, "acme", nil)
	x, err := verified(file, l.Prover.VerifierKey())
	if err != nil || x.Logs[0].Size != 650 || x.Logs[0].Deleted != 0 || x.By != "account ann" || x.Name != "Acme" {
		t.Fatalf("%+v %v", x, err)
	}
	l.Must(nil, l.Journal.Retain(t.Context()))
	file = exportOf(l, "acme", func() { l.Record("acme", nodetest.Entry("later", 1)) })
	x, err = verified(file, l.Prover.VerifierKey())
	if err != nil || x.Logs[0].Size != 650 || x.Logs[0].Deleted != 260 || x.Logs[1].Size == 0 {
		t.Fatalf("%+v %v", x, err)
	}
	var names []string
	for _, p := range unpack(t, file) {
		names = append(names, p.name)
		for _, secret := range []string{"argon2id", `"hash"`, `"secret"`, "oplog_launch_" + strings.Repeat("x", 9)} {
			if bytes.Contains(p.data, []byte(secret)) {
				t.Errorf("%s has %s", p.name, secret)
			}
		}
	}
	if want := "entries.ndjson access.ndjson tenant.json organizations.json catalog.json accounts.json keys.json views.json holds.json deletions.json verifier-key.txt README.txt 说明.txt manifest.txt"; strings.Join(names, " ") != want {
		t.Errorf("it has %q", names)
	}
	if _, err := verified(exportOf(l, "plain", nil), l.Prover.VerifierKey()); err != nil {
		t.Errorf("an empty tenant: %v", err)
	}
}

// TestExportTenantWhileRetentionDeletes: days that are closed in the middle are named by deletions.json, which is written after the entries.
func TestExportTenantWhileRetentionDeletes(t *testing.T) {
	l := newLeaving(t)
	file := exportOf(l, "acme", func() { l.Must(nil, l.Journal.Retain(t.Context())) })
	if x, err := verified(file, l.Prover.VerifierKey()); err != nil || x.Logs[0].Size != 650 {
		t.Fatalf("%+v %v", x, err)
	}
}

// tampered is the ZIP of a tenant, of which tests change copies.
type tampered struct {
	*nodetest.Log
	parts []part
}

// at returns the number of a file.
func (z *tampered) at(name string) int {
	return slices.IndexFunc(z.parts, func(p part) bool { return p.name == name })
}

// finds checks that a changed copy is found, and how that is said.
func (z *tampered) finds(what, want string, change func(parts []part) []part) {
	z.T.Helper()
	changed := slices.Clone(z.parts)
	for i := range changed {
		changed[i].data = slices.Clone(changed[i].data)
	}
	if _, err := verified(pack(z.T, change(changed)), z.Prover.VerifierKey()); err == nil || !strings.Contains(err.Error(), want) {
		z.T.Errorf("%s: %v, want %q", what, err, want)
	}
}

// TestTamperedExportOfATenant: whatever is changed in the ZIP is found, and named.
func TestTamperedExportOfATenant(t *testing.T) {
	l := newLeaving(t)
	l.Must(nil, l.Journal.Retain(t.Context()))
	z := &tampered{l, unpack(t, exportOf(l, "acme", nil))}
	if _, err := verified(pack(t, z.parts), l.Prover.VerifierKey()); err != nil {
		t.Fatal(err)
	}
	for i, p := range z.parts {
		z.finds("a byte of "+p.name, p.name, func(parts []part) []part {
			parts[i].data[len(parts[i].data)/2] ^= 1
			return parts
		})
		want := p.name + " is missing"
		if p.name == exports.TenantManifestFile {
			want = formats.ErrNoTenant.Error()
		}
		z.finds("without "+p.name, want, func(parts []part) []part { return slices.Delete(parts, i, i+1) })
		z.finds("twice "+p.name, "duplicate", func(parts []part) []part { return append(parts, parts[i]) })
	}
	z.finds("with another file", `"more.txt" was added`, func(parts []part) []part { return append(parts, part{"more.txt", nil}) })
	z.finds("without deletions", "deletions.json", func(parts []part) []part {
		parts[z.at("deletions.json")].data = []byte("[]\n")
		return parts
	})
	z.findsLines("entries.ndjson")
	z.findsLines("access.ndjson")
	other := nodetest.New(t)
	if _, err := verified(pack(t, z.parts), other.Prover.VerifierKey()); err == nil || !strings.Contains(err.Error(), "signed by another key") {
		t.Errorf("another key: %v", err)
	}
}

// findsLines checks that changed lines of a log are found. The first lines have entries.
func (z *tampered) findsLines(log string) {
	z.T.Helper()
	lines := func(change func(lines [][]byte) [][]byte) func([]part) []part {
		return func(parts []part) []part {
			of := &parts[z.at(log)]
			of.data = bytes.Join(change(bytes.SplitAfter(of.data, []byte("\n"))), nil)
			return parts
		}
	}
	replaced := func(old, new string) func([]part) []part {
		return lines(func(lines [][]byte) [][]byte {
			lines[4] = bytes.Replace(lines[4], []byte(old), []byte(new), 1)
			return lines
		})
	}
	was := log + " was modified: "
	z.finds("a user", was+"seq 5 was changed: the fields", replaced(`"user":{"id":"`, `"user":{"id":"x`))
	z.finds("a leaf", was+"seq 5 was changed: its leaf", lines(func(lines [][]byte) [][]byte {
		at := bytes.Index(lines[4], []byte(`"leaf":"`)) + 20
		lines[4][at] = "AB"[lines[4][at]&1] // another digit
		return lines
	}))
	z.finds("no line", was+"seq 5 is missing", lines(func(lines [][]byte) [][]byte { return slices.Delete(lines, 4, 5) }))
	z.finds("no end", was+"it ends with seq", lines(func(lines [][]byte) [][]byte { return lines[:len(lines)-2] }))
	z.finds("other order", was+"seq 3 is missing", lines(func(lines [][]byte) [][]byte {
		lines[2], lines[3] = lines[3], lines[2]
		return lines
	}))
	z.finds("said to be deleted", "which no deletion in deletions.json names", lines(func(lines [][]byte) [][]byte {
		var line exports.TenantLine
		z.Must(nil, json.Unmarshal(lines[4], &line))
		line.Deleted, line.Time, line.Leaf, line.Entry = true, line.Entry.Time, nil, nil
		data, err := json.Marshal(line)
		z.Must(nil, err)
		lines[4] = append(data, '\n')
		return lines
	}))
}

// TestAnyByteOfATenantsExportCounts: no byte of a file can change unnoticed.
func TestAnyByteOfATenantsExportCounts(t *testing.T) {
	l := nodetest.New(t)
	l.Record("acme", nodetest.Entry("a", 1), nodetest.Entry("b", 2))
	l.Trail.Add(trail.Event{Tenant: "acme", User: trail.CommandUser, Module: "log", Operation: "search"})
	key := l.Prover.VerifierKey()
	parts := unpack(t, exportOf(l, "acme", nil))
	rapid.Check(t, func(r *rapid.T) {
		changed := slices.Clone(parts)
		of := rapid.IntRange(0, len(changed)-1).Draw(r, "file")
		data := slices.Clone(changed[of].data)
		where := rapid.IntRange(0, len(data)-1).Draw(r, "byte")
		data[where] ^= byte(1 << rapid.IntRange(0, 7).Draw(r, "bit"))
		changed[of].data = data
		if x, err := verified(pack(t, changed), key); err == nil {
			r.Fatalf("byte %d of %s was changed, and it is taken for true: %+v", where, changed[of].name, x)
		}
	})
}
