package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	readmeFence   = regexp.MustCompile("(?s)```sh\n(.*?)```")
	readmeHeading = regexp.MustCompile(`(?m)^#+ `)
	shellComment  = regexp.MustCompile(`(?m)\s+# .*$`)
)

// readme returns a README, with its commands without comments.
func readme(t *testing.T, path string) (text string, commands []string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range readmeFence.FindAllStringSubmatch(string(content), -1) {
		commands = append(commands, shellComment.ReplaceAllString(block[1], ""))
	}
	return readmeFence.ReplaceAllString(string(content), "@commands"), commands
}

// firstScreen is what comes before the first section.
func firstScreen(text string) string {
	first, _, _ := strings.Cut(text, "\n## ")
	return first
}

// TestFirstScreens: both READMEs begin with the same heading, a picture and two commands, and lead to each other.
func TestFirstScreens(t *testing.T) {
	en, commandsEN := readme(t, "README.md")
	zh, commandsZH := readme(t, "README.zh-CN.md")
	for path, text := range map[string]string{"README.md": en, "README.zh-CN.md": zh} {
		first := firstScreen(text)
		if headings := readmeHeading.FindAllString(first, -1); !slices.Equal(headings, []string{"# "}) || !strings.HasPrefix(first, "# oplog\n") {
			t.Errorf("%s: the first screen has the headings %q", path, headings)
		}
		if pictures, blocks := strings.Count(first, "!["), strings.Count(first, "@commands"); pictures != 1 || blocks != 1 {
			t.Errorf("%s: the first screen has %d pictures and %d blocks of commands", path, pictures, blocks)
		}
	}
	if !strings.Contains(firstScreen(en), "(README.zh-CN.md)") || !strings.Contains(firstScreen(zh), "(README.md)") {
		t.Error("the first screens do not lead to each other")
	}
	if lines := strings.Split(strings.TrimSpace(commandsEN[0]), "\n"); len(lines) != 2 {
		t.Errorf("the first screen has %d commands: %q", len(lines), lines)
	}
	if commandsEN[0] != commandsZH[0] {
		t.Errorf("the first commands differ:\n%s\n%s", commandsEN[0], commandsZH[0])
	}
	for _, block := range commandsZH {
		if !slices.Contains(commandsEN, block) {
			t.Errorf("README.md does not have these commands of README.zh-CN.md:\n%s", block)
		}
	}
	if install, figures := strings.Index(en, "\n## Install on a server"), strings.Index(en, "\n## Figures"); install < 0 || figures < install {
		t.Error("README.md: the installation on a server does not come before the figures")
	}
}

// TestReadmeLinks: what the READMEs link to in the repository is there.
func TestReadmeLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for _, path := range []string{"README.md", "README.zh-CN.md"} {
		text, _ := readme(t, path)
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(found[1]); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
