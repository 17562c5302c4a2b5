package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSBOM: it names everything that the program lists itself, with versions, licenses and package URLs.
func TestSBOM(t *testing.T) {
	r := mustBuild(t)
	text, err := os.ReadFile(filepath.Join(r.out, r.name(here)+".cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var b bom
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(b.SerialNumber) {
		t.Errorf("its serial number is %s", b.SerialNumber)
	}
	if m := b.Metadata; m.Timestamp != "2026-11-05T07:30:00Z" || m.Component.Version != "1.2.3" || len(m.Component.Hashes) != 1 {
		t.Errorf("%+v", m)
	}
	refs, names := map[string]bool{}, map[string]string{}
	for _, c := range b.Components {
		if refs[c.Ref] {
			t.Errorf("%s is there twice", c.Ref)
		}
		refs[c.Ref], names[c.Name] = true, c.PURL
		if len(c.Licenses) != 1 || c.Type == "library" && (c.Version == "" || !strings.HasPrefix(c.PURL, "pkg:")) {
			t.Errorf("%+v", c)
		}
	}
	for _, ref := range b.Dependencies[0].DependsOn {
		if !refs[ref] {
			t.Errorf("it depends on %s, which is not a component", ref)
		}
	}
	for name, purl := range map[string]string{
		"go.etcd.io/bbolt": "pkg:golang/go.etcd.io/bbolt@v1", "github.com/RoaringBitmap/roaring/v2": "pkg:golang/github.com/roaringbitmap/roaring/v2@v2",
		"@base-ui/react": "pkg:npm/%40base-ui/react@", "Go standard library": "pkg:golang/std@1.",
	} {
		if !strings.HasPrefix(names[name], purl) {
			t.Errorf("%s is %q, want %s…", name, names[name], purl)
		}
	}
}
