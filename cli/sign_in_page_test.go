package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tomlBlock is an example of a configuration in the manual; tomlFile is a file that one names.
var (
	tomlBlock = regexp.MustCompile("(?ms)^```toml\n(.*?)^```$")
	tomlFile  = regexp.MustCompile(`(?m)^\w+_file = "([^"]+)"$`)
)

// TestSignInPage: the configurations of the manual's page of sign-in are valid, one by one, and have the values that they show.
func TestSignInPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "sign-in.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := tomlBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 6 {
		t.Errorf("%d configurations", len(blocks))
	}
	for _, block := range blocks {
		text := block[1]
		s := setting{env: map[string]string{"OPLOG_CONFIG": exampleOf(t, text), "HOME": t.TempDir()}}
		if r := s.run(t, "config"); r.status != exitDone {
			t.Errorf("%s\n%s", r.stderr, text)
		}
		wrong := strings.Replace(text, "role = \"auditor\"", "role = \"auditer\"", 1)
		s.env["OPLOG_CONFIG"] = exampleOf(t, wrong)
		if r := s.run(t, "config"); r.status == exitDone {
			t.Errorf("the rules are not read of\n%s", text)
		}
	}
}

// exampleOf writes a configuration with the files that it names, and returns its path.
func exampleOf(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, named := range tomlFile.FindAllStringSubmatch(text, -1) {
		content := "secret\n"
		switch filepath.Ext(named[1]) {
		case ".pem":
			cert, _, _ := certificate(t, "id.example.com")
			pem, err := os.ReadFile(cert)
			if err != nil {
				t.Fatal(err)
			}
			content = string(pem)
		case ".svg":
			content = `<svg xmlns="http://www.w3.org/2000/svg"/>`
		}
		write(t, filepath.Join(dir, named[1]), content)
	}
	write(t, filepath.Join(dir, "oplog.toml"), text)
	return filepath.Join(dir, "oplog.toml")
}
