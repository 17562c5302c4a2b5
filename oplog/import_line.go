package oplog

import (
	"fmt"
	"strconv"
	"strings"
)

// ImportLine is a line of a file that is imported: an entry as it would be
// sent, or why it is none.
type ImportLine struct {
	Number int
	Entry  Entry
	Err    error
}

// Quote puts a text in quotation marks for people to read: characters that
// cannot be seen are spelled as in JSON.
func Quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
