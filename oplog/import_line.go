package oplog

import (
	"fmt"
	"strconv"
	"strings"
)

// ImportLine is a line of an imported file: an entry as a sender would send it, or the error that kept it from being one.
type ImportLine struct {
	Number int
	Entry  Entry
	Err    error
}

// Quote quotes text for display; invisible characters are escaped as in JSON.
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
