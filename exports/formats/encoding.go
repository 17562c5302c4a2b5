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

// window is how much of a file is looked at to tell what it is.
const window = 64 << 10

// textReader reads the text of a file as UTF-8, whatever its encoding. A
// sequence that is not valid in it is read as notText, for the reader of lines
// to name.
//
// UTF-8 and UTF-16 are told by their byte order marks, UTF-16 also by its zero
// bytes. Without either a file is UTF-8 if the first text in it that is not
// ASCII is; it is GB18030, which includes GBK, if that is what the text makes
// sense in. Anything else is refused, not guessed.
type textReader struct {
	in       *bufio.Reader
	decoded  *transform.Reader // of any encoding but UTF-8
	encoding string
	json     bool // which is UTF-8, unless it is Chinese
	decided  bool // false while all that was read is ASCII
	line     int  // that is read, while not decided
}

// notText stands for a sequence that is not valid. No UTF-8 has this byte.
const notText = 0xff

var (
	errZeros        = errors.New("this is not a text file: it has zero bytes in it; save it as CSV UTF-8 or as an Excel workbook (.xlsx)")
	errUTF32        = errors.New("this is text in UTF-32; save it as UTF-8")
	errNotTextFile  = errors.New("this is not a text file; save it as CSV UTF-8 or as an Excel workbook (.xlsx)")
	byteOrderMark16 = map[string]string{"\xff\xfe": "UTF-16LE", "\xfe\xff": "UTF-16BE"}
)

func newTextReader(in *bufio.Reader) (*textReader, error) {
	t := &textReader{in: in, encoding: "UTF-8", line: 1}
	start, _ := in.Peek(window)
	if bytes.HasPrefix(start, []byte(byteOrderMark)) {
		t.decided = true
		_, _ = in.Discard(len(byteOrderMark)) // was seen
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

// decode reads what follows in that encoding.
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

// utf16Without returns the encoding of UTF-16 without a mark: the zero bytes of
// its ASCII all stand first, or all second.
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
	if most*10 < len(start) || least*10 > most { // a tenth of all pairs are ASCII, at least
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
			encoding = "UTF-8" // by its standard; the lines that are not are named
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

// readASCII reads what is the same in all encodings, nothing before a byte that
// is not.
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

// encodingError is the line where text in an unknown encoding begins.
type encodingError int

func (e encodingError) Error() string {
	return fmt.Sprintf(`line %d is in an unsupported encoding, neither UTF-8, UTF-16 nor GB18030; save the file as UTF-8 (in Excel: "CSV UTF-8")`, int(e))
}

// encodingOf tells the encoding of text that begins with a byte that is not
// ASCII: UTF-8 that may be damaged, GB18030 that is Chinese, or "".
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

// isChinese reports whether a text makes sense as GB18030: nearly all of it is
// valid, and most of what is not ASCII are the characters of GB 2312. Text in
// another encoding that happens to be valid has those beyond.
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

// next decodes the character that a text begins with, which is not ASCII, and
// returns how long it is: 0 where the text ends within it and may go on, -1
// where it is not valid.
func (g *gb18030) next(src []byte, atEOF bool) (decoded []byte, size int) {
	size = 1
	if src[0] != 0x80 && src[0] != 0xff { // the euro sign of Windows, and no character
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
			decoded, size = []byte{notText}, 1
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

// Transform is that of [transform.Transformer].
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
			dst[nDst] = notText
			nDst++
			continue
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
	}
	return nDst, nSrc, nil
}
