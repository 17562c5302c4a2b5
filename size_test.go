package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"testing"
)

const (
	maxFileLines     = 400
	maxFunctionLines = 60
)

// TestFilesAndFunctionsAreShort: files and functions fit on a few screens, tests included. The route table is one function.
func TestFilesAndFunctionsAreShort(t *testing.T) {
	for _, f := range sources(t) {
		text, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > maxFileLines {
			t.Errorf("%s has %d lines, more than %d; split it", f.path, n, maxFileLines)
		}
		files := token.NewFileSet()
		syntax, err := parser.ParseFile(files, f.path, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range syntax.Decls {
			name := "a variable's function"
			if function, ok := d.(*ast.FuncDecl); ok {
				name = function.Name.Name
			}
			if f.path == "server/routes.go" && name == "routes" {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				switch n.(type) {
				case *ast.FuncDecl, *ast.FuncLit:
					if lines := files.Position(n.End()).Line - files.Position(n.Pos()).Line + 1; lines > maxFunctionLines {
						t.Errorf("%s: %s has %d lines, more than %d; split it", f.path, name, lines, maxFunctionLines)
						return false
					}
				}
				return true
			})
		}
	}
}
