package main

import (
	"go/ast"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// violationMakers are the functions that take the code and the message of a violated rule, or the reason and the message of an error, with
// the position of the first of the two.
var violationMakers = map[string]int{
	"Violates": 0, "Refuse": 1, "Fail": 2, "InvalidField": 2, "InvalidQuery": 2, "invalidIn": 3, "searchError": 1, "passwordError": 0,
}

// errorRule is a code with the parameters that all its messages have.
type errorRule struct {
	where  string
	params []string
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

func placeholders(text string) (names []string) {
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, found[1])
	}
	return names
}

// errorRules finds the codes of violated rules and the reasons of errors in the program's source.
func errorRules(t *testing.T) map[string]errorRule {
	t.Helper()
	rules := map[string]errorRule{"invalid": {where: "server/wire/error_body.go"}}
	add := func(where, code string, params []string) {
		if known, ok := rules[code]; ok {
			params = slices.DeleteFunc(slices.Clone(known.params), func(p string) bool { return !slices.Contains(params, p) })
		}
		rules[code] = errorRule{where, params}
	}
	for _, file := range sources(t) {
		if file.test || strings.HasPrefix(file.folder, "bench") {
			continue
		}
		for _, declared := range file.syntax.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok {
				if _, passesOn := violationMakers[f.Name.Name]; passesOn {
					continue
				}
			}
			ast.Inspect(declared, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				name := nameOf(call.Fun)
				first, ok := violationMakers[name]
				switch {
				case name == "newSchemaRule":
					var params []string
					for _, arg := range call.Args[2:] {
						params = append(params, literal(arg))
					}
					add(file.path, literal(call.Args[0]), params)
				case name == "Errorf" && len(call.Args) > 0 && slices.Contains([]string{"CodeConflict", "CodeTooLarge", "CodeTooMany"}, nameOf(call.Args[0])):
					t.Errorf("%s: an error of %s has no reason for programs; use Refuse", file.path, nameOf(call.Args[0]))
				case !ok || len(call.Args) < first+2 || name == "Fail" && len(call.Args) < 4:
				default:
					code, message := literal(call.Args[first]), literal(call.Args[first+1])
					params := placeholders(message)
					if code == "" || message == "" || len(params) != len(call.Args)-first-2 {
						t.Errorf("%s: %q, %q: code and message must be literals, with a {name} for each argument", file.path, code, message)
					}
					add(file.path, code, params)
				}
				return true
			})
		}
	}
	return rules
}

// nameOf returns the name of a function or a constant, without its package.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// literal returns the text of string literals and their sums, or "".
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

// TestErrorsInChinese: the console has a Chinese translation of every code and reason, and of no other, with parameters that each use of
// the code has. In English it shows the server's own messages.
func TestErrorsInChinese(t *testing.T) {
	rules := errorRules(t)
	if len(rules) < 100 {
		t.Fatalf("only %d codes were found", len(rules))
	}
	text, err := os.ReadFile("frontend/src/i18n/problems.zh.ts")
	if err != nil {
		t.Fatal(err)
	}
	translations := make(map[string]string)
	for _, found := range regexp.MustCompile(`(?m)^ {4}'?([a-z][a-z0-9_-]+)'?:\s+'(.+)',$`).FindAllStringSubmatch(string(text), -1) {
		translations[found[1]] = found[2]
	}
	for _, code := range slices.Sorted(maps.Keys(rules)) {
		translation, ok := translations[code]
		if !ok || !regexp.MustCompile(`\p{Han}`).MatchString(translation) {
			t.Errorf("%s has no translation in problems.zh.ts (%s)", code, rules[code].where)
		}
		for _, name := range placeholders(translation) {
			if name != "value" && !slices.Contains(rules[code].params, name) {
				t.Errorf("the translation of %s has {%s}, which not every such error has (%s)", code, name, rules[code].where)
			}
		}
		delete(translations, code)
	}
	if len(translations) > 0 {
		t.Errorf("problems.zh.ts translates codes that no error has: %v", slices.Sorted(maps.Keys(translations)))
	}
}
