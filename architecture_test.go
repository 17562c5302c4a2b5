package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "oplog"

// sourceFile is a Go file of this module, with its package's folder and name and its imports.
type sourceFile struct {
	path    string
	folder  string // "." for main
	test    bool
	syntax  *ast.File
	imports []string
}

// sources reads all Go files of the module, for every platform.
func sources(t *testing.T) []sourceFile {
	t.Helper()
	var files []sourceFile
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipFolder(file, d.Name())
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		f := sourceFile{path: filepath.ToSlash(file), folder: path.Dir(filepath.ToSlash(file)), test: strings.HasSuffix(file, "_test.go"), syntax: syntax}
		for _, spec := range syntax.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, name)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// skipFolder skips folders outside this module: other modules, and npm packages.
func skipFolder(folder, name string) error {
	if folder == "." {
		return nil
	}
	if name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// own returns the folder of an imported package of this module.
func own(imported string) (folder string, ok bool) {
	if imported == modulePath {
		return ".", true
	}
	return strings.CutPrefix(imported, modulePath+"/")
}

// allowed lists the packages of the module that each package may import. cli may import any.
var allowed = map[string][]string{
	".":      {"cli"},
	"server": {"oplog", "archive", "doctor", "directory", "journal", "identity", "trail", "exports", "views", "proof", "node", "backup", "cluster", "server/wire", "faults", "docs", "timing", "identity/sources", "identity/oidc"},
	"backup": {"oplog", "records", "trail", "node", "durable", "faults"},
	"doctor": {"oplog", "backup", "node", "proof", "durable", "faults"},

	"archive":             {"oplog", "background", "faults"},
	"archive/clickhouse":  {"oplog", "archive", "search"},
	"archive/clustertest": nil,

	"cluster": {"oplog", "records", "storage", "durable", "faults", "timing"},

	"identity/oidc":          {"oplog", "identity", "durable"},
	"identity/oidc/oidctest": nil,

	"node":      {"oplog", "archive", "records", "directory", "journal", "identity", "trail", "exports", "views", "scrub", "durable"},
	"journal":   {"oplog", "records", "directory", "trail", "faults", "timing"},
	"exports":   {"oplog", "records", "directory", "background", "durable", "faults", "timing"},
	"views":     {"oplog", "records", "directory", "identity"},
	"trail":     {"oplog", "records", "directory", "background", "faults"},
	"identity":  {"oplog", "records", "directory", "background", "faults"},
	"scrub":     {"oplog", "records", "faults"},
	"proof":     {"oplog", "directory", "durable", "witness"},
	"control":   {"durable", "proof"},
	"witness":   {"oplog", "durable", "signing"},
	"signing":   {"oplog"},
	"directory": {"oplog", "records"},
	"records":   {"oplog"},

	"identity/ldap":                {"oplog", "identity"},
	"identity/sources":             {"oplog", "identity", "identity/ldap", "identity/oidc", "trail", "faults"},
	"identity/sources/sourcestest": {"oplog", "identity", "identity/ldap", "identity/oidc"},
	"identity/ldap/ldaptest":       nil,
	"identity/ldap/ldaptest/slapd": {"identity/ldap/ldaptest"},

	"storage":         {"oplog", "durable", "faults", "signing", "background", "timing"},
	"search":          {"oplog", "background", "durable", "faults"},
	"server/wire":     {"oplog"},
	"exports/formats": {"oplog", "exports", "signing"},
	"demo":            {"oplog", "identity"},
	"docs":            {"oplog"},

	"background": {"faults"},

	"packaging/release": {"packaging/licenses"},

	"oplog": nil, "durable": nil, "faults": nil, "packaging": nil, "packaging/licenses": nil, "packaging/watching": nil, "timing": nil, "rotate": nil,
	"oplog/enginetest":    {"oplog"},
	"signing/signingtest": {"durable"},
	"cli/clitest":         nil,
	"node/nodetest":       {"oplog", "archive", "node", "storage", "search", "demo"},
	"archive/archivetest": {"oplog", "archive", "storage", "search"},
}

// Dependencies point one way: from main to cli, which wires everything; from there to the server and the engines; from the server to the
// services; and from all to the domain, which uses the standard library alone. Engines import no services and no other engines.
func TestDependenciesGoOneWay(t *testing.T) {
	found := map[string]bool{}
	for _, f := range sources(t) {
		if f.test || f.folder == "cli" {
			continue
		}
		within, known := allowed[f.folder]
		found[f.folder] = true
		for _, imported := range f.imports {
			folder, ours := own(imported)
			switch {
			case ours && !known:
				if folder != "oplog" {
					t.Errorf("%s imports %s; it may import oplog/oplog alone", f.path, imported)
				}
			case ours && !slices.Contains(within, folder):
				t.Errorf("%s imports %s; package %s may import %v of ours", f.path, imported, f.folder, within)
			case !ours && slices.Contains([]string{"oplog", "background", "durable", "faults", "timing", "rotate"}, f.folder) && strings.Contains(strings.Split(imported, "/")[0], "."):
				t.Errorf("%s imports %s; %s uses the standard library alone", f.path, imported, f.folder)
			}
		}
	}
	for folder := range allowed {
		if !found[folder] {
			t.Errorf("there is no package %s", folder)
		}
	}
}

// TestDomainIsPassive: the domain has values, rules and contracts. It starts no goroutines, takes no locks, reads no files and no clock, and does
// not wait.
func TestDomainIsPassive(t *testing.T) {
	apart := map[string]string{ // with the reason
		"oplog/tenant.go sync":                   "a cache of time zones, which are immutable",
		"oplog/tenant.go time.LoadLocation":      "time zones are values; those in the executable are read if the machine has none",
		"oplog/organization_tree.go sync/atomic": "numbers trees, so that caches can tell them apart",
		"oplog/diskfull.go syscall":              "its error numbers are values",
		"oplog/diskfull.go runtime":              "the operating system decides what they mean",
	}
	packages := []string{"sync", "os", "net", "syscall", "runtime", "log", "io/ioutil"} // with those below them
	values := []string{"net/netip"}
	clock := []string{"After", "AfterFunc", "LoadLocation", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}
	used := map[string]bool{}
	for _, f := range sources(t) {
		if f.test || f.folder != "oplog" {
			continue
		}
		check := func(what string) {
			name := f.path + " " + what
			if used[name] = true; apart[name] == "" {
				t.Errorf("%s uses %s; services do that, or say here why not", f.path, what)
			}
		}
		for _, imported := range f.imports {
			if !slices.Contains(values, imported) && slices.ContainsFunc(packages, func(p string) bool { return imported == p || strings.HasPrefix(imported, p+"/") }) {
				check(imported)
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				check("go")
			case *ast.SelectorExpr:
				if of, ok := n.X.(*ast.Ident); ok && of.Name == "time" && slices.Contains(clock, n.Sel.Name) {
					check("time." + n.Sel.Name)
				}
			}
			return true
		})
	}
	for name := range apart {
		if !used[name] {
			t.Errorf("%s is not used any more", name)
		}
	}
}

// The engines stay behind the domain's interfaces: each library is imported by one package only, those of HTTP by the server and its wire.
func TestLibrariesStayInTheirPackages(t *testing.T) {
	only := map[string][]string{
		"go.etcd.io/bbolt": {"storage", "cluster"}, "github.com/fxamacker/cbor": {"storage", "cluster", "archive"},
		"github.com/hashicorp/raft": {"cluster"}, "github.com/hashicorp/go-hclog": {"cluster"}, "github.com/hashicorp/golang-lru": {"storage"},
		"github.com/klauspost/compress": {"archive"},
		"github.com/blevesearch":        {"search"}, "github.com/RoaringBitmap": {"search"},
		"github.com/gofiber": {"server", "server/wire"}, "github.com/danielgtaylor/huma": {"server", "server/wire"},
		"github.com/valyala/fasthttp": {"server", "server/wire"},
		"filippo.io/age":              {"backup"},
		"github.com/VictoriaMetrics":  {"server"}, "github.com/go-webauthn": {"identity"},
		"github.com/go-ldap": {"identity/ldap", "identity/ldap/ldaptest"}, "github.com/go-asn1-ber": {"identity/ldap"},
		"github.com/gocarina/gocsv": {"exports/formats"}, "github.com/xuri/excelize": {"exports/formats"}, "github.com/alecthomas/kong": {"cli"},
		"github.com/yuin/goldmark":     {"docs"},
		"github.com/pelletier/go-toml": {"cli"},
		"github.com/coreos/go-oidc":    {"identity/oidc"}, "golang.org/x/oauth2": {"identity/oidc"},
		"github.com/kardianos/service": {"cli"},
	}
	for _, f := range sources(t) {
		for _, imported := range f.imports {
			for library, folders := range only {
				if (imported == library || strings.HasPrefix(imported, library+"/")) && !slices.Contains(folders, f.folder) && !f.test {
					t.Errorf("%s imports %s, which is for %v alone", f.path, imported, folders)
				}
			}
		}
	}
}

// writesApart are the calls that write files by themselves, with the reason.
var writesApart = map[string]string{ // with the reason
	"storage/seal.go os.OpenFile":                      "the store: its transactions are atomic, and its directory is synced when it is opened",
	"storage/head.go os.OpenFile":                      "its slots are written alternately, and its directory is synced when it is opened",
	"node/backup.go os.CreateTemp":                     "a copy that is sent and removed",
	"node/space.go os.CreateTemp":                      "a byte that shows whether the disk accepts it, removed at once",
	"exports/formats/read_xlsx.go os.CreateTemp":       "a copy that is read and removed",
	"backup/prove.go os.RemoveAll":                     "what remains of a proof is removed before the next one",
	"backup/retain.go os.RemoveAll":                    "the same",
	"storage/install.go os.Remove":                     "of an interrupted check: it is made again",
	"storage/install.go os.RemoveAll":                  "what remains of a copy is removed by the next one, and an index without its records is built again",
	"cluster/log_tail.go os.OpenFile":                  "it is made by package durable, and its frames are synced one by one",
	"cluster/received.go os.OpenFile":                  "a copy that is synced and renamed once it is complete",
	"cluster/received.go os.RemoveAll":                 "what remains of a copy is removed by the next one",
	"cluster/copy_send.go os.CreateTemp":               "a copy that is sent and removed",
	"cluster/copy_send.go os.Remove":                   "what remains is removed at the next start",
	"storage/backup.go os.Remove":                      "what a failed restore leaves, which is told as failed",
	"storage/backup.go os.RemoveAll":                   "what remains is removed by the next restore",
	"exports/jobs.go os.Remove":                        "what remains is removed at the next start",
	"exports/jobs.go os.RemoveAll":                     "what remains is removed at the next start",
	"exports/nodes.go os.RemoveAll":                    "what remains is removed at the next start",
	"node/nodetest/nodes.go os.CopyFS":                 "the directory of a test",
	"node/nodetest/nodes.go os.Chmod":                  "the directory of a test",
	"search/segment.go os.Remove":                      "what the manifest does not list is removed when the tenant is opened",
	"node/backup.go os.Remove":                         "what remains is removed at the next start",
	"exports/formats/read_xlsx.go os.Remove":           "it is in the system's temporary directory",
	"control/socket_unix.go os.MkdirTemp":              "a socket is of use only while its server runs",
	"control/socket_unix.go os.Chmod":                  "a socket is of use only while its server runs",
	"control/socket_unix.go os.Rename":                 "a socket is of use only while its server runs",
	"control/socket_unix.go os.Symlink":                "a socket is of use only while its server runs",
	"control/socket_unix.go os.Remove":                 "a socket is of use only while its server runs",
	"control/socket_unix.go os.RemoveAll":              "a socket is of use only while its server runs",
	"cli/demo.go os.MkdirTemp":                         "the demo's data is in the system's temporary directory",
	"cli/demo.go os.RemoveAll":                         "the demo's data is in the system's temporary directory",
	"rotate/rotate.go os.OpenFile":                     "the program's own log, of which a power cut may take the last lines",
	"rotate/rotate.go os.CreateTemp":                   "the program's own log, of which a power cut may take the last lines",
	"rotate/rotate.go os.Rename":                       "the program's own log, of which a power cut may take the last lines",
	"rotate/rotate.go os.Remove":                       "the program's own log, of which a power cut may take the last lines",
	"cli/bench.go os.MkdirTemp":                        "the data of a benchmark, which is removed",
	"cli/bench.go os.RemoveAll":                        "the data of a benchmark, which is removed",
	"oplog/enginetest/appender.go os.Create":           "a file of tests",
	"signing/signingtest/signingtest.go os.Remove":     "a file of tests",
	"cli/clitest/clitest.go os.MkdirTemp":              "a directory of tests",
	"cli/clitest/clitest.go os.RemoveAll":              "a directory of tests",
	"oplog/enginetest/health.go os.Rename":             "a check moves a store away and back",
	"archive/clustertest/config_linux.go os.MkdirAll":  "a directory of tests",
	"archive/clustertest/config_linux.go os.WriteFile": "a file of tests",
	"archive/clustertest/process_linux.go os.OpenFile": "the output of a server of tests",

	"identity/ldap/ldaptest/slapd.go os.Mkdir":          "a directory of tests",
	"identity/ldap/ldaptest/slapd.go os.WriteFile":      "a file of tests",
	"identity/ldap/ldaptest/slapd/main.go os.MkdirTemp": "a directory of tests",
	"identity/ldap/ldaptest/slapd/main.go os.RemoveAll": "a directory of tests",
}

// TestNamedFilesAreWrittenDurably: one package creates, renames and writes named files and directories, so that a crash never leaves a partial
// file, and a power cut takes nothing back that was told as finished.
func TestNamedFilesAreWrittenDurably(t *testing.T) {
	writes := []string{
		"Chmod", "CopyFS", "Create", "CreateTemp", "Link", "Mkdir", "MkdirAll", "MkdirTemp", "NewFile", "OpenFile", "Remove", "RemoveAll", "Rename",
		"Symlink", "Truncate", "WriteFile",
	}
	used := map[string]bool{}
	for _, f := range sources(t) {
		if f.test || f.folder == "durable" || f.folder == "packaging/release" { // a tool whose files are built again after a crash
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, ok := call.X.(*ast.Ident)
			if !ok || of.Name != "os" || !slices.Contains(writes, call.Sel.Name) {
				return true
			}
			name := f.path + " os." + call.Sel.Name
			if used[name] = true; writesApart[name] == "" {
				t.Errorf("%s calls os.%s; do it with package durable, or say here why not", f.path, call.Sel.Name)
			}
			return true
		})
		for _, spec := range f.syntax.Imports {
			if spec.Path.Value == `"os"` && spec.Name != nil {
				t.Errorf("%s imports os by another name", f.path)
			}
		}
	}
	for name := range writesApart {
		if !used[name] {
			t.Errorf("%s is not called any more", name)
		}
	}
}

// TestZonesAreInTheExecutable: some machines have no time zone database.
func TestZonesAreInTheExecutable(t *testing.T) {
	if !slices.ContainsFunc(sources(t), func(f sourceFile) bool {
		return f.folder == "cli" && !f.test && slices.Contains(f.imports, "time/tzdata")
	}) {
		t.Error("no file of cli imports time/tzdata")
	}
}

func TestNobodyImportsMain(t *testing.T) {
	for _, f := range sources(t) {
		for _, imported := range f.imports {
			if folder, ours := own(imported); ours && folder == "." {
				t.Errorf("%s imports the command", f.path)
			}
		}
	}
}

func TestEveryPackageHasADocComment(t *testing.T) {
	documented := map[string]int{}
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		if _, seen := documented[f.folder]; !seen {
			documented[f.folder] = 0
		}
		doc := f.syntax.Doc.Text()
		if doc == "" {
			continue
		}
		documented[f.folder]++
		name := f.syntax.Name.Name
		if want := "Package " + name + " "; name != "main" && !strings.HasPrefix(doc, want) {
			t.Errorf("%s: the comment of the package does not start with %q", f.path, want)
		}
	}
	for folder, n := range documented {
		if n != 1 {
			t.Errorf("package %s has %d comments of the package, want one", folder, n)
		}
	}
}

func TestPackagesAreNamedForWhatTheyDo(t *testing.T) {
	for _, f := range sources(t) {
		name := strings.TrimSuffix(f.syntax.Name.Name, "_test")
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "lib"}, name) {
			t.Errorf("%s is of package %s, a drawer; name it for what it does", f.path, name)
		}
		if f.folder != "." && name != "main" && name != path.Base(f.folder) {
			t.Errorf("%s is of package %s", f.path, name)
		}
	}
}
