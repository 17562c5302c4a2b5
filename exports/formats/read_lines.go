package formats

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// physicalLines reads lines with their line breaks and counts them.
type physicalLines struct {
	in         *bufio.Reader
	encoding   func() string
	number     int        // of the last line read
	pushedBack []readLine // lines to read again
}

// readLine is a line or its error.
type readLine struct {
	text string
	err  error
}

// lineError is the reason why a line is invalid.
type lineError string

func (e lineError) Error() string { return string(e) }

const errLongLine = lineError("is longer than 1 MiB")

// next returns a line, io.EOF after the last, or a lineError, after which reading can continue.
func (p *physicalLines) next() (string, error) {
	if len(p.pushedBack) > 0 {
		line := p.pushedBack[0]
		p.pushedBack = p.pushedBack[1:]
		p.number++
		return line.text, line.err
	}
	var line strings.Builder
	long := false
	for {
		piece, err := p.in.ReadSlice('\n')
		if long = long || line.Len()+len(piece) > maxLine; !long {
			line.Write(piece)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && line.Len() == 0 && !long:
			return "", io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return "", fmt.Errorf("the file cannot be read after line %d: %w", p.number, err)
		}
		p.number++
		switch {
		case long:
			return "", errLongLine
		case !utf8.ValidString(line.String()):
			return "", notEncoded(p.encoding())
		}
		return line.String(), nil
	}
}

func notEncoded(encoding string) error {
	return lineError("contains bytes that are invalid in " + encoding + "; the line is damaged, or in a different encoding")
}

// unread makes lines be read again.
func (p *physicalLines) unread(lines []readLine) {
	p.pushedBack = append(lines, p.pushedBack...)
	p.number -= len(lines)
}

// withoutBreak returns a line without its line break.
func withoutBreak(line string) string {
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
}
