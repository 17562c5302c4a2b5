package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"time"
)

// beginTime limits how long a process may take to say which command it has.
const beginTime = 10 * time.Second

// Session is a command that runs in this server for another process.
type Session struct {
	Request
	User string // of the operating system, of the process; "" if unknown

	client *rpc.Client
	ctx    context.Context
	cancel context.CancelFunc
	limit  time.Duration // see LimitWrites
}

// Begin reads the command at the other end of a connection.
func Begin(ctx context.Context, conn net.Conn, user string) (*Session, error) {
	s := &Session{User: user, client: rpc.NewClient(conn)}
	s.ctx, s.cancel = context.WithTimeout(ctx, beginTime)
	err := s.wait("Begin", None{}, &s.Request)
	s.cancel()
	if err == nil && s.Version != version {
		err = fmt.Errorf("this server has version %d of the calls, and the command has %d; restart the server to bring it to the version of the program", version, s.Version)
		s.ctx = ctx
		_, _ = fmt.Fprintln(s.Stderr(), "oplog:", err)
		s.End(1)
	}
	if err != nil {
		return nil, errors.Join(err, s.client.Close())
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	gone := s.client.Go(callsName+".Wait", None{}, new(None), make(chan *rpc.Call, 1)).Done
	go func() {
		select {
		case <-gone:
			s.cancel()
		case <-s.ctx.Done():
		}
	}()
	return s, nil
}

// Context ends with that of Begin, or when the process has gone.
func (s *Session) Context() context.Context { return s.ctx }

// End tells the process its exit status.
func (s *Session) End(status int) { _ = s.call("End", status, new(None)) }

// LimitWrites ends the session if the process takes no output for longer. Without a limit, it may stand still as long as it likes.
func (s *Session) LimitWrites(to time.Duration) { s.limit = to }

// Close ends the connection.
func (s *Session) Close() error {
	s.cancel()
	return s.client.Close()
}

// call makes a call of the process. It ends at the latest with the connection.
func (s *Session) call(name string, args, result any) error {
	return s.client.Call(callsName+"."+name, args, result)
}

// wait makes a call that may wait for a person. It ends with the context.
func (s *Session) wait(name string, args, result any) error {
	call := s.client.Go(callsName+"."+name, args, result, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		return call.Error
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// write writes a piece of a file.
func (s *Session) write(p Piece) error {
	if s.limit > 0 {
		late := time.AfterFunc(s.limit, func() { _ = s.Close() })
		defer late.Stop()
	}
	return s.call("Write", p, new(None))
}

// Getenv returns an environment variable of the process.
func (s *Session) Getenv(name string) string { return s.Env[name] }

// Stdin is the standard input of the process.
func (s *Session) Stdin() *Input { return &Input{s, stdin, false} }

// Stdout is its standard output.
func (s *Session) Stdout() *Output { return &Output{s, stdout} }

// Stderr is its standard error.
func (s *Session) Stderr() *Output { return &Output{s, stderr} }

// Stat describes a file of the process.
func (s *Session) Stat(name string) (info FileInfo, err error) {
	err = s.call("Stat", name, &info)
	return info, err
}

// ReadCheckpoints reads the checkpoints and keys in a folder.
func (s *Session) ReadCheckpoints(dir string) (found Checkpoints, err error) {
	err = s.call("Checkpoints", dir, &found)
	return found, err
}

// Open opens a file to read.
func (s *Session) Open(name string) (io.ReadCloser, error) {
	var number int
	if err := s.call("Open", name, &number); err != nil {
		return nil, err
	}
	return &openFile{bufio.NewReaderSize(&Input{s, number, false}, pieceSize), s, number}, nil
}

// openFile is a file that is read.
type openFile struct {
	*bufio.Reader
	session *Session
	number  int
}

func (f *openFile) Close() error { return f.session.call("Close", f.number, new(None)) }

// WriteFile writes the output of fill to a named file, as [oplog/durable.WriteFile] does.
func (s *Session) WriteFile(name string, fill func(io.Writer) error) error {
	var number int
	if err := s.call("Create", name, &number); err != nil {
		return err
	}
	w := bufio.NewWriterSize(&Output{s, number}, pieceSize)
	err := fill(w)
	if err == nil {
		err = w.Flush()
	}
	end := Finish{File: number}
	if err != nil {
		end.Failed = err.Error()
	}
	finished := s.call("Finish", end, new(None))
	if err != nil {
		return err // which Finish repeats
	}
	return finished
}

// Input reads a file of the process.
type Input struct {
	session *Session
	number  int
	ended   bool
}

func (in *Input) Read(b []byte) (int, error) {
	if in.ended {
		return 0, io.EOF
	}
	if len(b) == 0 {
		return 0, nil
	}
	var p Piece
	if err := in.session.wait("Read", ReadArgs{in.number, min(len(b), pieceSize)}, &p); err != nil {
		return 0, err
	}
	in.ended = p.End
	n := copy(b, p.Data)
	if n == 0 && in.ended {
		return 0, io.EOF
	}
	return n, nil
}

// IsTerminal reports whether a person types it.
func (in *Input) IsTerminal() bool { return in.number == stdin && in.session.IsTerminal[stdin] }

// Ask asks the person for a password.
func (in *Input) Ask(prompt string) (string, error) {
	var answer string
	if err := in.session.wait("Ask", prompt, &answer); err != nil {
		return "", err
	}
	return answer, nil
}

// Output writes a file of the process.
type Output struct {
	session *Session
	number  int
}

func (out *Output) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		p := Piece{File: out.number, Data: b[:min(len(b), pieceSize)]}
		if err := out.session.write(p); err != nil {
			return n, err
		}
		n += len(p.Data)
		b = b[len(p.Data):]
	}
	return n, nil
}

// IsTerminal reports whether a person reads it.
func (out *Output) IsTerminal() bool {
	return out.number != stdin && out.number < firstFile && out.session.IsTerminal[out.number]
}
