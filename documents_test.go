package main

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var codeSpan = regexp.MustCompile("`([^`]+)`")

// readDocument returns a document without its fenced blocks, whose fences are no code spans.
func readDocument(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile("(?s)```.*?```").ReplaceAllString(string(text), "")
}

// documentedImports parses the table of packages in docs/architecture.md: which packages of the module each may import.
func documentedImports(t *testing.T) map[string][]string {
	t.Helper()
	_, table, found := strings.Cut(readDocument(t, "docs/architecture.md"), "| package | what it does | may import |\n")
	if !found {
		t.Fatal("docs/architecture.md has no table of packages")
	}
	imports := map[string][]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) == 1 {
			break
		}
		if strings.HasPrefix(cells[0], "---") {
			continue
		}
		name := codeSpan.FindStringSubmatch(cells[0])
		if len(cells) != 3 || name == nil || strings.TrimSpace(cells[1]) == "" {
			t.Fatalf("docs/architecture.md: a row of the table of packages cannot be read: %s", line)
		}
		if _, twice := imports[name[1]]; twice {
			t.Errorf("docs/architecture.md names package %s twice", name[1])
		}
		imports[name[1]] = []string{}
		for _, one := range codeSpan.FindAllStringSubmatch(cells[2], -1) {
			imports[name[1]] = append(imports[name[1]], one[1])
		}
		if len(imports[name[1]]) == 0 && cells[2] != "nothing of ours" && cells[2] != "everything" {
			t.Errorf("docs/architecture.md: package %s may import %q; name packages, or say “nothing of ours” or “everything”", name[1], cells[2])
		}
	}
	return imports
}

// TestArchitectureDocument: docs/architecture.md lists every package, with the imports that TestDependenciesGoOneWay allows.
func TestArchitectureDocument(t *testing.T) {
	documented := documentedImports(t)
	packages := map[string]bool{}
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		packages[f.folder] = true
	}
	for _, folder := range slices.Sorted(maps.Keys(packages)) {
		stated, named := documented[folder]
		within, known := allowed[folder]
		if !known && folder != "cli" {
			within = []string{"oplog"} // like TestDependenciesGoOneWay
		}
		slices.Sort(stated)
		switch {
		case !named:
			t.Errorf("docs/architecture.md does not name package %s", folder)
		case !slices.Equal(stated, slices.Sorted(slices.Values(within))):
			t.Errorf("docs/architecture.md says that package %s may import %v; it may import %v", folder, stated, within)
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(documented)) {
		if !packages[folder] {
			t.Errorf("docs/architecture.md names package %s, which is not there", folder)
		}
	}
}

// TestDocumentedFilesExist: files named in docs/architecture.md and CONTRIBUTING.md exist.
func TestDocumentedFilesExist(t *testing.T) {
	path := regexp.MustCompile(`^[a-zA-Z0-9_./-]+/[a-zA-Z0-9_.]+\.(go|md|tsx?|json)$`)
	for _, document := range []string{"docs/architecture.md", "CONTRIBUTING.md"} {
		for _, span := range codeSpan.FindAllStringSubmatch(readDocument(t, document), -1) {
			if _, err := os.Stat(span[1]); path.MatchString(span[1]) && err != nil {
				t.Errorf("%s names %s: %v", document, span[1], err)
			}
		}
	}
}

// lockFields returns the locks of the program, as "`field` of `package.Type`", with the file of each: fields of structs that are a lock or a map
// of locks.
func lockFields(t *testing.T) map[string]string {
	t.Helper()
	locks := map[string]string{}
	for _, f := range sources(t) {
		if f.test || strings.HasSuffix(f.folder, "test") { // node/nodetest is for tests
			continue
		}
		for _, d := range f.syntax.Decls {
			types, ok := d.(*ast.GenDecl)
			if !ok || types.Tok != token.TYPE {
				continue
			}
			for _, spec := range types.Specs {
				named := spec.(*ast.TypeSpec)
				fields, ok := named.Type.(*ast.StructType)
				if !ok {
					continue
				}
				for _, field := range fields.Fields.List {
					for _, name := range field.Names {
						if isLock(field) {
							locks["`"+name.Name+"` of `"+f.syntax.Name.Name+"."+named.Name.Name+"`"] = f.path
						}
					}
				}
			}
		}
	}
	return locks
}

// isLock reports whether a field is a lock, an array or a map of locks, or a sync.Map of locks, as its comment then says.
func isLock(field *ast.Field) bool {
	of := field.Type
	if several, ok := of.(*ast.ArrayType); ok {
		of = several.Elt
	}
	if values, ok := of.(*ast.MapType); ok {
		of = values.Value
	}
	if pointed, ok := of.(*ast.StarExpr); ok {
		of = pointed.X
	}
	selected, ok := of.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := selected.X.(*ast.Ident)
	return ok && from.Name == "sync" && (strings.HasSuffix(selected.Sel.Name, "Mutex") || selected.Sel.Name == "Map" && strings.Contains(field.Comment.Text(), "Mutex"))
}

// TestDocumentedLocks: the tables of locks in docs/architecture.md name every lock of the program by its field and type, and no other.
func TestDocumentedLocks(t *testing.T) {
	_, section, found := strings.Cut(readDocument(t, "docs/architecture.md"), "\n## Locks\n")
	section, _, ends := strings.Cut(section, "\n## ")
	if !found || !ends {
		t.Fatal("docs/architecture.md has no section of locks")
	}
	documented := map[string]bool{}
	for _, name := range regexp.MustCompile("`\\w+` of `\\w+\\.\\w+`").FindAllString(section, -1) {
		documented[name] = true
	}
	locks := lockFields(t)
	for _, name := range slices.Sorted(maps.Keys(locks)) {
		if !documented[name] {
			t.Errorf("docs/architecture.md does not name the lock %s (%s) with what it guards and its order", name, locks[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(documented)) {
		if locks[name] == "" {
			t.Errorf("docs/architecture.md names the lock %s, which is not there", name)
		}
	}
}
