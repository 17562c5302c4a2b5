package main

import (
	"go/ast"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// declarations are the names declared in the code: Name, Type.member, and both with the folder or the name of their package.
type declarations map[string]bool

func (d declarations) add(f sourceFile, name string) {
	d[name], d[path.Base(f.folder)+"."+name], d[f.folder+"."+name] = true, true, true
}

func (d declarations) addFile(f sourceFile) {
	for _, declared := range f.syntax.Decls {
		switch declared := declared.(type) {
		case *ast.FuncDecl:
			name := declared.Name.Name
			d.add(f, name)
			if declared.Recv != nil {
				receiver := declared.Recv.List[0].Type
				if pointer, ok := receiver.(*ast.StarExpr); ok {
					receiver = pointer.X
				}
				if owner, ok := receiver.(*ast.Ident); ok {
					d.add(f, owner.Name+"."+name)
				}
			}
		case *ast.GenDecl:
			for _, spec := range declared.Specs {
				d.addSpec(f, spec)
			}
		}
	}
}

func (d declarations) addSpec(f sourceFile, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			d.add(f, name.Name)
		}
	case *ast.TypeSpec:
		d.add(f, spec.Name.Name)
		var members *ast.FieldList
		switch t := spec.Type.(type) {
		case *ast.StructType:
			members = t.Fields
		case *ast.InterfaceType:
			members = t.Methods
		default:
			return
		}
		for _, member := range members.List {
			for _, name := range member.Names {
				d.add(f, name.Name)
				d.add(f, spec.Name.Name+"."+name.Name)
			}
		}
	}
}

// addScripts adds the names of the console's modules, and those that they declare.
func (d declarations) addScripts(t *testing.T, folder string) {
	t.Helper()
	declared := regexp.MustCompile(`\b(?:function|const|let|type|interface|class) (\w+)`)
	err := filepath.WalkDir(folder, func(file string, f fs.DirEntry, err error) error {
		if err != nil || f.IsDir() || !strings.Contains(filepath.Ext(file), ".ts") {
			return err
		}
		d[f.Name()] = true
		text, err := os.ReadFile(file)
		for _, name := range declared.FindAllSubmatch(text, -1) {
			d[string(name[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// libraryNames are names of the standard library that the documents mention.
var libraryNames = []string{"RawMessage", "TryLock"}

// TestDocumentedNamesExist: the functions, types and fields named in docs/architecture.md and CONTRIBUTING.md exist, and fields belong to
// the type that is named with them.
func TestDocumentedNamesExist(t *testing.T) {
	code := declarations{}
	for _, f := range sources(t) {
		code.addFile(f)
	}
	for _, name := range libraryNames {
		code[name] = true
	}
	for _, folder := range []string{"frontend/src", "frontend/build", "frontend/e2e"} {
		code.addScripts(t, folder)
	}
	name := regexp.MustCompile(`^\w+(\.\w+)*$`)
	mixedCase := regexp.MustCompile(`[a-z][A-Z]|[A-Z][a-z]`)
	ownedBy := regexp.MustCompile("`(\\w+)` of (?:the |a )?`([\\w./]+)`")
	for _, document := range []string{"docs/architecture.md", "CONTRIBUTING.md"} {
		text := readDocument(t, document)
		for _, span := range codeSpan.FindAllStringSubmatch(text, -1) {
			if name.MatchString(span[1]) && mixedCase.MatchString(span[1]) && !code[span[1]] {
				if _, err := os.Stat(span[1]); err != nil { // files have tests of their own
					t.Errorf("%s names %s, which the code does not declare", document, span[1])
				}
			}
		}
		for _, pair := range ownedBy.FindAllStringSubmatch(text, -1) {
			if member := pair[2] + "." + pair[1]; !code[member] {
				t.Errorf("%s names %s of %s, which the code does not declare", document, pair[1], pair[2])
			}
		}
	}
}

// TestDocumentedTestsExist: the tests, benchmarks and fuzz targets that the documents and the Makefile run exist in their packages.
func TestDocumentedTestsExist(t *testing.T) {
	functions := map[string][]string{}
	for _, f := range sources(t) {
		for _, declared := range f.syntax.Decls {
			if function, ok := declared.(*ast.FuncDecl); ok && f.test && function.Recv == nil {
				functions[f.folder] = append(functions[f.folder], function.Name.Name)
			}
		}
	}
	command := regexp.MustCompile(`go test ((?:-race )?(?:\./[\w./]+ )+)(?:-run '\^\$\$' )?-(run|bench|fuzz) '?(\w+)`)
	prefixes := map[string]string{"run": "Test", "bench": "Benchmark", "fuzz": "Fuzz"}
	for _, document := range []string{"README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/contract.md", "Makefile"} {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range command.FindAllStringSubmatch(string(text), -1) {
			for _, argument := range strings.Fields(found[1]) {
				folder, isFolder := strings.CutPrefix(argument, "./")
				if isFolder && !matches(functions[folder], prefixes[found[2]], found[3]) {
					t.Errorf("%s runs %s, which package %s does not have", document, found[3], folder)
				}
			}
		}
	}
}

func matches(functions []string, prefix, pattern string) bool {
	for _, name := range functions {
		if strings.HasPrefix(name, prefix) && strings.Contains(name, pattern) {
			return true
		}
	}
	return false
}
