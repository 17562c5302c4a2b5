package cli

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
)

// asSavedByEditors returns a pasted text in the forms in which Windows editors save it.
func asSavedByEditors(t *testing.T, text string) []string {
	t.Helper()
	lines := strings.ReplaceAll(text, "\n", "\r\n")
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(lines)
	if err != nil {
		t.Fatal(err)
	}
	return []string{lines, "\ufeff" + lines, wide, strings.TrimRight(text, "\n")}
}
