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

// hashed reads a new password of an account and returns its hash.
func (m *Program) hashed(username string, fromStdin bool) (string, error) {
	password, err := m.password(fromStdin)
	if err != nil {
		return "", err
	}
	return identity.HashPassword(username, password)
}

// isTerminal reports whether a stream is a terminal, here or of the process that a command runs for.
func isTerminal(stream any) bool {
	if s, ok := stream.(interface{ IsTerminal() bool }); ok {
		return s.IsTerminal()
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// asker returns the function that asks the person at the terminal for a password; nil if there is no terminal.
func (m *Program) asker() func(prompt string) (string, error) {
	if !isTerminal(m.Stdin) {
		return nil
	}
	if in, ok := m.Stdin.(interface{ Ask(string) (string, error) }); ok {
		return in.Ask
	}
	in, _ := m.Stdin.(*os.File)
	return func(prompt string) (string, error) {
		fmt.Fprint(m.Stderr, prompt)
		text, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(m.Stderr)
		return string(text), err
	}
}

// password reads a new password: one line of standard input, or twice from a prompt.
func (m *Program) password(fromStdin bool) (string, error) {
	if fromStdin {
		return readLine(m.Stdin)
	}
	ask := m.asker()
	if ask == nil {
		return "", errors.New("there is no terminal to prompt for the password; send it to standard input and use --password-stdin")
	}
	first, err := ask("Password: ")
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	second, err := ask("Repeat the password: ")
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if first != second {
		return "", errors.New("the passwords differ; nothing was changed, try again")
	}
	return first, nil
}

// readLine reads up to the first line break, within the maximum length of a password.
func readLine(r io.Reader) (string, error) {
	const most = 4096
	text, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" {
		return "", errors.New("there is no password on standard input; send it as one line")
	}
	return line, nil
}
