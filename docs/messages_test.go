package docs

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMessages: the messages that the page of troubleshooting explains are those of the program, or of the system.
func TestMessages(t *testing.T) {
	var code strings.Builder
	for _, folder := range []string{"cli", "storage", "server"} {
		paths, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%v, %d files", err, len(paths))
		}
		for _, path := range paths { // tests, too: they have messages as they are printed
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(content)
		}
	}
	for _, system := range []error{syscall.EADDRINUSE, syscall.EROFS, syscall.EACCES} {
		code.WriteString(system.Error())
	}
	text, _ := source(t, "", "troubleshooting")
	checked := 0
	for _, row := range tableRows(text) {
		for _, message := range spans.FindAllString(cell(row, 0), -1) {
			for part := range strings.SplitSeq(strings.Trim(message, "`"), "…") {
				part = strings.Trim(part, " .,;")
				if checked++; !strings.Contains(code.String(), part) {
					t.Errorf("%s: no message of the program has %q", message, part)
				}
			}
		}
	}
	if checked < 15 {
		t.Errorf("only %d parts of messages", checked)
	}
}
