package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updatePages = flag.Bool("update", false, "write the settings into the pages of the manual")

// settingsMark is the line of the pages that the settings follow.
const settingsMark = "<!-- The settings below are written by: go test ./cli -run ConfigurePage -update -->\n"

// pageWords are the words of a page.
type pageWords struct {
	general, none, lists, table string
	sections                    map[string]string
	help                        func(*serveSetting) string

	sourceTables map[string]string // titles of [[ldap]], [[oidc]] and [[rule]]
	sourceTable  string            // the head of their keys
	sourceHelp   func(table, key, help string) string
}

var pagesOfSettings = map[string]pageWords{
	"configure.md": {
		general: "General", none: "none", lists: " A list: `%[1]s = [\"one\", \"two\"]`, the flag repeated, or `%[2]s=%[3]s`.",
		table: "| flag | variable | key | default |\n| --- | --- | --- | --- |\n",
		sections: map[string]string{
			"log": "The server's own log", "tls": "HTTPS", "cluster": "Three nodes", "metrics": "Monitoring", "scrub": "Checks in the background", "backup": "Backups",
			"archive": "The archive",
		},
		help:         func(s *serveSetting) string { return s.Help },
		sourceTables: map[string]string{"ldap": "Directories", "oidc": "Identity providers", "rule": "Rules"},
		sourceTable:  "| key | example | meaning |\n| --- | --- | --- |\n",
		sourceHelp:   func(_, _, help string) string { return help },
	},
	"zh/configure.md": {
		general: "常规", none: "无", lists: "可为列表：`%[1]s = [\"one\", \"two\"]`，重复命令行参数，或 `%[2]s=%[3]s`。",
		table: "| 命令行参数 | 环境变量 | 键 | 默认值 |\n| --- | --- | --- | --- |\n",
		sections: map[string]string{
			"log": "服务器自身的日志", "tls": "HTTPS", "cluster": "三节点集群", "metrics": "监控", "scrub": "后台检查", "backup": "备份",
			"archive": "归档",
		},
		help:         func(s *serveSetting) string { return settingsInChinese[s.Key()] },
		sourceTables: map[string]string{"ldap": "企业目录", "oidc": "身份提供方", "rule": "规则"},
		sourceTable:  "| 键 | 示例 | 含义 |\n| --- | --- | --- |\n",
		sourceHelp:   func(table, key, _ string) string { return sourceKeysInChinese[strings.Trim(table+"."+key, ".")] },
	},
}

// settingsPage returns the settings in Markdown, by section.
func settingsPage(words pageWords) string {
	var b strings.Builder
	section := "none"
	for _, s := range inSections(serveSettings()) {
		if s.Section != section {
			section = s.Section
			title := words.general
			if section != "" {
				title = fmt.Sprintf("%s `[%s]`", words.sections[section], section)
			}
			fmt.Fprintf(&b, "\n## %s\n", title)
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s", s.Key(), escapedHelp(words.help(&s)))
		if s.isList() {
			all := "one,two"
			switch s.Flag {
			case "witness": // whose values have no separator in a variable
				all = "one"
			case "archive": // whose values have commas
				all = "one two"
			}
			fmt.Fprintf(&b, words.lists, s.Name, s.Variable, all)
		}
		fmt.Fprintf(&b, "\n\n%s| `%s` | `%s` | `%s` | %s |\n", words.table, s.flagText(), s.Variable, s.Key(), s.defaultText(words.none))
	}
	for _, t := range sourceTables {
		fmt.Fprintf(&b, "\n## %s `[[%s]]`\n\n%s\n\n%s", words.sourceTables[t.Name], t.Name, escapedHelp(words.sourceHelp(t.Name, "", t.Help)), words.sourceTable)
		for _, k := range t.Keys {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", k.Name, k.Example, escapedHelp(words.sourceHelp(t.Name, k.Name, k.Help)))
		}
	}
	return b.String()
}

// inSections returns the settings with those outside sections first, as in a file.
func inSections(settings []serveSetting) []serveSetting {
	var top, others []serveSetting
	for _, s := range settings {
		if s.Section == "" {
			top = append(top, s)
		} else {
			others = append(others, s)
		}
	}
	return append(top, others...)
}

func (s *serveSetting) flagText() string {
	if s.Placeholder == "" {
		return "--" + s.Flag
	}
	return "--" + s.Flag + " " + s.Placeholder
}

func (s *serveSetting) defaultText(none string) string {
	text := s.defaultTOML()
	if text == `""` || text == "[]" {
		return none
	}
	return "`" + text + "`"
}

// escapedHelp returns a help text as Markdown: its names of flags as code.
func escapedHelp(help string) string {
	words := strings.Fields(help)
	for i, word := range words {
		name := strings.TrimRight(word, ".,;:()")
		if strings.HasPrefix(name, "--") {
			words[i] = "`" + name + "`" + word[len(name):]
		}
	}
	return strings.NewReplacer("<", `\<`, "*", `\*`).Replace(strings.Join(words, " "))
}

// TestConfigurePages: the pages of the manual have each setting of the server, with what its flag says, in both languages.
func TestConfigurePages(t *testing.T) {
	for name, words := range pagesOfSettings {
		path := filepath.Join("..", "docs", filepath.FromSlash(name))
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, settings, found := strings.Cut(string(content), settingsMark)
		if !found {
			t.Fatalf("%s has no line %s", path, settingsMark)
		}
		want := settingsPage(words)
		if *updatePages {
			if err := os.WriteFile(path, []byte(text+settingsMark+want), 0o644); err != nil { //nolint:gosec // a file of the repository
				t.Fatal(err)
			}
			continue
		}
		if settings != want {
			t.Errorf("%s does not have the settings as they are: go test ./cli -run ConfigurePage -update", path)
		}
	}
}

// TestSettingsInChinese: each setting and section has a Chinese text, and no other has one.
func TestSettingsInChinese(t *testing.T) {
	keys := map[string]bool{}
	for _, s := range serveSettings() {
		keys[s.Key()] = true
		if settingsInChinese[s.Key()] == "" {
			t.Errorf("%s has no text in configure_zh_test.go: %s", s.Key(), s.Help)
		}
		for name, words := range pagesOfSettings {
			if s.Section != "" && words.sections[s.Section] == "" {
				t.Errorf("%s: section %s has no title in configure_page_test.go", name, s.Section)
			}
		}
	}
	for key := range settingsInChinese {
		if !keys[key] {
			t.Errorf("there is no setting %s", key)
		}
	}
}
