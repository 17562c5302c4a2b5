package formats

import (
	"bufio"
	"errors"
	"strings"

	"oplog/oplog"
)

// openLines reads one entry per line and skips blank lines.
func (s *Source) openLines(in *bufio.Reader, terms oplog.ExportOptions) {
	lines := &physicalLines{in: in, encoding: func() string { return s.text.encoding }}
	at := clocks{terms.Location}
	s.form = "NDJSON"
	s.next = func() (oplog.ImportLine, error) {
		for {
			text, err := lines.next()
			line := oplog.ImportLine{Number: lines.number}
			var broken lineError
			switch {
			case errors.As(err, &broken):
				line.Err = broken
				return line, nil
			case err != nil:
				return line, err
			case strings.TrimSpace(text) == "":
				continue
			}
			line.Entry, line.Err = at.jsonEntry([]byte(text))
			return line, nil
		}
	}
}
