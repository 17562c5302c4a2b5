package docs

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// source returns a Markdown file of a language without fenced blocks, and the blocks.
func source(t *testing.T, folder, name string) (text string, blocks []string) {
	t.Helper()
	content, err := files.ReadFile(path.Join(folder, name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	fences := regexp.MustCompile("(?ms)^```.*?^```$")
	return fences.ReplaceAllString(string(content), "@block"), fences.FindAllString(string(content), -1)
}

var (
	spans      = regexp.MustCompile("`[^`]*`")
	numbers    = regexp.MustCompile(`\d[\d,.]*\d|\d`)
	markers    = regexp.MustCompile(`(?m)^(#+|@block|\||- |\d+\. )`)
	tokenSheet = "../frontend/src/ui/tokens.css"
)

// TestLanguagesAgree: both languages have the same headings, lists, tables and blocks in the same order, and in each table row the same code
// and numbers.
func TestLanguagesAgree(t *testing.T) {
	for _, name := range names {
		en, enBlocks := source(t, "", name)
		zh, zhBlocks := source(t, "zh", name)
		if !slices.Equal(enBlocks, zhBlocks) {
			t.Errorf("%s: the blocks differ", name)
		}
		if a, b := markers.FindAllString(en, -1), markers.FindAllString(zh, -1); !slices.Equal(a, b) {
			at := 0
			for at < min(len(a), len(b)) && a[at] == b[at] {
				at++
			}
			t.Errorf("%s: heading, list or table %d differs: %q, %q", name, at, a[at:min(len(a), at+3)], b[at:min(len(b), at+3)])
			continue
		}
		rowsEN, rowsZH := tableRows(en), tableRows(zh)
		for i := range rowsEN {
			if a, b := facts(spans, rowsEN[i]), facts(spans, rowsZH[i]); !slices.Equal(a, b) {
				t.Errorf("%s: code differs:\n%s\n%s", name, rowsEN[i], rowsZH[i])
			}
		}
	}
}

func tableRows(text string) (rows []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "|") {
			rows = append(rows, line)
		}
	}
	return rows
}

// facts returns what an expression finds, sorted: languages order words differently.
func facts(e *regexp.Regexp, text string) []string {
	found := e.FindAllString(text, -1)
	slices.Sort(found)
	return found
}

// TestContractNumbers: the limits of both languages are the same.
func TestContractNumbers(t *testing.T) {
	en, _ := source(t, "", "contract")
	zh, _ := source(t, "zh", "contract")
	rowsEN, rowsZH := tableRows(en), tableRows(zh)
	for i := range rowsEN {
		limit := func(row string) string { return strings.Join(facts(numbers, cell(row, 1)), " ") }
		if a, b := limit(rowsEN[i]), limit(rowsZH[i]); a != b {
			t.Errorf("limits %q and %q:\n%s\n%s", a, b, rowsEN[i], rowsZH[i])
		}
	}
}

func cell(row string, n int) string {
	cells := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|")
	if n >= len(cells) {
		return ""
	}
	return cells[n]
}

var hrefs = regexp.MustCompile(`href="([^"]*)"`)

// TestLinks: each link of each page leads to a page of the manual, a heading, a stylesheet, the log, or a loopback address.
func TestLinks(t *testing.T) {
	m := load(t)
	checked := 0
	for folder, b := range m.books {
		for _, p := range b.pages {
			at := p.Name
			if folder != "" {
				at = folder + "/" + p.Name
			}
			html, found := m.Page(at)
			if !found {
				t.Fatalf("no page %s/%s", folder, p.Name)
			}
			for _, link := range hrefs.FindAllStringSubmatch(string(html), -1) {
				checked++
				if err := follow(m, folder, p.Name, link[1]); err != nil {
					t.Errorf("%s/%s: %s: %v", folder, p.Name, link[1], err)
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d links", checked)
	}
}

// follow checks a link of a page.
func follow(m *Manual, folder, name, link string) error {
	if strings.HasPrefix(link, "http://127.0.0.1:8484") {
		return nil
	}
	if strings.Contains(link, ":") {
		return fmt.Errorf("it leads out of the manual")
	}
	link, err := url.PathUnescape(link)
	if err != nil {
		return err
	}
	file, fragment, _ := strings.Cut(link, "#")
	to := path.Join("/docs", folder, name)
	if file != "" {
		to = path.Join("/docs", folder, file)
		if strings.HasSuffix(file, "/") {
			to += "/"
		}
	}
	if strings.Trim(to, "/") == "" {
		return nil // the log
	}
	if name == "" && file == "" {
		to += "/"
	}
	at, inside := strings.CutPrefix(to, "/docs/")
	if !inside {
		return fmt.Errorf("it leads out of the manual, to %s", to)
	}
	if _, isAsset := m.Asset(at); isAsset {
		return nil
	}
	html, found := m.Page(at)
	if !found {
		return fmt.Errorf("there is no page %q", at)
	}
	if fragment != "" && !bytes.Contains(html, []byte(`id="`+fragment+`"`)) {
		return fmt.Errorf("page %q has no heading #%s", at, fragment)
	}
	return nil
}

func load(t *testing.T) *Manual {
	t.Helper()
	m, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPageNames: no other page exists.
func TestPageNames(t *testing.T) {
	m := load(t)
	for _, at := range []string{"", "integrate", "zh/", "zh/integrate"} {
		if _, found := m.Page(at); !found {
			t.Errorf("no page %q", at)
		}
	}
	for _, at := range []string{"README", "integrate.md", "integrate/", "zh", "en/integrate", "zh/zh/integrate", "../docs.go", "docs.go", "page.html"} {
		if _, found := m.Page(at); found {
			t.Errorf("there is a page %q", at)
		}
	}
}

// TestSearch: sections are found by all words, in any case and width, titles first; queries are text.
func TestSearch(t *testing.T) {
	m := load(t)
	f := func(at, query string, want ...string) {
		t.Helper()
		html, found := m.SearchPage(at, query)
		if !found {
			t.Fatalf("no search at %q", at)
		}
		for _, w := range want {
			if !strings.Contains(string(html), w) {
				t.Errorf("%s %.40q does not show %s", at, query, w)
			}
		}
	}
	f("search", "LAUNCH token", `href="integrate#the-link-operation-log"`, "<mark>")
	f("search", "ｌａｕｎｃｈ", `href="integrate#the-link-operation-log"`)
	f("zh/search", "恢复码", `href="contract#%e4%b8%a4%e6%ad%a5%e9%aa%8c%e8%af%81%e7%99%bb%e5%bd%95"`)
	f("search", "nosuchword", "Nothing found for")
	f("search", `"><script>alert(1)</script>`, "&lt;script&gt;")
	f("search", "")
	f("search", strings.Repeat("zq ", 5000), "Nothing found for")
	en := m.books[""]
	if r := en.search("compliance"); len(r) == 0 || r[0].Page != "Compliance" {
		t.Errorf("a title is not first: %+v", r)
	}
	if r := en.search("[backup]"); len(r) == 0 || r[0].Section != "Backups [backup]" || strings.Contains(r[0].After, "[backup]") {
		t.Errorf("a title is not there once: %+v", r)
	}
	if r := en.search("e"); len(r) != maxResults {
		t.Errorf("%d results, want %d", len(r), maxResults)
	}
}

// TestTokens: the pages have the console's colours.
func TestTokens(t *testing.T) {
	console, err := os.ReadFile(tokenSheet)
	if err != nil {
		t.Fatal(err)
	}
	if ours, _ := load(t).Asset("tokens.css"); !bytes.Equal(ours, console) {
		t.Errorf("docs/tokens.css differs from %s: copy it", tokenSheet)
	}
}
