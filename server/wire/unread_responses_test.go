package wire

import (
	"bufio"
	"bytes"
	"net"
	"slices"
	"testing"
	"time"
)

// countingConn notes what is written to it, and deadlines.
type countingConn struct {
	net.Conn
	written   bytes.Buffer
	sizes     []int
	deadlines int
}

func (c *countingConn) SetWriteDeadline(time.Time) error { c.deadlines++; return nil }

func (c *countingConn) Write(p []byte) (int, error) {
	c.sizes = append(c.sizes, len(p))
	return c.written.Write(p)
}

// TestHeldAnswerInPieces: a large response is written in pieces of which each has a deadline, past the buffer of 4 KiB that fasthttp has.
func TestHeldAnswerInPieces(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 3*AnswerPiece/16)
	body = append(body, "the end"...)
	c := &countingConn{}
	buffer := bufio.NewWriterSize(c, 4<<10)
	n, err := (&heldAnswer{Reader: bytes.NewReader(body), to: c}).WriteTo(buffer)
	if err != nil || n != int64(len(body)) {
		t.Fatalf("%d bytes were written: %v", n, err)
	}
	if err := buffer.Flush(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.written.Bytes(), body) {
		t.Error("the response is not the body")
	}
	if want := []int{AnswerPiece, AnswerPiece, AnswerPiece, len("the end")}; !slices.Equal(c.sizes, want) || c.deadlines != len(want) {
		t.Errorf("it is written in pieces of %v with %d deadlines, want %v", c.sizes, c.deadlines, want)
	}
}
