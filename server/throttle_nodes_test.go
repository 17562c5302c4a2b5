package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAttemptsAreCountedByTheLeader: failed attempts are counted in memory, so of several nodes one must count them all, or somebody had as many more
// as there are nodes. It is the one that leads, to which everything but GET is forwarded, and links of host systems: so no other request may count.
// What is spent is also stored; see TestPlaceLockHoldsAfterFailover.
func TestAttemptsAreCountedByTheLeader(t *testing.T) {
	calls, routes := make(map[string][]string), make(map[string][]string) // called functions by function, methods by handler
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range syntax.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || strings.HasSuffix(file, "_test.go") {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					calls[f.Name.Name] = append(calls[f.Name.Name], n.Sel.Name)
				case *ast.CompositeLit:
					if f.Name.Name == "routes" {
						noteRoute(routes, n)
					}
				}
				return true
			})
		}
	}
	counting := []string{"take"}
	for i := 0; i < len(counting); i++ {
		for caller, called := range calls {
			if caller != "routes" && slices.Contains(called, counting[i]) && !slices.Contains(counting, caller) {
				counting = append(counting, caller)
			}
		}
	}
	found := 0
	for _, handler := range counting {
		for _, method := range routes[handler] {
			if found++; method == "GET" && handler != "launch" && handler != finishProvider { // which the leader answers
				t.Errorf("GET by %s counts attempts", handler)
			}
		}
	}
	if found < 6 {
		t.Errorf("only %d routes count attempts: %q", found, counting)
	}
}

// noteRoute notes the handler of a line of the table of routes.
func noteRoute(routes map[string][]string, line *ast.CompositeLit) {
	if len(line.Elts) < 8 {
		return
	}
	method, isText := line.Elts[0].(*ast.BasicLit)
	made, isCall := line.Elts[len(line.Elts)-1].(*ast.CallExpr)
	if !isText || !isCall {
		return
	}
	if handler, ok := made.Args[0].(*ast.SelectorExpr); ok {
		routes[handler.Sel.Name] = append(routes[handler.Sel.Name], strings.Trim(method.Value, `"`))
	}
}
