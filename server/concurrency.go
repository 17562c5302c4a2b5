package server

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"oplog/server/wire"
)

// turnTime is how long a request may wait for its turn.
const turnTime = 10 * time.Second

// refusedPause is how long the turn of a request lasts that was refused because its caller has too much: with two processors, a caller has 200 of
// them in a second.
const refusedPause = 10 * time.Millisecond

// Each busyTime that the turns of a caller have lasted while further ones waited, one turn lasts busyPause longer. Otherwise such a caller would keep
// all processors busy, and the Go scheduler looks for what has arrived on connections only when one is free, or 10 ms after it looked last: others
// would wait several times as long.
const (
	busyTime  = 4 * time.Millisecond
	busyPause = 2 * time.Millisecond
)

// newTurns returns the turns of requests that read a tenant: as many of one caller are served at a time as there are processors, some of one
// tenant, and some of all. More would not be faster, only keep others waiting, and hold the memory of as many responses.
func newTurns() *wire.Budget {
	each := int64(max(2, runtime.GOMAXPROCS(0)))
	return wire.NewBudget(16*each, 8*each, each)
}

// turnKey is the request's key of its turn.
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
	c.Locals(turnKey{}, turn{caller, time.Now()})
	return nil
}

// turn is a caller's turn since it began.
type turn struct {
	caller wire.Holder
	began  time.Time
}

// busyCallers has how long the turns of callers have lasted since the last pause, of those that let further ones wait.
type busyCallers struct {
	time, pause time.Duration // see busyTime

	mu    sync.Mutex
	spent map[wire.Holder]time.Duration
}

func newBusyCallers() *busyCallers {
	return &busyCallers{time: busyTime, pause: busyPause, spent: make(map[wire.Holder]time.Duration)}
}

// pauseAfter returns the pause after a caller's turn that took so long, while others of its turns are waited for or not.
func (b *busyCallers) pauseAfter(caller wire.Holder, took time.Duration, waited bool) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !waited {
		delete(b.spent, caller)
		return 0
	}
	if b.spent[caller] += took; b.spent[caller] < b.time {
		return 0
	}
	b.spent[caller] = 0
	return b.pause
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

// endTurn ends the turn of a request that has one: at once, or after a pause of a busy caller, or after a longer one if the request was refused
// because its caller has too much: such requests take so little time that thousands of them would keep the processors from everybody else.
func (s *Server) endTurn(c *fiber.Ctx) {
	t, ok := c.Locals(turnKey{}).(turn)
	if !ok {
		return
	}
	pause := s.busy.pauseAfter(t.caller, time.Since(t.began), s.turns.Waiting(t.caller) > 0)
	if c.Response().StatusCode() == http.StatusTooManyRequests {
		pause = s.refusedPause
	}
	if end := func() { s.turns.Give(t.caller, 1) }; pause > 0 {
		time.AfterFunc(pause, end)
	} else {
		end()
	}
}
