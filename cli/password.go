package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"oplog/identity"
)

// hashed reads a new password and returns what is kept of it.
func (m *Program) hashed(fromStdin bool) (string, error) {
	password, err := m.password(fromStdin)
	if err != nil {
		return "", err
	}
	return identity.HashPassword(password)
}

// terminal returns the file behind a stream that a person sits at.
func terminal(stream any) (*os.File, bool) {
	f, ok := stream.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// password reads a new password: a line of the standard input, or where a
// person is asked, the same twice.
func (m *Program) password(fromStdin bool) (string, error) {
	if fromStdin {
		return readLine(m.Stdin)
	}
	in, ok := terminal(m.Stdin)
	if !ok {
		return "", errors.New("there is no terminal to ask for the password on; send it to the standard input and say --password-stdin")
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(m.Stderr, prompt)
		text, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(m.Stderr)
		return string(text), err
	}
	first, err := ask("Password: ")
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	second, err := ask("The same again: ")
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed, try again")
	}
	return first, nil
}

// readLine reads up to the first line break, and no further than a password
// can be long.
func readLine(r io.Reader) (string, error) {
	const most = 4096
	text, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" {
		return "", errors.New("there is no password on the standard input; send it as one line")
	}
	return line, nil
}
