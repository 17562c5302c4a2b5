package cli

import (
	"bytes"
	"errors"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// maxTextFile is the largest proof, checkpoint or manifest that is read, in bytes; an entry with its proof has less than 1 MiB.
const maxTextFile = 4 << 20

// readSmall reads a proof, checkpoint or manifest, from standard input if path is "-".
func (m *Program) readSmall(path string) (data []byte, err error) {
	from := m.Stdin
	if path != stdStream {
		f, err := m.files().Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		from = f
	}
	data, err = io.ReadAll(io.LimitReader(from, maxTextFile+1))
	if err == nil && len(data) > maxTextFile {
		err = errors.New("the file is too large for one; check its name")
	}
	return data, err
}

// readText reads a file that a person pasted a text into, as it was copied: editors and shells save it as UTF-16, with a byte order mark,
// with other line ends, or without the last one.
func (m *Program) readText(path string) ([]byte, error) {
	data, err := m.readSmall(path)
	if err != nil {
		return nil, err
	}
	text, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), data)
	if err != nil {
		text = data // the caller rejects it
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return append(bytes.TrimRight(text, "\n"), '\n'), nil
}
