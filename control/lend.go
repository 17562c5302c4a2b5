package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"os"
	"slices"
	"sync"

	"oplog/durable"
	"oplog/proof"
)

// version is that of the calls between a command and a server.
const version = 1

// Request is a command to run.
type Request struct {
	Version int
	Args    []string
	Env     map[string]string // the environment variables that set flags

	IsTerminal [3]bool // standard input, output and error
}

// Desk is what the process of a command lends to the server. The server gets nothing else: it may run as a user with fewer rights than the
// process.
type Desk struct {
	Request
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Ask            func(prompt string) (string, error) // asks for a password; nil without a terminal

	Reads   []string // the files that the server may read,
	Writes  []string // those that it may write,
	Anchors string   // and the folder of checkpoints that it may read; "" for none
}

// Run lets the server at the other end of a connection run the command, and returns its exit status. It closes the connection.
func (d *Desk) Run(ctx context.Context, conn net.Conn) (status int, err error) {
	d.Version = version
	c := &calls{desk: d, ended: make(chan struct{}), files: map[int]*lentFile{}}
	server := rpc.NewServer()
	if err := server.RegisterName(callsName, c); err != nil {
		return 0, errors.Join(err, conn.Close())
	}
	w := &watchedConn{Conn: conn, broken: make(chan struct{})}
	go server.ServeConn(w)
	select {
	case <-c.ended:
		status = c.status
	case <-w.broken:
		select {
		case <-c.ended:
			status = c.status
		default:
			err = errors.New("the server ended before the command did; see its log, and whether the command has to be run again")
		}
	case <-ctx.Done():
		err = ctx.Err()
		c.asking.Lock() // the terminal must not stay without echo
	}
	_ = conn.Close() // the server has ended it, too
	c.abandon()
	return status, err
}

// watchedConn tells when its other end has gone. While a call waits for input, the server of package rpc does not.
type watchedConn struct {
	net.Conn
	once   sync.Once
	broken chan struct{}
}

func (w *watchedConn) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.once.Do(func() { close(w.broken) })
	}
	return n, err
}

// The files that are open from the start.
const (
	stdin = iota
	stdout
	stderr
	firstFile
)

// pieceSize is the most that a call reads or writes.
const pieceSize = 128 << 10

// callsName is the name of the calls in the protocol.
const callsName = "Desk"

// The arguments and results of calls.
type (
	// Piece is a part of a file.
	Piece struct {
		File int
		Data []byte
		End  bool // whether nothing follows
	}
	// ReadArgs says what to read.
	ReadArgs struct{ File, Max int }
	// Finish ends a file that is written.
	Finish struct {
		File   int
		Failed string // why it is incomplete and has to be removed; "" if it is complete
	}
	// Checkpoints are those of a folder.
	Checkpoints struct {
		Anchors []proof.Anchor
		Keys    []proof.AnchoredKeys
	}
	// None is no argument or result.
	None struct{ None bool }
)

// calls are the calls that the server makes, as package rpc wants them. There are never two of one file at a time.
type calls struct {
	desk   *Desk
	asking sync.Mutex // held while somebody types a password
	once   sync.Once
	ended  chan struct{}
	status int // once ended

	mu    sync.Mutex // guards the fields below
	files map[int]*lentFile
	last  int
	gone  bool // the command has ended: no more files are opened
}

// lentFile is a file that the server reads or writes.
type lentFile struct {
	read    *os.File
	write   *io.PipeWriter
	written chan error // the result of writing, once
}

// Begin returns the command to run.
func (c *calls) Begin(_ None, r *Request) error {
	*r = c.desk.Request
	return nil
}

// Wait returns once the command has ended, so that the server knows when the process has gone.
func (c *calls) Wait(None, *None) error {
	<-c.ended
	return nil
}

// End ends the command.
func (c *calls) End(status int, _ *None) error {
	c.once.Do(func() {
		c.status = status
		close(c.ended)
	})
	return nil
}

// Ask asks for a password.
func (c *calls) Ask(prompt string, answer *string) (err error) {
	if c.desk.Ask == nil {
		return errors.New("there is no terminal")
	}
	c.asking.Lock()
	defer c.asking.Unlock()
	*answer, err = c.desk.Ask(prompt)
	return err
}

// Stat describes a file.
func (c *calls) Stat(name string, info *FileInfo) (err error) {
	if !slices.Contains(c.desk.Reads, name) && !slices.Contains(c.desk.Writes, name) {
		return notLent(name)
	}
	*info, err = Stat(name)
	return err
}

// Checkpoints reads those of the folder.
func (c *calls) Checkpoints(dir string, found *Checkpoints) (err error) {
	if dir == "" || dir != c.desk.Anchors {
		return notLent(dir)
	}
	*found, err = ReadCheckpoints(dir)
	return err
}

// ReadCheckpoints reads the checkpoints and keys in a folder.
func ReadCheckpoints(dir string) (found Checkpoints, err error) {
	if found.Anchors, err = proof.ReadAnchors(dir); err != nil {
		return found, err
	}
	found.Keys, err = proof.ReadAnchoredKeys(dir)
	return found, err
}

// Open opens a file to read.
func (c *calls) Open(name string, number *int) error {
	if !slices.Contains(c.desk.Reads, name) {
		return notLent(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	if *number = c.add(&lentFile{read: f}); *number == 0 {
		return errors.Join(errEnded, f.Close())
	}
	return nil
}

// Read reads the next piece of a file. End may come with the last one or alone.
func (c *calls) Read(what ReadArgs, p *Piece) error {
	from := c.desk.Stdin
	if what.File != stdin {
		f := c.file(what.File)
		if f == nil || f.read == nil {
			return errNotOpen
		}
		from = f.read
	}
	p.Data = make([]byte, min(max(what.Max, 1), pieceSize))
	n, err := from.Read(p.Data)
	p.Data = p.Data[:n]
	if errors.Is(err, io.EOF) {
		p.End, err = true, nil
	}
	return err
}

// Close closes a file that was read.
func (c *calls) Close(number int, _ *None) error {
	f := c.take(number)
	if f == nil || f.read == nil {
		return errNotOpen
	}
	return f.read.Close()
}

// Create begins to write a file, which gets its name once it is complete.
func (c *calls) Create(name string, number *int) error {
	if !slices.Contains(c.desk.Writes, name) {
		return notLent(name)
	}
	r, w := io.Pipe()
	f := &lentFile{write: w, written: make(chan error, 1)}
	begun := make(chan struct{})
	go func() {
		err := durable.WriteFile(name, 0o600, func(to io.Writer) error {
			close(begun)
			_, err := io.Copy(to, r)
			return err
		})
		_ = r.CloseWithError(err)
		f.written <- err
	}()
	select {
	case <-begun:
	case err := <-f.written:
		return err
	}
	if *number = c.add(f); *number == 0 {
		return errors.Join(errEnded, f.finish(errEnded))
	}
	return nil
}

// Write writes the next piece of a file.
func (c *calls) Write(p Piece, _ *None) (err error) {
	switch p.File {
	case stdout:
		_, err = c.desk.Stdout.Write(p.Data)
	case stderr:
		_, err = c.desk.Stderr.Write(p.Data)
	default:
		f := c.file(p.File)
		if f == nil || f.write == nil {
			return errNotOpen
		}
		_, err = f.write.Write(p.Data)
	}
	return err
}

// Finish ends a file that was written, and returns once it is on disk.
func (c *calls) Finish(end Finish, _ *None) error {
	f := c.take(end.File)
	if f == nil || f.write == nil {
		return errNotOpen
	}
	if end.Failed != "" {
		return f.finish(errors.New(end.Failed))
	}
	return f.finish(nil)
}

// finish ends writing, with an error if the file is incomplete.
func (f *lentFile) finish(failed error) error {
	if failed != nil {
		_ = f.write.CloseWithError(failed)
	} else {
		_ = f.write.Close()
	}
	err := <-f.written
	f.written <- err
	return err
}

func (c *calls) add(f *lentFile) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return 0
	}
	c.last = max(c.last+1, firstFile)
	c.files[c.last] = f
	return c.last
}

func (c *calls) file(number int) *lentFile {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.files[number]
}

func (c *calls) take(number int) *lentFile {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.files[number]
	delete(c.files, number)
	return f
}

// abandon closes what is open, and removes files that are incomplete.
func (c *calls) abandon() {
	c.mu.Lock()
	c.gone = true
	open := c.files
	c.files = nil
	c.mu.Unlock()
	for _, f := range open {
		if f.write != nil {
			_ = f.finish(errEnded) // which is why
		} else {
			_ = f.read.Close()
		}
	}
}

var (
	errEnded   = errors.New("the command has ended")
	errNotOpen = errors.New("the file is not open")
)

func notLent(name string) error {
	return fmt.Errorf("the command does not name the file %s, so the server may not use it", name)
}
