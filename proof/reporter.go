package proof

import "time"

// reporter reports failures of background work: a new one at once, one that lasts once an hour.
type reporter struct {
	now    func() time.Time
	failed func(error)
	last   string
	at     time.Time
}

func (r *reporter) report(err error) {
	switch {
	case err == nil:
		r.last = ""
	case err.Error() != r.last || r.now().Sub(r.at) >= remindInterval:
		r.last, r.at = err.Error(), r.now()
		r.failed(err)
	}
}
