// Package doctor checks the machine, files and settings of a log, and says what to do about what it finds. It changes nothing.
package doctor

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"oplog/backup"
	"oplog/durable"
	"oplog/faults"
	"oplog/proof"
)

// Settings are the settings of a log's server, as far as they can be checked.
type Settings struct {
	Dir           string        // data directory
	Listen        string        // address; that of the port which a running server has opened
	MetricsListen string        // "" for none
	Insecure      bool          // other machines may connect without HTTPS
	Hosts         []string      // names that a certificate must be for; none if any will do
	Cert, Key     string        // PEM files; "" for none
	SignsItself   bool          // the signing key is in the data directory
	BackupDir     string        // "" for none
	BackupEvery   time.Duration // 0 for never
	Anchor        string        // folder of checkpoints; "" for none
	Witnesses     []string      // "VKEY URL"
	ScrubEvery    time.Duration // 0 for never
	Memory        int64         // that the program tries to stay within, in bytes; 0 if unknown
	MachineMemory int64         // that the machine or container has; 0 if unknown

	ArchiveServers      [][]string // URLs by shard, without secrets
	ArchivePasswordFile string     // "" for none

	Sources func() []Source // asks directories and identity providers, for at most 4 s; nil for none
}

// Log is what a log tells of itself: in the server that has it open, or read from a directory that no server uses.
type Log struct {
	Format, NewestFormat int // of the store's file, and of those that this program writes
	StoreBytes           int64
	Failure              error // why nothing can be recorded; nil if all is well
	Damage               error // nil for none
	Missing              error // what acknowledged entries are missing; nil for none
	Key                  error // why nothing can be signed; nil if the key is the log's
	OtherSigner          bool  // the key was replaced since the start, and what signs is not what the settings say
	CheckedAt            time.Time
	CheckDamage          string   // found by the checks in the background; "" for none
	DamagedRecords       []string // kind/name of damaged records of archived days and deletions
	UnknownDays          []string // tenant/date of days of which these do not say any more where their entries are

	Index Index
	Nodes *Nodes // nil for a log on one machine

	Known         time.Time // when the clock was last confirmed
	Newest        time.Time // receipt of the newest entry
	DeletionWaits bool      // because of the clock

	Backups      *backup.State // nil for no directory
	LastBackupAt time.Time     // zero for none
	Anchors      *proof.AnchorState
	Witnesses    []proof.WitnessState

	ArchivedDays  int            // that are in the archive
	ArchiveShards int            // that have them; a lower number may have none
	Archive       func() Archive // asks the servers; nil if no server has the log open
}

// Nodes are the nodes of a log on several machines, as the one sees them that makes the checks.
type Nodes struct {
	Number             int
	Leader             string        // its address; "" for none
	Unreachable        []string      // addresses
	ClockAhead         time.Duration // of the leader's clock, compared with this machine's
	CertificateExpires time.Time
}

// Index is the state of a log's index.
type Index struct {
	Bytes      int64
	CatchingUp error // how far it is; nil if it has caught up

	// Of an index that no server uses:

	Behind   uint64 // entries that it does not have yet
	Outdated int    // tenants whose index is of another version
	Lost     int    // missing or shortened files
}

// Server is whether a server runs on the data directory.
type Server int

// The states of a server.
const (
	Stopped     Server = iota
	Running            // and makes the checks
	Unreachable        // it may run, but cannot be asked
	Busy               // it is starting, or another command has the log open
)

// isClosed reports whether the log of the data directory can be read by nobody here.
func (s Server) isClosed() bool { return s == Unreachable || s == Busy }

// ErrNoLog is the error of Options.Log if there is no log in the data directory yet.
var ErrNoLog = errors.New("no log")

// ErrMustStart is the error of Options.Log if a server has to open the log before it can be checked.
var ErrMustStart = errors.New("a server has to open the log")

// Options are the options of a Doctor.
type Options struct {
	Settings
	Server      Server
	Unreachable error // why a server cannot be asked
	Now         func() time.Time
	Log         func() (Log, error) // called in each round, at the same time as other checks

	// Space returns the free bytes and the size of a directory's volume; nil for [durable.Space].
	Space func(dir string) (free, total uint64, err error)
}

// Interval is the time in which the checks are made once, however often their findings are asked for.
const Interval = 10 * time.Second

// maxWait is the time in which a check has to answer: a network share may hang.
const maxWait = 5 * time.Second

// Doctor makes the checks. It is safe for concurrent use.
type Doctor struct {
	o      Options
	wait   time.Duration // see maxWait
	checks []*check

	mu    sync.Mutex // guards the fields below; held during a round of checks, which has an end
	at    time.Time
	found []Finding
}

// check is one of the checks, which run at the same time.
type check struct {
	name string
	run  func(*round) []Finding
	busy atomic.Bool // a check that hangs is not begun again
}

// round is one round of checks.
type round struct {
	Options
	log func() (Log, error)
	now time.Time
}

// New returns a doctor, which checks nothing yet.
func New(o Options) *Doctor {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Space == nil {
		o.Space = durable.Space
	}
	d := &Doctor{o: o, wait: maxWait}
	for _, c := range []struct {
		name string
		run  func(*round) []Finding
	}{
		{"server", (*round).server}, {"disk", (*round).disk}, {"rights", (*round).rights}, {"key", (*round).key}, {"clock", (*round).clock},
		{"port", (*round).port}, {"certificate", (*round).certificate}, {"format", (*round).format}, {"store", (*round).store}, {"index", (*round).index},
		{"backup", (*round).backup}, {"anchors", (*round).anchors}, {"witnesses", (*round).witnesses}, {"files", (*round).files}, {"memory", (*round).memory},
		{"nodes", (*round).nodes}, {"archive", (*round).archive}, {"sources", (*round).sources},
	} {
		d.checks = append(d.checks, &check{name: c.name, run: c.run})
	}
	return d
}

// Findings returns what the checks find, in their order, and when they were made: now, unless that was a moment ago.
func (d *Doctor) Findings() (at time.Time, found []Finding) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.o.Now()
	if age := now.Sub(d.at); d.at.IsZero() || age < 0 || age >= Interval {
		d.at, d.found = now, d.examine(now)
	}
	return d.at.UTC().Truncate(time.Second), d.found
}

// examine makes the checks at the same time, and waits for those that end soon.
func (d *Doctor) examine(now time.Time) []Finding {
	r := &round{Options: d.o, log: sync.OnceValues(d.o.Log), now: now}
	type result struct {
		of    *check
		found []Finding
	}
	results := make(chan result, len(d.checks))
	byCheck, pending := make(map[*check][]Finding), 0
	for _, c := range d.checks {
		if !c.busy.CompareAndSwap(false, true) {
			continue
		}
		pending++
		go func() {
			found := c.examine(r)
			c.busy.Store(false)
			results <- result{c, found}
		}()
	}
	timer := time.NewTimer(d.wait)
	defer timer.Stop()
	for ; pending > 0; pending-- {
		select {
		case one := <-results:
			byCheck[one.of] = one.found
			continue
		case <-timer.C:
		}
		break
	}
	var found []Finding
	for _, c := range d.checks {
		of, ended := byCheck[c]
		if !ended {
			of = []Finding{finding("slow", "limit", d.wait)}
		}
		for _, f := range of {
			f.Check = c.name
			found = append(found, f)
		}
	}
	return found
}

// examine makes one check. A panic ends the check, not the server.
func (c *check) examine(r *round) (found []Finding) {
	var err error
	defer func() {
		if err != nil {
			found = []Finding{finding("failed", "error", err.Error())}
		}
	}()
	defer faults.Catch("checking the "+c.name, &err)
	return c.run(r)
}

// Worst returns the worst level of findings.
func Worst(found []Finding) Level {
	worst := OK
	for i := range found {
		if level := found[i].Level; level == Error || worst == OK {
			worst = level
		}
	}
	return worst
}
