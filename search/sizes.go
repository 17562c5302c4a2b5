package search

// sizes are limits of tails and segments, in entries unless noted.
type sizes struct {
	flush       int // a tail of this length becomes a segment immediately
	soonFlush   int // after restTime
	restFlush   int // if nothing has arrived for restTime
	maxFlush    int // maximum length of a first segment, if the tail grows faster
	maxTail     int // a tail of this length blocks appends
	fanIn       int // number of adjacent segments merged, and the size ratio of levels
	maxSegment  int // maximum length of a merged segment
	longRun     int // consecutive documents of one of several overlapping segments that are copied in a merge
	build       int // documents in memory while segments are rebuilt
	maxLost     int // larger lost segments are rebuilt before the tenant is available
	quickLoad   int // tenants further behind than this return CodeUnavailable instead of making callers wait
	maxTenants  int // open tenants
	maxTails    int // entries in the tails of all open tenants
	deadNumbers int // numbers of values without entries that a tenant keeps at least
	keptTexts   int // bytes of long texts of users, and of roles, that a tenant's numbers keep whole; others are read from the segments
}

var defaultSizes = sizes{
	flush: 16 << 10, soonFlush: 4 << 10, restFlush: 512, maxFlush: 32 << 10, maxTail: 64 << 10, fanIn: 8, maxSegment: 512 << 10, longRun: 4 << 10, build: 8 << 10,
	maxLost: 128 << 10, quickLoad: 64 << 10, maxTenants: 64, maxTails: 256 << 10, deadNumbers: 32 << 10, keptTexts: 4 << 20,
}
