package archive

import (
	"context"
	"errors"
	"time"

	"oplog/oplog"
)

// leads returns an error if this node no longer leads the log in a term.
func (a *Archive) leads(term uint64) error {
	if a.options.Place.Alone() || term != 0 && a.options.Place.Term() == term {
		return nil
	}
	return errNotLeading
}

// errNotLeading is the error of work that another node does.
var errNotLeading = oplog.Errorf(oplog.CodeUnavailable, "Another node of this log archives its days.")

func (a *Archive) now() time.Time { return a.options.Now().UTC().Truncate(time.Microsecond) }

// surelyNow returns a time that is not ahead.
func (a *Archive) surelyNow() time.Time {
	if a.options.SurelyNow == nil {
		return a.options.Now()
	}
	return a.options.SurelyNow()
}

// errChanged is the error of a day whose record another change has replaced.
var errChanged = oplog.Errorf(oplog.CodeUnavailable, "Another node has begun to archive the day, or it was deleted meanwhile.")

func inWords(err error) error {
	if errors.Is(err, oplog.ErrRevision) {
		return errChanged
	}
	return err
}

// engineError returns the error of an engine as one of the log.
func engineError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return oplog.Errorf(oplog.CodeUnavailable, "The archive cannot be used: %w", err)
}
