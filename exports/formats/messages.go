package formats

import (
	"strconv"
	"strings"

	"oplog/oplog"
)

// quotedText quotes a text for a message.
func quotedText(text string) string { return oplog.Quote(shortened(text)) }

// quotedField returns a field name for a message, quoted if it would be unclear otherwise.
func quotedField(name string) string {
	if name = shortened(name); strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return oplog.Quote(name)
	}
	return name
}

// shortened limits the length of text quoted in errors.
func shortened(text string) string {
	const most = 64
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
