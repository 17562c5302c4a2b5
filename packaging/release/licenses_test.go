package main

import (
	"slices"
	"strings"
	"testing"

	"oplog/packaging/licenses"
)

// describeList returns the dependencies of a list, with their texts.
func describeList(list licenses.List, without func(licenses.Dependency) bool) map[string]string {
	all := map[string]string{}
	for _, d := range list.Dependencies {
		if without(d) {
			continue
		}
		text := d.License
		for _, file := range d.Files {
			text += "\n" + file.Path + "\n" + list.Texts[file.Text]
		}
		all[d.Kind+" "+d.Name+" "+d.Version] = text
	}
	return all
}

// TestLicensesAreCurrent: the committed list is that of the dependencies of today, on all platforms. The texts of npm packages are only
// compared where the packages are installed.
func TestLicensesAreCurrent(t *testing.T) {
	committed, err := licenses.Read()
	if err != nil {
		t.Fatal(err)
	}
	source, err := root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	isInstalled := hasNodeModules(source)
	current, err := collect(t.Context(), source)
	if err != nil && isInstalled {
		t.Fatal(err)
	}
	without := func(d licenses.Dependency) bool { return d.Kind == licenses.NPM && !isInstalled }
	is, want := describeList(committed, without), describeList(current, without)
	for name, text := range want {
		switch has, found := is[name]; {
		case !found:
			t.Errorf("the list lacks %s; run make licenses", name)
		case has != text:
			t.Errorf("the license of %s has changed; run make licenses", name)
		}
	}
	for name := range is {
		if _, found := want[name]; !found {
			t.Errorf("the list has %s, which is not built in; run make licenses", name)
		}
	}
	packages, err := npmPackages(source)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		if !slices.ContainsFunc(committed.Dependencies, func(d licenses.Dependency) bool {
			return d.Kind == licenses.NPM && d.Name == p.Name && d.Version == p.Version
		}) {
			t.Errorf("the list lacks %s %s; run make licenses", p.Name, p.Version)
		}
	}
}

func TestClassify(t *testing.T) {
	bsd := "Redistribution and use in source and binary forms, with or without modification"
	f := func(text, want string) {
		t.Helper()
		if got := strings.Join(classify(text), " "); got != want {
			t.Errorf("%.40q is %q, want %q", text, got, want)
		}
	}
	f("                                 Apache License\n                           Version 2.0, January 2004\n", "Apache-2.0")
	f("Licensed under the Apache License, Version 2.0 (the \"License\")", "Apache-2.0")
	f("Permission is hereby granted, free of charge, to any person obtaining a\ncopy of this software", "MIT")
	f(bsd, "BSD-2-Clause")
	f(bsd+"\n// Neither the name of Google Inc.", "BSD-3-Clause")
	f("Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above", "ISC")
	f("2. Altered source versions must be plainly marked as such", "Zlib")
	f("Mozilla Public License Version 2.0", "MPL-2.0")
	f("GNU GENERAL PUBLIC LICENSE Version 3", "")
	f("All rights reserved.", "")
	f("", "")
}
