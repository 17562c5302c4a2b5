package archive

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"oplog/oplog"
)

// warnEvery is how often it is logged why the archive cannot be read.
const warnEvery = int64(time.Minute)

var lastWarned atomic.Int64

// unavailable returns the error of a read that needs days of the archive and did not get them: that of the context, if it has ended. Why is logged, since
// readers need not know the names of servers.
func (a *Archive) unavailable(ctx context.Context, days []oplog.ArchivedDay, why error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	from, to := days[0].Date, days[len(days)-1].Date
	dates := from
	if to != from {
		dates += " – " + to
	}
	if unknown := (*errUnknown)(nil); errors.As(why, &unknown) {
		return oplog.Refuse(oplog.CodeUnavailable, "archive-day-unknown",
			"The record that says where the operations of {date} (UTC) are is damaged in the store, so none of that day is shown or counted. Other days can be read: choose a period without it. The log has to be restored from a backup; an owner sees more on the System page.", unknown.date)
	}
	if errors.Is(why, errNotConfigured) {
		return oplog.Refuse(oplog.CodeUnavailable, "archive-not-configured",
			"Operations of {dates} (UTC) are in the archive, and the settings of this server name no archive, so they cannot be read. Nothing is lost: an owner has to set the servers again, by --archive or as servers in [archive] of the configuration file, and to restart it. A later period can be read.", dates)
	}
	now := time.Now().UnixNano()
	if last := lastWarned.Load(); now-last >= warnEvery && lastWarned.CompareAndSwap(last, now) {
		slog.Warn("the archive cannot be read", "tenant", days[0].Tenant, "from", from, "to", to, "err", why)
	}
	return oplog.Refuse(oplog.CodeUnavailable, "archive-unavailable",
		"Operations of {dates} (UTC) are in the archive, which cannot be read for now. Nothing is lost: retry later, or choose a later period. An owner sees on the System page, or by oplog archive status, which server does not answer.", dates)
}
