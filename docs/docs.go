// Package docs is the manual in English and Chinese: Markdown files, and the pages that the program serves from them.
package docs

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"oplog/oplog"
)

// indexFile is the Markdown file of a language's first page, by the name that code hosts look for.
const indexFile = "README"

// names are the Markdown files of each language in the order of the menu, without extension.
var names = []string{indexFile, "first-hour", "install", "configure", "integrate", "contract", apiName, "operate", "sign-in", "three-nodes", "archive", "security", "compliance", "troubleshooting"}

// languages are the manual's languages with their folders in the files and in URLs.
var languages = []language{
	{oplog.LocaleEN, "", words{"Documentation", "Search the documentation", "Search", "中文", "results", "Nothing found for", "To the log"}},
	{oplog.LocaleZH, "zh", words{"文档", "搜索文档", "搜索", "English", "个结果", "没有找到", "返回日志"}},
}

type language struct {
	Locale string
	folder string
	Words  words
}

// words are the texts around the pages.
type words struct{ Manual, SearchLabel, Search, Other, Results, None, Log string }

// Manual is the manual, rendered.
type Manual struct {
	assets map[string][]byte // stylesheets, by path
	books  map[string]*book  // by folder
}

// book is the manual in one language.
type book struct {
	language
	pages []*page
}

type page struct {
	Name     string // "" for the first page
	Title    string
	Sections []*section
	body     template.HTML
}

// section is a heading with the text below it.
type section struct {
	ID, Title string
	Level     int
	text      string // of the section and its title, folded
	plain     string
}

var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Linkify, extension.NewCJK(extension.WithEastAsianLineBreaks(extension.EastAsianLineBreaksCSS3Draft))),
	goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithAttribute()), // such as {#listEntries} behind a heading
)

// pageTemplate is the frame around each page. Its links are relative, so that they hold behind any base path.
var pageTemplate = template.Must(template.ParseFS(files, "page.html"))

// Load renders the manual, with the reference of the API that an OpenAPI document describes; none leaves that out.
func Load(openAPI []byte) (*Manual, error) {
	var api *apiDocument
	if len(openAPI) > 0 {
		var err error
		if api, err = parseAPI(openAPI); err != nil {
			return nil, err
		}
	}
	m := &Manual{assets: map[string][]byte{}, books: map[string]*book{}}
	for _, name := range []string{"style.css", "tokens.css"} {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		m.assets[name] = content
	}
	for _, l := range languages {
		b := &book{language: l}
		for _, name := range names {
			source, err := fs.ReadFile(files, path.Join(l.folder, name+".md"))
			if err != nil {
				return nil, err
			}
			if name == apiName && api != nil {
				source = append(source, reference(api, references[l.folder], Translations(l.Locale))...)
			}
			p, err := newPage(name, source)
			if err != nil {
				return nil, fmt.Errorf("%s/%s: %w", l.folder, name, err)
			}
			b.pages = append(b.pages, p)
		}
		m.books[l.folder] = b
	}
	return m, nil
}

// shortCode is the length of code in a text that stays on one line, in bytes.
const shortCode = 30

// newPage renders a Markdown file.
func newPage(name string, source []byte) (*page, error) {
	p := &page{Name: name}
	if name == indexFile {
		p.Name = ""
	}
	tree := markdown.Parser().Parse(text.NewReader(source), parser.WithContext(parser.NewContext(parser.WithIDs(&headingIDs{used: map[string]bool{}}))))
	err := ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			p.addSection(n, source)
			return ast.WalkContinue, nil
		case *ast.Link:
			n.Destination = []byte(pageLink(string(n.Destination)))
		case *ast.CodeSpan:
			if len(plainText(n, source)) <= shortCode {
				n.SetAttributeString("class", []byte("short"))
			}
		}
		p.addText(n, source)
		return ast.WalkContinue, nil
	})
	if err != nil {
		return nil, err
	}
	for _, s := range p.Sections {
		s.text = fold(s.plain)
	}
	if len(p.Sections) > 0 {
		p.Title = p.Sections[0].Title
	}
	var body bytes.Buffer
	err = markdown.Renderer().Render(&body, source, tree)
	html := strings.ReplaceAll(body.String(), "<pre>", `<pre tabindex="0">`) // keys can scroll what is too wide
	p.body = template.HTML(html)                                             //nolint:gosec // rendered from the program's own files
	return p, err
}

func (p *page) addSection(h *ast.Heading, source []byte) {
	id, _ := h.AttributeString("id")
	named, _ := id.([]byte)
	title := string(plainText(h, source))
	p.Sections = append(p.Sections, &section{ID: string(named), Title: title, Level: h.Level, plain: title})
}

// addText adds the text of a node, not of its children, to the last section.
func (p *page) addText(n ast.Node, source []byte) {
	if len(p.Sections) == 0 {
		return
	}
	s := p.Sections[len(p.Sections)-1]
	switch n := n.(type) {
	case *ast.Text:
		if inHeading(n) {
			return
		}
		s.plain += unescaped(n, source)
		if n.SoftLineBreak() {
			s.plain += " "
		}
	case *ast.FencedCodeBlock:
		s.plain += " " + string(n.Lines().Value(source))
	default:
		if n.Type() == ast.TypeBlock {
			s.plain += " "
		}
	}
}

// inHeading reports whether a node is part of a heading, whose text a section has already.
func inHeading(n ast.Node) bool {
	for n != nil && n.Kind() != ast.KindHeading {
		n = n.Parent()
	}
	return n != nil
}

// unescaped returns a text without the backslashes of Markdown.
func unescaped(t *ast.Text, source []byte) string {
	value := t.Segment.Value(source)
	if t.Parent().Kind() != ast.KindCodeSpan {
		value = util.UnescapePunctuations(value)
	}
	return string(value)
}

func plainText(n ast.Node, source []byte) []byte {
	var b []byte
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, isText := c.(*ast.Text); isText {
			b = append(b, unescaped(t, source)...)
			continue
		}
		b = append(b, plainText(c, source)...)
	}
	return b
}

// pageLink turns a link between Markdown files into one between pages.
func pageLink(to string) string {
	if strings.Contains(to, ":") {
		return to
	}
	file, fragment, hasFragment := strings.Cut(to, "#")
	file = strings.TrimSuffix(file, ".md")
	if path.Base(file) == indexFile {
		file = strings.TrimSuffix(file, indexFile) + "./"
	}
	if hasFragment {
		return file + "#" + fragment
	}
	return file
}

// Asset returns a stylesheet of the pages.
func (m *Manual) Asset(name string) ([]byte, bool) {
	content, ok := m.assets[name]
	return content, ok
}

// view is what the template shows.
type view struct {
	language
	Root, Other string // to the manual's and the other language's pages, relative
	Pages       []*page
	Current     *page // nil for results
	Body        template.HTML
	Query       string
	Results     []Result
}

// Page renders the page at a path below the manual's root, such as "zh/integrate", "zh/" or "".
func (m *Manual) Page(at string) ([]byte, bool) {
	b, name, ok := m.book(at)
	if !ok {
		return nil, false
	}
	for _, p := range b.pages {
		if p.Name == name {
			return render(view{language: b.language, Pages: b.pages, Current: p, Body: p.body}, b.folder, name), true
		}
	}
	return nil, false
}

// book returns the language of a path, and the page's name in it.
func (m *Manual) book(at string) (b *book, name string, ok bool) {
	folder, name := path.Split(at)
	b, ok = m.books[strings.TrimSuffix(folder, "/")]
	return b, name, ok
}

// searchName is the last part of the path of search results.
const searchName = "search"

// SearchPage renders the results of a search at a path, "search" or "zh/search".
func (m *Manual) SearchPage(at, query string) ([]byte, bool) {
	b, name, ok := m.book(at)
	if !ok || name != searchName {
		return nil, false
	}
	return render(view{language: b.language, Pages: b.pages, Query: query, Results: b.search(query)}, b.folder, ""), true
}

func render(v view, folder, name string) []byte {
	v.Root, v.Other = "", "zh/"+name
	if folder != "" {
		v.Root, v.Other = "../", "../"+name
	}
	if v.Other == "" {
		v.Other = "./"
	}
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, v); err != nil {
		panic(err) // only for a faulty template, which tests would find
	}
	return out.Bytes()
}
