package formats

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// window is how much of a file is examined to detect its type.
const window = 64 << 10

// textReader reads a text file as UTF-8, whatever its encoding. An invalid sequence is read as invalidByte, for the line reader to report.
//
// UTF-8 and UTF-16 are detected by their byte order marks, UTF-16 also by its zero bytes. Without either a file is UTF-8 if its first
// non-ASCII text is valid UTF-8; it is GB18030, which includes GBK, if that text makes sense as such. Other encodings are rejected rather
// than guessed.
type textReader struct {
	in       *bufio.Reader
	decoded  *transform.Reader // of encodings other than UTF-8
	encoding string
	json     bool // JSON is UTF-8 unless it is Chinese
	decided  bool // false while everything read is ASCII
	line     int  // current line while undecided
}

// invalidByte stands for an invalid sequence. UTF-8 never contains this byte.
const invalidByte = 0xff

var (
	errZeros        = errors.New("this is not a text file: it contains zero bytes; save it as CSV UTF-8 or as an Excel workbook (.xlsx)")
	errUTF32        = errors.New("this is text in UTF-32; save it as UTF-8")
	errNotTextFile  = errors.New("this is not a text file; save it as CSV UTF-8 or as an Excel workbook (.xlsx)")
	byteOrderMark16 = map[string]string{"\xff\xfe": "UTF-16LE", "\xfe\xff": "UTF-16BE"}
)

func newTextReader(in *bufio.Reader) (*textReader, error) {
	t := &textReader{in: in, encoding: "UTF-8", line: 1}
	start, _ := in.Peek(window)
	if bytes.HasPrefix(start, []byte(byteOrderMark)) {
		t.decided = true
		_, _ = in.Discard(len(byteOrderMark)) // peeked before
		return t, nil
	}
	if bytes.HasPrefix(start, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(start, []byte("\x00\x00\xfe\xff")) {
		return nil, errUTF32
	}
	if len(start) >= 2 && byteOrderMark16[string(start[:2])] != "" {
		t.decode(byteOrderMark16[string(start[:2])])
		_, _ = in.Discard(2)
		return t, nil
	}
	if bytes.IndexByte(start, 0) >= 0 {
		encoding, err := utf16Without(start)
		if err != nil {
			return nil, err
		}
		t.decode(encoding)
		return t, nil
	}
	trimmed := bytes.TrimSpace(start)
	t.json = len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[')
	controls := 0
	for _, c := range start {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			controls++
		}
	}
	if controls*20 > len(start) {
		return nil, errNotTextFile
	}
	return t, nil
}

// decode decodes the rest of the file.
func (t *textReader) decode(encoding string) {
	t.decided, t.encoding = true, encoding
	switch encoding {
	case "UTF-8":
	case "GB18030":
		t.decoded = transform.NewReader(t.in, newGB18030())
	default:
		t.decoded = transform.NewReader(t.in, strictUTF16{bigEndian: encoding == "UTF-16BE"})
	}
}

// utf16Without detects UTF-16 without a byte order mark: the zero bytes of its ASCII are all first or all second.
func utf16Without(start []byte) (string, error) {
	zeros := [2]int{}
	for i, c := range start {
		if c == 0 {
			zeros[i%2]++
		}
	}
	encoding, most, least := "UTF-16BE", zeros[0], zeros[1]
	if zeros[1] > zeros[0] {
		encoding, most, least = "UTF-16LE", zeros[1], zeros[0]
	}
	if most*10 < len(start) || least*10 > most { // at least a tenth of the pairs are ASCII
		return "", errZeros
	}
	return encoding, nil
}

func (t *textReader) Read(p []byte) (int, error) {
	if !t.decided {
		if n, err := t.readASCII(p); n > 0 || err != nil {
			return n, err
		}
		start, _ := t.in.Peek(window)
		encoding := encodingOf(start)
		if encoding == "" && t.json {
			encoding = "UTF-8" // UTF-8 by its standard; invalid lines are reported
		}
		if encoding == "" {
			return 0, encodingError(t.line)
		}
		t.decode(encoding)
	}
	if t.decoded != nil {
		return t.decoded.Read(p)
	}
	return t.in.Read(p)
}

// readASCII reads up to the first non-ASCII byte: these bytes are the same in all encodings.
func (t *textReader) readASCII(p []byte) (int, error) {
	if _, err := t.in.Peek(1); err != nil {
		return 0, err
	}
	ready, _ := t.in.Peek(min(t.in.Buffered(), len(p)))
	n := bytes.IndexFunc(ready, func(r rune) bool { return r >= utf8.RuneSelf })
	if n < 0 {
		n = len(ready)
	}
	t.line += bytes.Count(ready[:n], []byte("\n"))
	copy(p, ready[:n])
	return t.in.Discard(n)
}

// encodingError is the number of the line at which text in an unknown encoding begins.
type encodingError int

func (e encodingError) Error() string {
	return fmt.Sprintf(`line %d is in an unsupported encoding, neither UTF-8, UTF-16 nor GB18030; save the file as UTF-8 (in Excel: "CSV UTF-8")`, int(e))
}

// encodingOf detects the encoding of text that starts with a non-ASCII byte: UTF-8, possibly damaged; GB18030 if it is Chinese; or "".
func encodingOf(text []byte) string {
	good, bad := 0, 0
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1 && !utf8.FullRune(rest) && len(text) == window:
			// cut by the window
		case r == utf8.RuneError && size == 1:
			bad++
		case size > 1:
			good++
		}
		rest = rest[size:]
	}
	if good > bad {
		return "UTF-8"
	}
	if isChinese(text) {
		return "GB18030"
	}
	return ""
}

// isChinese reports whether a text makes sense as GB18030: nearly all of it is valid, and most non-ASCII characters are in GB 2312. Valid
// text in other encodings has characters beyond that.
func isChinese(text []byte) bool {
	common, others, invalid := 0, 0, 0
	d := newGB18030()
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := d.next(text[i:], false)
		switch {
		case size == 0:
			i = len(text) // cut by the window
			continue
		case size < 0:
			invalid++
			size = 1
		case size == 2 && text[i+1] >= 0xa1 && (0xb0 <= text[i] && text[i] <= 0xf7 || 0xa1 <= text[i] && text[i] <= 0xa3):
			common++
		default:
			others++
		}
		i += size
	}
	return common > others && invalid*20 <= common
}

// gb18030 decodes GB18030 strictly.
type gb18030 struct {
	transform.NopResetter
	decoder transform.Transformer
	out     [utf8.UTFMax]byte
}

func newGB18030() *gb18030 {
	return &gb18030{decoder: simplifiedchinese.GB18030.NewDecoder().Transformer}
}

// next decodes the non-ASCII character at the start of a text and returns its length: 0 if the text ends within it and may continue, -1 if
// it is invalid.
func (g *gb18030) next(src []byte, atEOF bool) (decoded []byte, size int) {
	size = 1
	if src[0] != 0x80 && src[0] != 0xff { // 0x80 is the euro sign on Windows, 0xff invalid
		size = 2
		if len(src) > 1 && '0' <= src[1] && src[1] <= '9' {
			size = 4
		}
	}
	if len(src) < size {
		if atEOF {
			return nil, -1
		}
		return nil, 0
	}
	n, read, err := g.decoder.Transform(g.out[:], src[:size], true)
	r, first := utf8.DecodeRune(g.out[:n])
	replaced := r == utf8.RuneError && string(src[:size]) != "\x84\x31\xa4\x37"
	if err != nil || read != size || first != n || replaced {
		return nil, -1
	}
	return g.out[:n], size
}

func (g *gb18030) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if nDst+utf8.UTFMax > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		if src[nSrc] < utf8.RuneSelf {
			dst[nDst] = src[nSrc]
			nDst, nSrc = nDst+1, nSrc+1
			continue
		}
		decoded, size := g.next(src[nSrc:], atEOF)
		switch {
		case size == 0:
			return nDst, nSrc, transform.ErrShortSrc
		case size < 0:
			decoded, size = []byte{invalidByte}, 1
		}
		nDst, nSrc = nDst+copy(dst[nDst:], decoded), nSrc+size
	}
	return nDst, nSrc, nil
}

// strictUTF16 decodes UTF-16.
type strictUTF16 struct {
	transform.NopResetter
	bigEndian bool
}

func (u strictUTF16) unit(src []byte) rune {
	if u.bigEndian {
		return rune(src[0])<<8 | rune(src[1])
	}
	return rune(src[1])<<8 | rune(src[0])
}

// Transform implements [transform.Transformer].
func (u strictUTF16) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if nDst+utf8.UTFMax > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		rest := src[nSrc:]
		size, r := 2, rune(-1)
		switch {
		case len(rest) >= 2 && !utf16.IsSurrogate(u.unit(rest)):
			r = u.unit(rest)
		case len(rest) >= 4 && utf16.DecodeRune(u.unit(rest), u.unit(rest[2:])) != utf8.RuneError:
			size, r = 4, utf16.DecodeRune(u.unit(rest), u.unit(rest[2:]))
		case len(rest) < 4 && !atEOF:
			return nDst, nSrc, transform.ErrShortSrc
		}
		nSrc += min(size, len(rest))
		if r < 0 {
			dst[nDst] = invalidByte
			nDst++
			continue
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
	}
	return nDst, nSrc, nil
}
