package formats

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"oplog/exports"
	"oplog/oplog"
	"oplog/signing"
)

// TenantBundle is the ZIP of a whole tenant.
type TenantBundle struct {
	parts map[string]*zip.File

	KeyChanges []byte // how the log's key was replaced; nil if it never was
}

// ErrNoTenant means that a file is not the ZIP of a whole tenant.
var ErrNoTenant = errors.New("this is not the ZIP of a tenant")

// OpenTenant opens the ZIP of a whole tenant, which has each file once.
func OpenTenant(file io.ReaderAt, size int64) (*TenantBundle, error) {
	z, err := zip.NewReader(file, size)
	if err != nil {
		return nil, ErrNoTenant
	}
	b := &TenantBundle{parts: make(map[string]*zip.File)}
	for _, part := range z.File {
		b.parts[part.Name] = part
	}
	if b.parts[exports.TenantManifestFile] == nil {
		return nil, ErrNoTenant
	}
	if len(b.parts) != len(z.File) {
		return nil, errors.New("the ZIP was modified: it has duplicate files")
	}
	if changes := b.parts[exports.KeyChangesFile]; changes != nil {
		b.KeyChanges, err = readPart(changes)
	}
	return b, err
}

// TenantChecked is what the manifest of a whole tenant proves about its ZIP.
type TenantChecked struct {
	exports.TenantManifest
	Key string // that signed it
}

// Verify checks everything in the ZIP against the manifest and the keys of the log. isLeaf says whether an entry encodes to the bytes of a leaf. Errors
// name what does not match.
func (b *TenantBundle) Verify(keys *signing.Keys, isLeaf func(oplog.Entry, []byte) bool) (TenantChecked, error) {
	c, err := b.openManifest(keys)
	if err != nil {
		return c, err
	}
	for _, f := range c.Files {
		if b.parts[f.Name] == nil {
			return c, fmt.Errorf("%s is missing", f.Name)
		}
	}
	for name := range b.parts {
		if name != exports.TenantManifestFile && !slices.ContainsFunc(c.Files, func(f exports.TenantFile) bool { return f.Name == name }) {
			return c, fmt.Errorf("%q was added: the log did not write it", name)
		}
	}
	logs := map[string]exports.TenantLog{}
	for i, l := range c.Logs {
		if err := checkLog(&c, i, keys); err != nil {
			return c, err
		}
		logs[l.File] = l
	}
	var deletions []oplog.Deletion
	for _, f := range deletionsFirst(c.Files) {
		check := func(io.Reader) error { return nil }
		if l, ok := logs[f.Name]; ok {
			check = (&lineChecker{log: l, isLeaf: isLeaf, deletions: deletions}).check
		} else if f.Name == exports.TenantDeletionsFile {
			check = func(r io.Reader) error { return json.NewDecoder(r).Decode(&deletions) }
		}
		if err := b.checkFile(f, check); err != nil {
			return c, err
		}
	}
	return c, nil
}

// deletionsFirst returns the files with the deletions before the logs, of which they name what is missing.
func deletionsFirst(files []exports.TenantFile) []exports.TenantFile {
	files = slices.Clone(files)
	if at := slices.IndexFunc(files, func(f exports.TenantFile) bool { return f.Name == exports.TenantDeletionsFile }); at > 0 {
		files[0], files[at] = files[at], files[0]
	}
	return files
}

// openManifest verifies the signature of the manifest.
func (b *TenantBundle) openManifest(keys *signing.Keys) (TenantChecked, error) {
	signed, err := readPart(b.parts[exports.TenantManifestFile])
	if err != nil {
		return TenantChecked{}, err
	}
	opened, err := openNote(signed, keys)
	if err != nil {
		return TenantChecked{}, fmt.Errorf("%s is not valid: %w", exports.TenantManifestFile, err)
	}
	c := TenantChecked{Key: opened.Key}
	if c.TenantManifest, err = exports.ParseTenantManifest(opened.Text); err != nil {
		return c, fmt.Errorf("%s is not valid: %w", exports.TenantManifestFile, err)
	}
	if !opened.Until.IsZero() && c.At.After(opened.Until) {
		return c, fmt.Errorf("%s is not valid: it is signed by %s, which was replaced on %s, before the export: the old key was misused", exports.TenantManifestFile, c.Key, opened.Until.Format(time.DateOnly))
	}
	if len(c.Logs) != 2 || c.Logs[0].Log != c.Tenant || c.Logs[1].Log != oplog.TrailName(c.Tenant) {
		return c, fmt.Errorf("%s is not valid: it does not name the two logs of tenant %s", exports.TenantManifestFile, c.Tenant)
	}
	return c, nil
}

// checkLog verifies the checkpoint of a log, and that the manifest has what it says.
func checkLog(c *TenantChecked, i int, keys *signing.Keys) error {
	l := &c.Logs[i]
	opened, err := openNote([]byte(l.Checkpoint), keys)
	if err != nil {
		return fmt.Errorf("the checkpoint of %s is not valid: %w", l.File, err)
	}
	head, err := signing.ParseHead(opened.Text)
	if err != nil || head.Origin != keys.Name()+"/"+l.Log || head.Size != l.Size {
		return fmt.Errorf("the checkpoint of %s is that of another log", l.File)
	}
	if i > 0 { // the key changes in the ZIP are those for the tree of the entries
		return nil
	}
	if err := opened.CheckHead(head); err != nil {
		return fmt.Errorf("the checkpoint of %s is not valid: %w", l.File, err)
	}
	return nil
}

// checkFile compares a file with its digest, after check has read what it wants of it.
func (b *TenantBundle) checkFile(f exports.TenantFile, check func(io.Reader) error) error {
	opened, err := b.parts[f.Name].Open()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, damaged(err))
	}
	defer func() { _ = opened.Close() }() // it is only read
	sum := sha256.New()
	read := bufio.NewReaderSize(io.TeeReader(io.LimitReader(partReader{opened}, f.Size+1), sum), 64<<10)
	found := check(read)
	if _, err := io.Copy(io.Discard, read); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	if found != nil {
		return fmt.Errorf("%s was modified: %w", f.Name, found)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("%s was modified: its SHA-256 is %s, that of the exported file is %s", f.Name, got, f.SHA256)
	}
	return nil
}
