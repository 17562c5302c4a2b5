package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"oplog/oplog"
)

// serverRecords are all names of records of RecordServer, by the package and the expression that names them there: an example, and whether it is of
// one copy of the store. Why is said at oplog.IsLocal.
var serverRecords = map[string]struct {
	example string
	local   bool
}{
	"journal clockRecord":             {"clock", true},
	"scrub record":                    {"scrub", true},
	"trail name":                      {"acts/0f", true},
	"backup record":                   {"backups", true},
	"node lastBackup":                 {"last_backup", false},
	"identity lastRestore":            {"last_restore", false},
	"identity deviceSecretName":       {"device_secret", false},
	"identity secondFactorRule":       {"second_factor", false},
	"identity attemptsName(username)": {"attempts/0f", false},
	"identity attemptsPrefix":         {"attempts/0f", false},
	"identity name":                   {"attempts/0f", false},
	"journal agreementName(d.Tenant)": {"deletion/acme/access", false},
	"journal waitingRecord":           {"deletions_waiting", false},
	"journal name":                    {"deletion/acme", false}, // or clockRecord; see agreementTo

	"cluster tokenName(t.Secret)": {"cluster/token/0f", false},
	"cluster tokenName(secret)":   {"cluster/token/0f", false},
	"cluster tokenPrefix":         {"cluster/token/0f", false},
	"cluster one.Name":            {"cluster/token/0f", false},

	"trail unfinishedName": {"acts", true}, // what names begin with
}

// TestServerRecordsAreDecided: of each record of RecordServer it is decided whether it is of one copy of the store or of the whole log.
func TestServerRecordsAreDecided(t *testing.T) {
	found, packages := map[string]bool{}, map[string]bool{}
	for _, f := range sources(t) {
		if packages[f.folder] = true; f.test {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			for _, name := range serverRecordNames(n) {
				use := f.folder + " " + types.ExprString(name)
				found[use] = true
				if _, known := serverRecords[use]; !known {
					t.Errorf("%s: the record of RecordServer that %s names is not in serverRecords; decide in oplog/local.go whether it is of one copy", f.path, types.ExprString(name))
				}
			}
			return true
		})
	}
	for use, of := range serverRecords {
		if in, _, _ := strings.Cut(use, " "); packages[in] && !found[use] {
			t.Errorf("nothing uses %s", use)
		}
		if local := oplog.IsLocal(oplog.RecordServer, of.example); local != of.local {
			t.Errorf("%s, such as %s: local is %v", use, of.example, local)
		}
	}
	for _, kind := range oplog.RecordKinds {
		if local := oplog.IsLocal(kind, "clock"); local != (kind == oplog.RecordIndex || kind == oplog.RecordServer) {
			t.Errorf("%s: local is %v", kind, local)
		}
	}
}

// serverRecordNames returns the expressions by which a call or a literal names records of RecordServer.
func serverRecordNames(n ast.Node) (names []ast.Expr) {
	switch n := n.(type) {
	case *ast.CallExpr:
		for i, arg := range n.Args {
			if !isServerKind(arg) || i+1 == len(n.Args) {
				continue
			}
			if _, is := n.Args[i+1].(*ast.FuncLit); !is { // what a trail tells of
				names = append(names, n.Args[i+1])
			}
		}
	case *ast.CompositeLit:
		server := false
		var name ast.Expr
		for _, e := range n.Elts {
			pair, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			key, _ := pair.Key.(*ast.Ident)
			server = server || isServerKind(pair.Value)
			if key != nil && key.Name == "Name" {
				name = pair.Value
			}
		}
		if server && name != nil {
			names = append(names, name)
		}
	}
	return names
}

// isServerKind reports whether an expression is oplog.RecordServer.
func isServerKind(e ast.Expr) bool {
	of, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	in, ok := of.X.(*ast.Ident)
	return ok && in.Name == "oplog" && of.Sel.Name == "RecordServer" && token.IsExported(of.Sel.Name)
}
