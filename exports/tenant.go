package exports

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"oplog/oplog"
)

// A whole tenant is exported as a ZIP that can be checked without the log: its entries and its access log by arrival, each with its leaf in the
// Merkle tree, the signed heads of both trees, what is set up, and a signed list of the digests of all that.

// TenantManifest lists what the ZIP of a whole tenant holds. Its signed text is in the ZIP, too.
type TenantManifest struct {
	Tenant string       `json:"tenant"`
	Name   string       `json:"name"`
	By     string       `json:"by"`
	At     time.Time    `json:"at"` // when the export started
	Logs   []TenantLog  `json:"logs"`
	Files  []TenantFile `json:"files"` // all but the manifest itself
}

// TenantLog is a log of the tenant: its entries, or its access log.
type TenantLog struct {
	File       string `json:"file"` // a line per entry by arrival, each a [TenantLine]
	Checkpoint string `json:"checkpoint"`
	Size       uint64 `json:"size"`    // leaves of the tree, deleted entries included
	Deleted    uint64 `json:"deleted"` // of them, under the retention rule
	Log        string `json:"log"`     // its name in the store
}

// TenantFile is a file of the ZIP.
type TenantFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// TenantLine is an entry with its leaf. One that was deleted under the retention rule has its leaf hash and its time.
type TenantLine struct {
	Seq      uint64       `json:"seq"`
	LeafHash []byte       `json:"leaf_hash"` // RFC 6962: the SHA-256 of a zero byte and the leaf
	Leaf     []byte       `json:"leaf,omitempty"`
	Entry    *oplog.Entry `json:"entry,omitempty"`
	Deleted  bool         `json:"deleted,omitempty"`
	Time     time.Time    `json:"time,omitzero"` // of a deleted one
}

// Names of files in the ZIP of a tenant.
const (
	TenantManifestFile  = "manifest.txt"
	TenantDeletionsFile = "deletions.json" // [oplog.Deletion] of both logs
	tenantManifestTitle = "oplog tenant export manifest v1"
)

// Text returns the text to sign.
func (m *TenantManifest) Text() (string, error) { return manifestText(tenantManifestTitle, m) }

// ParseTenantManifest parses the text of a manifest whose signature has been verified.
func ParseTenantManifest(text string) (TenantManifest, error) {
	var m TenantManifest
	err := parseManifest(tenantManifestTitle, text, &m)
	return m, err
}

// TenantExport is what a tenant's ZIP is made of.
type TenantExport struct {
	Tenant oplog.Tenant
	By     string
	Encode func(*oplog.Entry) ([]byte, error) // the bytes of an entry's leaf
	Parts  []TenantPart
	Done   func(entries, of uint64) // called now and then; nil for nobody
}

// TenantPart is a file with what is set up, as JSON.
type TenantPart struct {
	Name string
	Read func() (any, error)
}

//go:embed check/tenant.en.txt
var tenantPageEN string

//go:embed check/tenant.zh-CN.txt
var tenantPageZH string

// WriteTenant writes the ZIP of a whole tenant. Its trees are those of the start. What is set up is read at the end, so that the deletions among it
// name everything that is missing.
func (s *Exports) WriteTenant(ctx context.Context, x TenantExport, w io.Writer) (TenantManifest, error) {
	z := &tenantZIP{
		z: zip.NewWriter(w), m: TenantManifest{Tenant: x.Tenant.ID, Name: x.Tenant.Name, By: x.By, At: s.now().UTC().Truncate(time.Second)},
	}
	err := s.addLogs(ctx, z, x)
	for _, part := range x.Parts {
		if err == nil {
			err = z.addJSON(part.Name, part.Read)
		}
	}
	if err == nil {
		err = s.addChecks(z, x)
	}
	if err == nil {
		err = z.z.Close()
	}
	if err != nil {
		return z.m, fmt.Errorf("export tenant %s: %w", x.Tenant.ID, err)
	}
	return z.m, nil
}

// addLogs adds the entries and the access log, up to their checkpoints.
func (s *Exports) addLogs(ctx context.Context, z *tenantZIP, x TenantExport) error {
	z.m.Logs = []TenantLog{{File: "entries.ndjson", Log: x.Tenant.ID}, {File: "access.ndjson", Log: oplog.TrailName(x.Tenant.ID)}}
	var total uint64
	for i := range z.m.Logs {
		l := &z.m.Logs[i]
		var err error
		if l.Checkpoint, err = s.store.Checkpoint(l.Log); err != nil {
			return err
		}
		if l.Size, err = sizeIn(l.Checkpoint); err != nil {
			return err
		}
		total += l.Size
	}
	var before uint64
	for i := range z.m.Logs {
		l := &z.m.Logs[i]
		err := z.add(l.File, func(out io.Writer) error {
			lines := &lineWriter{ctx: ctx, store: s.store, log: l, encode: x.Encode, out: json.NewEncoder(out), next: 1}
			lines.out.SetEscapeHTML(false)
			if x.Done != nil {
				lines.done = func(n uint64) { x.Done(before+n, total) }
			}
			return lines.writeAll()
		})
		if err != nil {
			return err
		}
		before += l.Size
	}
	return nil
}

// sizeIn returns the number of leaves in a checkpoint, whose second line it is.
func sizeIn(checkpoint string) (uint64, error) {
	lines := strings.SplitN(checkpoint, "\n", 3)
	if len(lines) < 3 {
		return 0, fmt.Errorf("the checkpoint %q has no size", checkpoint)
	}
	return strconv.ParseUint(lines[1], 10, 64)
}

// addChecks adds what the ZIP is checked with: the key, how to check it, and last the signed manifest.
func (s *Exports) addChecks(z *tenantZIP, x TenantExport) error {
	history, err := s.store.KeyHistory(x.Tenant.ID)
	if err == nil {
		err = z.addText(bundleKey, history.Key+"\n")
	}
	if err == nil && len(history.Changes) > 0 {
		err = z.addJSON(KeyChangesFile, func() (any, error) { return history, nil })
	}
	texts := strings.NewReplacer(
		"{tenant}", x.Tenant.ID, "{key}", history.Key, "{entries}", strconv.FormatUint(z.m.Logs[0].Size, 10), "{deleted}", strconv.FormatUint(z.m.Logs[0].Deleted, 10),
		"{at}", z.m.At.Format(time.RFC3339), "\n", "\r\n",
	)
	for _, page := range []bundleText{{"README.txt", tenantPageEN}, {"说明.txt", tenantPageZH}} {
		if err == nil {
			err = z.addText(page.name, "\ufeff"+texts.Replace(page.text)) // Windows editors detect UTF-8 by the byte order mark
		}
	}
	if err != nil {
		return err
	}
	text, err := z.m.Text()
	if err != nil {
		return err
	}
	signed, err := s.store.Sign(text)
	if err != nil {
		return err
	}
	return z.addText(TenantManifestFile, signed)
}

// tenantZIP writes the files of a ZIP, and lists them in the manifest.
type tenantZIP struct {
	z *zip.Writer
	m TenantManifest
}

func (z *tenantZIP) add(name string, fill func(io.Writer) error) error {
	part, err := z.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: z.m.At})
	if err != nil {
		return err
	}
	sum, counted := sha256.New(), &countingWriter{}
	out := bufio.NewWriterSize(io.MultiWriter(part, sum, counted), 64<<10)
	if err := fill(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	z.m.Files = append(z.m.Files, TenantFile{name, hex.EncodeToString(sum.Sum(nil)), counted.n})
	return nil
}

func (z *tenantZIP) addText(name, text string) error {
	return z.add(name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

func (z *tenantZIP) addJSON(name string, read func() (any, error)) error {
	value, err := read()
	if err != nil {
		return err
	}
	return z.add(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(value)
	})
}

type countingWriter struct{ n int64 }

func (c *countingWriter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
