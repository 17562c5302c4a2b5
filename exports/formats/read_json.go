package formats

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"oplog/oplog"
)

// openJSON detects the layout of a JSON file.
func (s *Source) openJSON(in *bufio.Reader, start []byte, terms oplog.ExportOptions) error {
	start = bytes.TrimSpace(start)
	if start[0] == '[' {
		return s.openValues(in, "JSON array", "", terms)
	}
	first, others, _ := bytes.Cut(start, []byte("\n"))
	if oneValue(first) == nil {
		if len(bytes.TrimSpace(others)) == 0 {
			if name := arrayOf(first); name != "" {
				return s.openValues(in, fmt.Sprintf("JSON with entries in %s", quotedText(name)), name, terms)
			}
		}
	} else if spansLines(start, others) {
		if name := arrayOf(start); name != "" {
			return s.openValues(in, fmt.Sprintf("JSON with entries in %s", quotedText(name)), name, terms)
		}
		return s.openValues(in, "JSON with entries that span several lines", "", terms)
	}
	if err := rejectForeign(first); err != nil {
		return err
	}
	s.openLines(in, terms)
	return nil
}

var lenient = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// oneValue returns nil if a text is exactly one JSON value.
func oneValue(text []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(text), lenient)
	if err := d.SkipValue(); err != nil {
		return err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("more follows")
	}
	return nil
}

// spansLines reports whether the first JSON value of a file continues beyond the first line, as opposed to a damaged first line.
func spansLines(start, others []byte) bool {
	others = bytes.TrimSpace(others)
	if len(others) > 0 && others[0] == '{' {
		return false // the next entry
	}
	d := jsontext.NewDecoder(bytes.NewReader(start), lenient)
	err := d.SkipValue()
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return bytes.IndexByte(start[:min(int(syntax.ByteOffset), len(start))], '\n') >= 0
	}
	return true
}

// arrayOf returns the name of the member with an array of objects, for an object that is not an entry itself; "" if there is none.
func arrayOf(text []byte) string {
	d := jsontext.NewDecoder(bytes.NewReader(text), lenient)
	if _, err := d.ReadToken(); err != nil {
		return ""
	}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return ""
		}
		name := token.String() // valid only until the next token
		if slices.Contains(sentFields, name) {
			return ""
		}
		if d.PeekKind() == '[' {
			if _, err := d.ReadToken(); err != nil {
				return ""
			}
			if k := d.PeekKind(); k == '{' || k == ']' && (name == "entries" || name == "Records") {
				return name
			}
			for d.PeekKind() != ']' && err == nil {
				err = d.SkipValue()
			}
			if _, closed := d.ReadToken(); err != nil || closed != nil {
				return ""
			}
		} else if d.SkipValue() != nil {
			return ""
		}
	}
	return ""
}

// valueReader reads entries from the values of a JSON document, one at a time.
type valueReader struct {
	clocks
	source  *Source
	decoder *jsontext.Decoder
	input   *countedReader
	within  int // nesting depth of the array; 0 for top-level values
	name    string
	number  int
	first   jsontext.Value // already read for detection
	ended   bool
}

// openValues opens an array, an array in a member of an object, or concatenated values.
func (s *Source) openValues(in io.Reader, form, name string, terms oplog.ExportOptions) error {
	s.form = form
	s.position = func(number int) string { return fmt.Sprintf("entry %d", number) }
	input := &countedReader{in: in}
	r := &valueReader{clocks: clocks{terms.Location}, source: s, input: input, decoder: jsontext.NewDecoder(input, lenient), name: name}
	if err := r.enter(); err != nil {
		return r.syntaxError(err)
	}
	first, err := r.read()
	switch {
	case errors.Is(err, io.EOF):
	case err != nil:
		return err
	default:
		if err := rejectForeign(first); err != nil {
			return err
		}
		r.first = first.Clone()
	}
	s.next = r.next
	return nil
}

// enter moves to the first value.
func (r *valueReader) enter() error {
	if r.name == "" {
		if r.decoder.PeekKind() != '[' {
			return nil
		}
		r.within = 1
		_, err := r.decoder.ReadToken()
		return err
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	for {
		name, err := r.decoder.ReadToken()
		if err != nil {
			return err
		}
		if name.Kind() == '"' && name.String() == r.name {
			r.within = 2
			_, err := r.decoder.ReadToken()
			return err
		}
		if err := r.decoder.SkipValue(); err != nil {
			return err
		}
	}
}

func (r *valueReader) next() (oplog.ImportLine, error) {
	value := r.first
	if r.first = nil; value == nil {
		var err error
		if value, err = r.read(); err != nil {
			return oplog.ImportLine{}, err
		}
	}
	r.number++
	line := oplog.ImportLine{Number: r.number}
	if !utf8.Valid(value) {
		line.Err = notEncoded(r.source.text.encoding)
		return line, nil
	}
	line.Entry, line.Err = r.jsonEntry(value)
	return line, nil
}

// read returns the next value, io.EOF after the last.
func (r *valueReader) read() (jsontext.Value, error) {
	r.input.allow(r.decoder.InputOffset())
	if r.ended {
		return nil, io.EOF
	}
	if r.within > 0 && r.decoder.PeekKind() == ']' {
		return nil, r.leave()
	}
	value, err := r.decoder.ReadValue()
	if errors.Is(err, io.EOF) && r.within == 0 {
		return nil, io.EOF
	}
	if err != nil {
		return nil, r.syntaxError(err)
	}
	return value, nil
}

// leave checks the rest of the document after the array, so that no further entries are lost silently.
func (r *valueReader) leave() error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return r.syntaxError(err)
	}
	for r.within == 2 && r.decoder.PeekKind() == '"' {
		token, err := r.decoder.ReadToken()
		if err != nil {
			return r.syntaxError(err)
		}
		name := token.String() // valid only until the next token
		if r.decoder.PeekKind() == '[' {
			return fmt.Errorf("another list, %s, follows the entries in %s and was not read; save it as a separate file", quotedText(name), quotedText(r.name))
		}
		if err := r.decoder.SkipValue(); err != nil {
			return r.syntaxError(err)
		}
	}
	if r.within == 2 {
		if _, err := r.decoder.ReadToken(); err != nil {
			return r.syntaxError(err)
		}
	}
	if _, err := r.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		if err == nil {
			return fmt.Errorf("the data in line %d, after the end of the JSON, was not read", r.input.lineOf(r.decoder.InputOffset()))
		}
		return r.syntaxError(err)
	}
	r.ended = true
	return io.EOF
}

// syntaxError explains for users why the document cannot be parsed further.
func (r *valueReader) syntaxError(err error) error {
	after := ""
	if r.number > 0 {
		after = fmt.Sprintf(" after entry %d", r.number)
	}
	var syntax *jsontext.SyntacticError
	switch {
	case r.input.failed != nil:
		return fmt.Errorf("the file cannot be read%s: %w", after, r.input.failed)
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return fmt.Errorf("the file ends%s in the middle of the JSON; the rest is missing", after)
	case errors.As(err, &syntax):
		return fmt.Errorf("the file is not valid JSON from line %d on%s", r.input.lineOf(syntax.ByteOffset), after)
	}
	return err
}

var errLongValue = errors.New("the next value is longer than 1 MiB, the limit of an entry")

// countedReader counts lines and limits how much is read for one value.
type countedReader struct {
	in     io.Reader
	failed error // why reading cannot continue
	read   int64
	most   int64
	line   int     // line of the last permitted value
	breaks []int64 // offsets of line ends since then
}

// allow permits reading one value from the offset on.
func (c *countedReader) allow(offset int64) {
	c.most = offset + maxLine
	passed, _ := slices.BinarySearch(c.breaks, offset)
	c.line += passed
	c.breaks = slices.Delete(c.breaks, 0, passed)
}

func (c *countedReader) Read(p []byte) (int, error) {
	if c.most > 0 && c.read > c.most {
		c.failed = errLongValue
		return 0, c.failed
	}
	n, err := c.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.failed = err
	}
	for i, b := range p[:n] {
		if b == '\n' {
			c.breaks = append(c.breaks, c.read+int64(i))
		}
	}
	c.read += int64(n)
	return n, err
}

// lineOf returns the line of a recent offset.
func (c *countedReader) lineOf(offset int64) int {
	later, _ := slices.BinarySearch(c.breaks, offset)
	return c.line + later + 1
}
