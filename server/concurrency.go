package server

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"oplog/server/wire"
)

// turnTime is how long a request may wait for its turn.
const turnTime = 10 * time.Second

// refusedPause is how long the turn of a request lasts that was refused because its caller has too much: with two processors, a caller has 200 of
// them in a second.
const refusedPause = 10 * time.Millisecond

// newTurns returns the turns of requests that read a tenant: as many of one caller are served at a time as there are processors, some of one
// tenant, and some of all. More would not be faster, only keep others waiting, and hold the memory of as many responses.
func newTurns() *wire.Budget {
	each := int64(max(2, runtime.GOMAXPROCS(0)))
	return wire.NewBudget(16*each, 8*each, each)
}

// turnKey is the request's key of what ends its turn.
type turnKey struct{}

// countingChanges are the operations that count the entries of a tenant before they change anything.
var countingChanges = map[string]bool{"startExport": true, "setCatalog": true, "setOrganizations": true}

// takesTurn reports whether an operation served by Huma reads much of a tenant.
func (r *route) takesTurn() bool {
	return strings.Contains(r.path, "{tenant}") && !changes(r.method) || countingChanges[r.id]
}

// takeTurn waits until it is a caller's turn. The turn ends with endTurn, before the response is sent.
func (s *Server) takeTurn(ctx context.Context, c *fiber.Ctx, caller wire.Holder) error {
	wait, cancel := context.WithTimeout(ctx, s.turnTime)
	defer cancel()
	if err := s.turns.Wait(wait, caller, 1); err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // its client has left
		}
		return fiber.NewError(http.StatusTooManyRequests, fmt.Sprintf("Too many requests of one user, key or tenant are waiting: this one waited for %s.", s.turnTime))
	}
	c.Locals(turnKey{}, func() { s.turns.Give(caller, 1) })
	return nil
}

// whileThere returns the context of a request whose body was read, until stop is called: it ends when the client leaves, and with the time for a
// request.
func (s *Server) whileThere(c *fiber.Ctx) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithTimeout(c.UserContext(), requestTimeout)
	unwatch := wire.WatchLater(s.watchAfter, c.Context().Conn(), cancel)
	return ctx, func() {
		unwatch()
		cancel()
	}
}

// endTurn ends the turn of a request that has one: at once, or with a pause after one that asked for more than its caller may have. Such
// requests take so little time that thousands of them would keep the processors from everybody else.
func (s *Server) endTurn(c *fiber.Ctx) {
	switch end, ok := c.Locals(turnKey{}).(func()); {
	case !ok:
	case c.Response().StatusCode() == http.StatusTooManyRequests:
		time.AfterFunc(s.refusedPause, end)
	default:
		end()
	}
}
