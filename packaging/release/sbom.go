package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"oplog/packaging/licenses"
)

// bom is an SBOM in CycloneDX 1.6.
type bom struct {
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	SerialNumber string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type       string          `json:"type"`
	Ref        string          `json:"bom-ref"`
	Name       string          `json:"name"`
	Version    string          `json:"version,omitempty"`
	PURL       string          `json:"purl,omitempty"`
	Hashes     []componentHash `json:"hashes,omitempty"`
	Licenses   []licenseChoice `json:"licenses"`
	Properties []property      `json:"properties,omitempty"`
}

type componentHash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// licenseChoice has one of both.
type licenseChoice struct {
	License    *license `json:"license,omitempty"`
	Expression string   `json:"expression,omitempty"`
}

type license struct {
	ID string `json:"id"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// sbom describes what a program was built of: the Go modules that the program itself lists, and the console's packages.
func (r *release) sbom(t target, program string, list licenses.List) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	sum, err := hash(program)
	if err != nil {
		return nil, err
	}
	built := map[string]string{}
	for _, module := range info.Deps {
		built[module.Path] = module.Version
	}
	b := bom{Format: "CycloneDX", SpecVersion: "1.6", Version: 1, SerialNumber: serialNumber(sum)}
	b.Metadata.Timestamp = r.time.Format(time.RFC3339)
	var refs []string
	for _, d := range list.Dependencies {
		c := describeComponent(d)
		switch version, has := built[d.Name]; {
		case d.Kind == licenses.Self:
			c.Type, c.Ref, c.Version = "application", "oplog", r.version
			c.Hashes = []componentHash{{"SHA-256", sum}}
			c.Properties = []property{{"oplog:commit", r.commit}, {"oplog:platform", t.String()}}
			b.Metadata.Component = c
			continue
		case d.Kind == licenses.Standard:
			c.Version = strings.TrimPrefix(info.GoVersion, "go")
			c.PURL = "pkg:golang/std@" + c.Version
			c.Ref = c.PURL
		case d.Kind == licenses.Go && !has:
			continue // another platform's
		case d.Kind == licenses.Go && version != d.Version:
			return nil, fmt.Errorf("the program has %s %s, the list of licenses %s; run make licenses", d.Name, version, d.Version)
		}
		delete(built, d.Name)
		b.Components = append(b.Components, c)
		refs = append(refs, c.Ref)
	}
	for name := range built {
		return nil, fmt.Errorf("the list of licenses lacks %s; run make licenses", name)
	}
	b.Dependencies = []dependency{{Ref: "oplog", DependsOn: refs}}
	return json.MarshalIndent(b, "", "  ")
}

// describeComponent returns a dependency as a component.
func describeComponent(d licenses.Dependency) component {
	c := component{Type: "library", Ref: d.Kind + ":" + d.Name, Name: d.Name, Version: d.Version}
	switch d.Kind {
	case licenses.Go:
		c.PURL = "pkg:golang/" + strings.ToLower(d.Name) + "@" + url.QueryEscape(d.Version)
		c.Ref = c.PURL
	case licenses.NPM:
		c.PURL = "pkg:npm/" + strings.Replace(d.Name, "@", "%40", 1) + "@" + d.Version
		c.Ref = c.PURL
	case licenses.Data:
		c.Type = "data"
	}
	c.Licenses = []licenseChoice{{License: &license{d.License}}}
	if strings.Contains(d.License, " ") {
		c.Licenses = []licenseChoice{{Expression: d.License}}
	}
	return c
}

// serialNumber returns a UUID (version 8) that is the same for the same program.
func serialNumber(sum string) string {
	id := sha256.Sum256([]byte("oplog sbom " + sum))
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
}
