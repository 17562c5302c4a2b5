package main

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"oplog/packaging/licenses"
)

// collect lists what is built into the program, with its licenses, from the sources of the dependencies: the module cache and
// frontend/node_modules.
func collect(ctx context.Context, source string) (licenses.List, error) {
	var c collector
	c.add(licenses.Dependency{Kind: licenses.Self, Name: "oplog"}, source, []string{"LICENSE"})
	goRoot, err := output(ctx, source, nil, "go", "env", "GOROOT")
	if err != nil {
		return licenses.List{}, err
	}
	c.add(licenses.Dependency{Kind: licenses.Standard, Name: "Go standard library"}, strings.TrimSpace(string(goRoot)), []string{"LICENSE", "PATENTS"})
	modules, err := goModules(ctx, source)
	if err != nil {
		return licenses.List{}, err
	}
	for _, m := range modules {
		c.add(licenses.Dependency{Kind: licenses.Go, Name: m.path, Version: m.version}, m.dir, m.files)
	}
	packages, err := npmPackages(source)
	if err != nil {
		return licenses.List{}, err
	}
	for _, p := range packages {
		dir := filepath.Join(source, "frontend", "node_modules", filepath.FromSlash(p.Name))
		c.add(p, dir, licenseFiles(dir))
	}
	c.addPasswords(filepath.Join(source, "identity", "common-passwords.txt.gz"))
	return c.list, errors.Join(c.errs...)
}

// collector collects dependencies.
type collector struct {
	list licenses.List
	errs []error
}

// add adds a dependency with its files of licenses.
func (c *collector) add(d licenses.Dependency, dir string, files []string) {
	var texts []string
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			c.errs = append(c.errs, err)
		}
		texts = append(texts, string(text))
	}
	c.addTexts(d, files, texts)
}

func (c *collector) addTexts(d licenses.Dependency, files, texts []string) {
	var found []string
	for i, text := range texts {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		at := slices.Index(c.list.Texts, text)
		if at < 0 {
			at = len(c.list.Texts)
			c.list.Texts = append(c.list.Texts, text)
		}
		d.Files = append(d.Files, licenses.File{Path: filepath.ToSlash(files[i]), Text: at})
		found = append(found, classify(text)...)
	}
	slices.Sort(found)
	if d.License = strings.Join(slices.Compact(found), " AND "); d.License == "" {
		c.errs = append(c.errs, fmt.Errorf("%s %s has no license that is known here, in %v; extend classify if it allows to be built in", d.Name, d.Version, files))
	}
	c.list.Dependencies = append(c.list.Dependencies, d)
}

// addPasswords adds the list of common passwords, whose license is at its start.
func (c *collector) addPasswords(file string) {
	text, err := readComment(file)
	if err != nil {
		c.errs = append(c.errs, err)
	}
	c.addTexts(licenses.Dependency{Kind: licenses.Data, Name: "zxcvbn common passwords"}, []string{path.Base(filepath.ToSlash(file))}, []string{text})
}

// readComment returns the lines that begin with # at the start of a packed text.
func readComment(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	comment := ""
	for line := range strings.Lines(string(text)) {
		rest, found := strings.CutPrefix(line, "#")
		if !found {
			break
		}
		comment += strings.TrimPrefix(rest, " ")
	}
	return comment, err
}

// licenseName matches the names of files with licenses and notices.
var licenseName = regexp.MustCompile(`(?i)^(un)?licen[cs]e|^copying|^copyright|^notice|^patents`)

// licenseFiles returns the names of the licenses and notices in a directory.
func licenseFiles(dir string) []string {
	entries, _ := os.ReadDir(dir) // a missing one has none, which is an error later
	var names []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && licenseName.MatchString(entry.Name()) && filepath.Ext(entry.Name()) != ".go" {
			names = append(names, entry.Name())
		}
	}
	return names
}

// goModule is a module of which packages are in the program.
type goModule struct {
	path, version, dir string
	files              []string // with licenses, relative to dir
}

// goModules returns the modules that are in the program on any platform, with the licenses of their roots and of the packages that are
// used, up to the root.
func goModules(ctx context.Context, source string) ([]goModule, error) {
	modules := map[string]*goModule{}
	for _, t := range targets {
		env := []string{"CGO_ENABLED=0", "GOOS=" + t.system, "GOARCH=" + t.arch, "GOFLAGS=", "GOWORK=off"}
		out, err := output(ctx, source, env, "go", "list", "-deps", "-f",
			`{{with .Module}}{{if not .Main}}{{.Path}}{{"\t"}}{{.Version}}{{"\t"}}{{.Dir}}{{"\t"}}{{$.Dir}}{{end}}{{end}}`, ".")
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(out)) {
			fields := strings.Split(strings.TrimSpace(line), "\t")
			if len(fields) != 4 {
				continue // a package of ours or of Go
			}
			m := modules[fields[0]]
			if m == nil {
				m = &goModule{path: fields[0], version: fields[1], dir: fields[2]}
				modules[m.path] = m
			}
			if err := m.addLicenses(fields[3]); err != nil {
				return nil, err
			}
		}
	}
	var sorted []goModule
	for _, m := range modules {
		slices.Sort(m.files)
		m.files = slices.Compact(m.files)
		sorted = append(sorted, *m)
	}
	slices.SortFunc(sorted, func(a, b goModule) int { return cmp.Compare(a.path, b.path) })
	return sorted, nil
}

// addLicenses adds the licenses of a package's directory and of those above it in its module.
func (m *goModule) addLicenses(dir string) error {
	for {
		relative, err := filepath.Rel(m.dir, dir)
		if err != nil {
			return err
		}
		for _, name := range licenseFiles(dir) {
			m.files = append(m.files, filepath.ToSlash(filepath.Join(relative, name)))
		}
		if relative == "." {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// typesOnly are npm packages of which nothing is in the console, because they have only types.
var typesOnly = []string{"@types/react", "csstype"}

// npmPackages returns the npm packages that the console depends on.
func npmPackages(source string) ([]licenses.Dependency, error) {
	text, err := os.ReadFile(filepath.Join(source, "frontend", "package-lock.json"))
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages map[string]struct {
			Version string
			Dev     bool
		}
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, err
	}
	var packages []licenses.Dependency
	for folder, p := range lock.Packages {
		name, found := strings.CutPrefix(folder, "node_modules/")
		if found && !p.Dev && !slices.Contains(typesOnly, name) {
			packages = append(packages, licenses.Dependency{Kind: licenses.NPM, Name: name, Version: p.Version})
		}
	}
	slices.SortFunc(packages, func(a, b licenses.Dependency) int { return cmp.Compare(a.Name, b.Name) })
	return packages, nil
}

// hasNodeModules reports whether the console's packages are installed.
func hasNodeModules(source string) bool {
	_, err := os.Stat(filepath.Join(source, "frontend", "node_modules", "react"))
	return !errors.Is(err, fs.ErrNotExist)
}

// phrases identify the licenses that may be built in, by words that only they have.
var phrases = []struct{ id, has, and, lacks string }{
	{id: "Apache-2.0", has: "apache license version 2.0"},
	{id: "MIT", has: "permission is hereby granted, free of charge, to any person obtaining a copy of this software"},
	{id: "BSD-3-Clause", has: "redistribution and use in source and binary forms", and: "neither the name"},
	{id: "BSD-2-Clause", has: "redistribution and use in source and binary forms", lacks: "neither the name"},
	{id: "ISC", has: "permission to use, copy, modify, and/or distribute this software for any purpose with or without fee", and: "provided that the above"},
	{id: "ISC", has: "permission to use, copy, modify, and distribute this software for any purpose with or without fee", and: "provided that the above"},
	{id: "Zlib", has: "altered source versions must be plainly marked as such"},
	{id: "MPL-2.0", has: "mozilla public license version 2.0"},
}

// classify returns the SPDX identifiers of the licenses in a text; none for other texts.
func classify(text string) []string {
	words := strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" \t\n\r*#>", r) }), " ")
	words = strings.ReplaceAll(words, "license, version", "license version")
	var found []string
	for _, p := range phrases {
		if strings.Contains(words, p.has) && strings.Contains(words, p.and) && (p.lacks == "" || !strings.Contains(words, p.lacks)) {
			found = append(found, p.id)
		}
	}
	return found
}
