package cli

import (
	"bytes"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// pasted returns the text of a file that a person pasted it into, as it was
// copied: editors and shells save it as UTF-16, with a byte order mark, with
// other line ends, or without the last one.
func pasted(data []byte) []byte {
	text, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), data)
	if err != nil {
		text = data // for the reader to refuse
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return append(bytes.TrimRight(text, "\n"), '\n')
}
