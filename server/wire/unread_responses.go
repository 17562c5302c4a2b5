package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
)

// Limits of responses that are being sent.
const (
	MaxAnswersBytes  = 64 << 20 // of all responses, without small ones
	MaxTenantAnswers = 32 << 20 // of the responses to one tenant's callers, without small ones
	MaxCallerAnswers = 16 << 20 // of the responses to one caller, without small ones
	SmallAnswer      = 64 << 10 // the system takes them off the program's hands

	// AnswerPiece must be accepted within AnswerTime each: slow links manage that, while clients that only hold a response are disconnected.
	AnswerPiece = 64 << 10
	AnswerTime  = 10 * time.Second
)

// Answers bounds the memory of responses that are being sent.
type Answers struct{ memory *Budget }

// NewAnswers returns the bounds of a server.
func NewAnswers() *Answers {
	return &Answers{NewBudget(MaxAnswersBytes, MaxTenantAnswers, MaxCallerAnswers)}
}

// Hold takes memory for a caller's response until it is sent, or returns an error if there is none. It is sent at a minimum pace.
func (a *Answers) Hold(c *fiber.Ctx, caller Holder) error {
	response := c.Response()
	if response.IsBodyStream() || c.Method() == http.MethodHead {
		return nil // Body would read a stream to its end
	}
	body := response.Body()
	if len(body) <= SmallAnswer {
		return nil
	}
	size := int64(len(body))
	var over *OverBudget
	if errors.As(a.memory.Take(caller, size), &over) {
		switch over.Share {
		case OfCaller:
			return oplog.Refuse(oplog.CodeTooMany, "unread-responses",
				"Responses to this caller that it has not received yet have more than {mebibytes} MiB; read them first.", MaxCallerAnswers>>20)
		case OfTenant:
			return oplog.Refuse(oplog.CodeTooMany, "unread-responses-of-tenant",
				"Responses to this tenant's callers that they have not received yet have more than {mebibytes} MiB; retry later.", MaxTenantAnswers>>20)
		}
		return oplog.Errorf(oplog.CodeUnavailable, "The server is sending too many large responses; retry later.")
	}
	_ = response.SwapBody(nil) // otherwise the buffer would be reused
	release := sync.OnceFunc(func() { a.memory.Give(caller, size) })
	response.SetBodyStream(&heldAnswer{bytes.NewReader(body), c.Context().Conn(), release}, len(body))
	return nil
}

// heldAnswer is the body of a large response.
type heldAnswer struct {
	*bytes.Reader
	to      net.Conn
	release func()
}

// SupportsBodyWriteTo makes fasthttp call WriteTo.
func (h *heldAnswer) SupportsBodyWriteTo() bool { return true }

// WriteTo writes the response in pieces, each with a deadline of its own.
func (h *heldAnswer) WriteTo(w io.Writer) (int64, error) {
	return h.Reader.WriteTo(&pieceWriter{w, h.to})
}

// pieceWriter writes pieces as they are: copied through the small buffer of the connection, a response would take a system call for each 4 KiB.
type pieceWriter struct {
	w  io.Writer
	to net.Conn
}

func (p *pieceWriter) Write(response []byte) (written int, err error) {
	for piece := range slices.Chunk(response, AnswerPiece) {
		if err := p.to.SetWriteDeadline(time.Now().Add(AnswerTime)); err != nil {
			return written, err
		}
		n, err := p.w.Write(piece)
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}

// Close gives back the memory.
func (h *heldAnswer) Close() error {
	h.release()
	return nil
}

// Held returns how many bytes are held.
func (a *Answers) Held() int64 {
	a.memory.mu.Lock()
	defer a.memory.mu.Unlock()
	return a.memory.held
}
