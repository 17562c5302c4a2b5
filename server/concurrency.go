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

// newTurns returns the turns of requests that read a tenant: as many of one caller are served at a time as there are processors, some of one
// tenant, and some of all. More would not be faster, only keep others waiting, and hold the memory of as many responses.
func newTurns() *wire.Budget {
	each := int64(max(2, runtime.GOMAXPROCS(0)))
	return wire.NewBudget(16*each, 8*each, each)
}

// turnKey is the request's key of what ends its turn.
type turnKey struct{}

// takeTurn waits until it is a caller's turn. The turn ends with endTurn, before the response is sent.
func (s *Server) takeTurn(ctx context.Context, c *fiber.Ctx, r *route, caller wire.Holder) error {
	if changes(r.method) || !strings.Contains(r.path, "{tenant}") {
		return nil
	}
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

// endTurn ends the turn of a request that has one.
func endTurn(c *fiber.Ctx) {
	if end, ok := c.Locals(turnKey{}).(func()); ok {
		end()
	}
}
