package cli

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
)

// savedByEditors returns a text as Windows saves what was pasted.
func savedByEditors(t *testing.T, text string) []string {
	t.Helper()
	lines := strings.ReplaceAll(text, "\n", "\r\n")
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(lines)
	if err != nil {
		t.Fatal(err)
	}
	return []string{lines, "\ufeff" + lines, wide, strings.TrimRight(text, "\n")}
}
