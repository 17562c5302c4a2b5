package formats

import (
	"strconv"
	"strings"

	"oplog/oplog"
)

// named quotes a text in a message.
func named(text string) string { return oplog.Quote(shortened(text)) }

// plainly names a field in a message, quoted where it cannot be read otherwise.
func plainly(name string) string {
	if name = shortened(name); strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return oplog.Quote(name)
	}
	return name
}

// shortened keeps what an error quotes small.
func shortened(text string) string {
	const most = 64
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
