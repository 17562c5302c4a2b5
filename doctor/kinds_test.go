package doctor

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// consoleTexts returns a section of texts of the console, by code.
func consoleTexts(t *testing.T, file, section string) map[string]string {
	t.Helper()
	source, err := os.ReadFile("../frontend/src/i18n/" + file)
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(source), "\n  "+section+": {\n")
	part, _, ended := strings.Cut(part, "\n  },\n")
	if !found || !ended {
		t.Fatalf("%s has no section %s", file, section)
	}
	texts := make(map[string]string)
	line := regexp.MustCompile(`(?m)^    '?([a-z-]+)'?:\s+(?:'([^'\n]*)'|"([^"\n]*)"),$`)
	for _, one := range line.FindAllStringSubmatch(part, -1) {
		texts[one[1]] = one[2] + one[3]
	}
	return texts
}

// TestConsoleHasTheTexts: the console has the same English texts, and in Chinese texts with the same parameters.
func TestConsoleHasTheTexts(t *testing.T) {
	for _, of := range []struct {
		section string
		text    func(kind) string
	}{{"facts", func(k kind) string { return k.fact }}, {"advice", func(k kind) string { return k.advice }}} {
		en, zh := consoleTexts(t, "checks.en.ts", of.section), consoleTexts(t, "checks.zh.ts", of.section)
		for code, k := range kinds {
			want := of.text(k)
			if en[code] != want {
				t.Errorf("%s of %s: the console says %q, and the program %q", of.section, code, en[code], want)
			}
			if a, b := parameters(zh[code]), parameters(want); !slices.Equal(a, b) || (zh[code] == "") != (want == "") {
				t.Errorf("%s of %s in Chinese has %v, want %v: %q", of.section, code, a, b, zh[code])
			}
			delete(en, code)
			delete(zh, code)
		}
		if len(en)+len(zh) > 0 {
			t.Errorf("the console has %s of no finding: %v %v", of.section, en, zh)
		}
	}
}

func parameters(text string) []string {
	found := parameter.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// TestKinds: what is well needs no advice, and everything else says what to do; each code begins with its check.
func TestKinds(t *testing.T) {
	var checks []string
	for _, c := range New(Options{}).checks {
		checks = append(checks, c.name)
	}
	for code, k := range kinds {
		if (k.level == OK) != (k.advice == "") || k.fact == "" || strings.HasSuffix(k.fact, ".") || k.advice != "" && !strings.HasSuffix(k.advice, ".") {
			t.Errorf("%s: %+v", code, k)
		}
		check, _, _ := strings.Cut(code, "-")
		if _, common := ofEveryCheck[code]; !common && !slices.Contains(checks, check) {
			t.Errorf("%s is of no check", code)
		}
	}
	for _, name := range checks {
		if names := consoleTexts(t, "checks.en.ts", "names"); names[name] == "" {
			t.Errorf("the console has no name of the check %s", name)
		}
	}
}
