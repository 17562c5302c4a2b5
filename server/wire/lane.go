package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"time"
)

// A lane is a connection between two nodes on which many small requests and their answers travel at once, in frames: those that are ready together
// share a record of TLS, a system call and the wake-up of a goroutine, which cost more than the requests. A frame is
//
//	length of the rest (4 bytes, big-endian), number of the request (8), request or answer
//
// where the answer has the number of its request. The number 0 is of the frame, without more, that ends a lane: the node that answers takes no more
// requests on it than are on their way.

const (
	frameHead  = 4 + 8
	laneBuffer = 16 << 10
)

// BeginFrame returns the beginning of a frame, to which its content is appended.
func BeginFrame(capacity int) []byte { return make([]byte, frameHead, frameHead+capacity) }

// ReadFrame reads a frame of at most so many bytes.
func ReadFrame(r *bufio.Reader, most int) (number uint64, content []byte, err error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	length := int64(binary.BigEndian.Uint32(head[:])) - 8
	if length < 0 || length > int64(most) {
		return 0, nil, fmt.Errorf("a frame of %d bytes", length)
	}
	content = make([]byte, length)
	_, err = io.ReadFull(r, content)
	return binary.BigEndian.Uint64(head[4:]), content, err
}

// LaneReader returns what frames are read from.
func LaneReader(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, laneBuffer) }

// Frames writes frames, those that are waiting together.
type Frames struct {
	to    net.Conn
	stall time.Duration // in which they must be accepted
	wake  chan struct{}

	mu      sync.Mutex
	room    sync.Cond // fewer are waiting, or none will be written any more
	waiting []byte
	added   uint64 // frames
	taken   uint64 // of added, from waiting, to be written
	closed  bool   // no more are added
	failed  bool   // or written
}

// ErrLaneClosed means that frames are not written any more.
var ErrLaneClosed = errors.New("the lane is closed")

// NewFrames returns a writer of frames to a connection; see Run.
func NewFrames(to net.Conn, stall time.Duration) *Frames {
	f := &Frames{to: to, stall: stall, wake: make(chan struct{}, 1)}
	f.room.L = &f.mu
	return f
}

// Add has a frame written, and returns its place in the order; see Sent.
func (f *Frames) Add(number uint64, frame []byte) (place uint64, err error) {
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4)) //nolint:gosec // bodies are far shorter
	binary.BigEndian.PutUint64(frame[4:], number)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.failed {
		return 0, ErrLaneClosed
	}
	f.waiting = append(f.waiting, frame...)
	f.added++
	f.signal()
	return f.added, nil
}

func (f *Frames) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Sent reports whether a part of a frame may have been written. Once Run has ended the answer does not change.
func (f *Frames) Sent(place uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return place <= f.taken
}

// AwaitRoom returns once few bytes are waiting.
func (f *Frames) AwaitRoom(few int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.waiting) > few && !f.failed {
		f.room.Wait()
	}
}

// Close has Run write what is waiting, and end.
func (f *Frames) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.signal()
}

// Fail has Run end without writing more.
func (f *Frames) Fail() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = true
	f.room.Broadcast()
	f.signal()
}

// Run writes frames until Close, Fail or an error.
func (f *Frames) Run() error {
	var written []byte
	for {
		<-f.wake
		runtime.Gosched() // others that are ready add theirs first
		frames, more := f.take(written)
		if len(frames) > 0 {
			if err := f.write(frames); err != nil {
				f.Fail()
				return err
			}
		}
		if !more {
			return nil
		}
		if written = frames; cap(written) > 4*laneBuffer {
			written = nil // it is rarely that large
		}
	}
}

// take returns what is waiting, in exchange for an empty buffer; more is false if nothing comes after it.
func (f *Frames) take(empty []byte) (frames []byte, more bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed {
		return nil, false
	}
	frames, f.waiting, f.taken = f.waiting, empty[:0], f.added
	f.room.Broadcast()
	return frames, !f.closed
}

func (f *Frames) write(frames []byte) error {
	if err := f.to.SetWriteDeadline(time.Now().Add(f.stall)); err != nil {
		return err
	}
	_, err := f.to.Write(frames)
	return err
}
