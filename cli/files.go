package cli

import (
	"io"
	"os"

	"oplog/control"
	"oplog/durable"
)

// files are the files of the process that a command was started in.
type files interface {
	Stat(name string) (control.FileInfo, error)
	Open(name string) (io.ReadCloser, error)
	WriteFile(name string, fill func(io.Writer) error) error // of mode 0600; see [durable.WriteFile]
	ReadCheckpoints(dir string) (control.Checkpoints, error)
}

// files returns the files of the process that the command was started in: this one, unless it runs in a server.
func (m *Program) files() files {
	if m.running != nil {
		return m.running.session
	}
	return ownFiles{}
}

// isRegular reports whether a file is a regular one or does not exist, as opposed to a device or FIFO, which cannot have files beside it.
func (m *Program) isRegular(name string) bool {
	info, err := m.files().Stat(name)
	return err != nil || !info.Exists || info.IsRegular
}

// ownFiles are the files of this process.
type ownFiles struct{}

func (ownFiles) Stat(name string) (control.FileInfo, error) { return control.Stat(name) }

func (ownFiles) Open(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (ownFiles) WriteFile(name string, fill func(io.Writer) error) error {
	return durable.WriteFile(name, 0o600, fill)
}

func (ownFiles) ReadCheckpoints(dir string) (control.Checkpoints, error) {
	return control.ReadCheckpoints(dir)
}
