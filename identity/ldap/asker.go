package ldap

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"oplog/oplog"
)

// deadFor is how long a server that could not be asked is asked last.
const deadFor = 30 * time.Second

// asker asks the servers of a directory, and keeps the connection for the next question.
type asker struct {
	directory *Directory
	ctx       context.Context //nolint:containedctx // an asker is made for a question, or for many in a row
	whole     bool            // ctx limits all together; otherwise Timeout limits each question
	link      *link
}

func (a *asker) close() {
	if a.link != nil {
		a.link.close()
		a.link = nil
	}
}

// once asks one question, which takes Timeout in all.
func (d *Directory) once(ctx context.Context, question func(*link) error) error {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	a := &asker{directory: d, ctx: ctx, whole: true}
	defer a.close()
	return a.ask(question)
}

// ask asks the servers in order until one answers. It may ask a question twice, of two servers.
func (a *asker) ask(question func(*link) error) error {
	d := a.directory
	var all []error
	if a.link != nil {
		err := question(a.link)
		if !isBroken(err) {
			return d.tell(err)
		}
		a.close()
		all = append(all, err)
	}
	order := d.order()
	for i, s := range order {
		err := a.askOne(s, len(order)-i, question)
		if a.ctx.Err() != nil && !a.whole || errors.Is(context.Cause(a.ctx), context.Canceled) {
			return d.unavailable(context.Cause(a.ctx)) // the one who asked has left: this says nothing of the server
		}
		if !isBroken(err) {
			s.deadUntil.Store(0)
			return d.tell(err)
		}
		a.close()
		if s.deadUntil.Swap(d.now().Add(deadFor).UnixNano()) == 0 {
			slog.Warn("A directory's server cannot be asked.", "source", d.config.Name, "error", err.Error())
		}
		if all = append(all, err); a.ctx.Err() != nil {
			break
		}
	}
	return d.unavailable(errors.Join(all...))
}

// askOne asks one server, and leaves a part of the time to those that are left.
func (a *asker) askOne(s *server, left int, question func(*link) error) error {
	until := time.Now().Add(a.directory.timeout)
	if end, limited := a.ctx.Deadline(); limited && a.whole {
		until = time.Now().Add(time.Until(end) / time.Duration(left))
	}
	l, err := a.directory.dial(a.ctx, s, until)
	if err != nil {
		return err
	}
	if a.link = l; !a.whole {
		l.until = time.Time{}
	}
	return question(l)
}

func isBroken(err error) bool {
	var broken *brokenError
	return errors.As(err, &broken)
}

// tell makes an error for those who asked: what the directory answers to its configuration is no answer about a person.
func (d *Directory) tell(err error) error {
	if err == nil || oplog.CodeOf(err) != "" || errors.Is(err, errTooLarge) || isLimit(err) {
		return err
	}
	return d.misconfigured(err)
}

// order returns the servers as configured, those last that could not be asked a moment ago.
func (d *Directory) order() []*server {
	now := d.now().UnixNano()
	order := slices.Clone(d.servers)
	slices.SortStableFunc(order, func(a, b *server) int {
		return int(min(1, max(0, a.deadUntil.Load()-now)) - min(1, max(0, b.deadUntil.Load()-now)))
	})
	return order
}
