package cluster

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"oplog/durable"
	"oplog/storage"
	durations "oplog/timing"
)

// Options are the options of a node.
type Options struct {
	Dir     string           // the data directory
	Listen  string           // where to listen for the other nodes; "" for the node's address
	Now     func() time.Time // nil for time.Now
	Logger  *slog.Logger     // nil for the default
	Restart func()           // asks the program to close the node and its store, and to open them again; it returns at once
	Version string           // of the program, for the status
	Space   space            // the free bytes and the size of a directory's volume; nil for [durable.Space]

	Steady bool   // of tests: no node stands for election because others were slow, but only once the one that leads has handed over
	timing timing // of tests
}

// timing is how long nodes wait for each other.
type timing struct{ heartbeat, lease, readLease, commit, stall time.Duration }

// The times of Consul and Nomad. A leader that has answered its followers within readLease cannot have been replaced.
var defaultTiming = timing{heartbeat: time.Second, lease: 500 * time.Millisecond, readLease: 400 * time.Millisecond, commit: 200 * time.Millisecond}

// Of Options.Steady: longer than a busy machine stops a process.
const (
	steadyHeartbeat = 10 * time.Second
	steadyLease     = 9 * time.Second
)

// times returns the times of a node.
func (o *Options) times() timing {
	t := o.timing
	if t == (timing{}) {
		t = defaultTiming
	}
	if o.Steady {
		t.heartbeat, t.lease = steadyHeartbeat, steadyLease
	}
	if t.stall == 0 {
		t.stall = defaultStall
	}
	return t
}

// Intervals of retries.
const (
	retryInterval    = 100 * time.Millisecond
	maxRetryInterval = 2 * time.Second
)

// Node is a node of a cluster.
type Node struct {
	o     Options
	dir   string // the data directory
	id    *identity
	db    *storage.DB
	port  *port
	logs  *logStore
	log   *slog.Logger
	store *Store

	raft      atomic.Pointer[raft.Raft] // nil until it has started, and if this node is halted from the start
	transport *transport
	peers     *http.Client // speaks protocolStore
	desk      *desk
	server    *http.Server

	closing   chan struct{} // closed by Close
	closeOnce sync.Once
	running   sync.WaitGroup

	began   snapshot      // what this node had when it was opened
	leading atomic.Uint64 // the term in which this node leads and has applied all before; 0 otherwise
	frozen  atomic.Bool   // nothing is applied any more, until the node is opened again
	apart   chan struct{} // closed when frozen is set

	copies    chan struct{} // holds one for each copy of the store that is being made or sent
	sent      atomic.Uint64 // copies that were made
	sendTold  atomic.Int64  // when it was logged last that one could not be sent, in seconds
	announced atomic.Int64  // bytes of the copy that is received

	dropsLog    atomic.Bool // of the copy that was received: Raft's log is another one
	diverged    atomic.Bool // this node has halted because its store is another one
	restartOnce sync.Once

	proposals sync.Mutex // guards the four below
	proposed  *proposal  // offered to Raft
	handed    *proposal  // committed; its transaction may be under way
	applying  bool       // others' messages are written to the store

	mu          sync.Mutex
	progress    chan struct{} // closed and replaced whenever the store has moved, or the leader has changed
	index       uint64        // what Raft has handed over and is on disk
	term        uint64        // of index
	nodes       []member      // committed
	nodesIndex  uint64
	onLead      []func(leads bool)
	onMembers   []func()
	told        bool // what onLead were told last
	halted      string
	trouble     error // of the store's disk
	copyFailed  copyFailed
	copyTold    time.Time // when copyFailed was logged
	outdated    bool      // halted because the program does not understand a message
	lost        time.Time // since when there has been no leader; zero if there is one
	ledOnce     bool      // there was one since this node was opened
	leader      string    // the last one that was noticed, "" for none
	leaderSince time.Time
	behind      []commitSeen // oldest first

	counted counts

	outbox  outbox
	learned atomic.Pointer[committed] // what Raft was told last; see learn
	reads   shared                    // questions for the read index
	leases  lease
}

// Open starts a node over its store, which is open. It returns once the node can be read; it may not know a leader yet.
func Open(ctx context.Context, db *storage.DB, o Options) (n *Node, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.timing = o.times()
	if o.Space == nil {
		o.Space = durable.Space
	}
	n = &Node{o: o, db: db, log: o.Logger, closing: make(chan struct{}), apart: make(chan struct{}), progress: make(chan struct{}), lost: time.Now(), copies: make(chan struct{}, maxCopies)}
	n.dir, n.counted.readIndexes = o.Dir, durations.New(quickBounds)
	n.reads.ask, n.store = n.askReadIndex, &Store{DB: db, node: n}
	defer func() {
		if err != nil {
			err = fmt.Errorf("open the node of the cluster: %w", errors.Join(err, n.Close()))
		}
	}()
	if n.id, err = readIdentity(o.Dir, o.Now); err != nil {
		return n, err
	}
	n.removeSendings()
	n.copyFailed = readCopyFailed(n.id.folder, time.Now())
	if err = n.openLogs(); err != nil {
		return n, err
	}
	if o.Listen == "" {
		n.o.Listen = n.id.Address
	}
	if n.port, err = openPort(ctx, n.id, n.o.Listen, n.isMember); err != nil {
		return n, err
	}
	db.Replicate(n.propose)
	n.serveStore()
	n.running.Go(n.heal)
	db.FetchTiles(n.fetchTile)
	reason, err := n.prepare()
	switch {
	case err != nil:
		return n, err
	case reason != "":
		n.halt(errors.New(reason))
		return n, nil
	}
	if err := n.startRaft(); err != nil {
		return n, err
	}
	n.running.Go(n.followLeadership)
	n.running.Go(n.keepHouse)
	n.running.Go(n.followKey)
	return n, nil
}

// openLogs opens raft.db and raft.tail. Once they were there, a node without them has forgotten what it voted and acknowledged.
func (n *Node) openLogs() error {
	for _, name := range []string{logFile, tailFile} {
		switch exists, err := fileExists(filepath.Join(n.id.folder, name)); {
		case err != nil:
			return err
		case n.id.Started && !exists:
			return n.id.damaged(name, errors.New("there is no such file"))
		}
	}
	logs, err := openLogStore(n.id.folder)
	if err != nil {
		return err
	}
	n.logs = logs
	logs.damaged = n.metDamage
	if n.id.Started {
		return nil
	}
	n.id.Started = true
	return n.id.write()
}

// startRaft starts Raft.
func (n *Node) startRaft() error {
	logger := newRaftLogger(n.log)
	n.transport = n.openTransport(logger)
	c := raft.DefaultConfig()
	c.LocalID, c.Logger = raft.ServerID(n.id.ID), logger
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = n.o.timing.heartbeat, n.o.timing.heartbeat, n.o.timing.lease
	c.CommitTimeout = n.o.timing.commit
	c.MaxAppendEntries = maxAppendEntries
	c.SnapshotInterval, c.SnapshotThreshold, c.TrailingLogs = snapshotInterval, snapshotThreshold, allLogs
	c.NoSnapshotRestoreOnStart, c.NoLegacyTelemetry = true, true
	c.ShutdownOnRemove = false // a node that is removed goes on answering reads, and says so
	r, err := raft.NewRaft(c, machine{n}, n.logs, n.logs, snapshots{n}, n.transport)
	if err != nil {
		return err
	}
	n.raft.Store(r)
	if n.isAlone() {
		n.elect()
	}
	return nil
}

const (
	maxAppendEntries  = 16 // messages are up to some MiB
	snapshotInterval  = 30 * time.Second
	snapshotThreshold = 2048
	allLogs           = 1 << 62
)

// elect makes a node that has not heard of a leader stand for election now: Raft looks at once when its timeout becomes shorter.
func (n *Node) elect() {
	r := n.raft.Load()
	c := r.ReloadableConfig()
	c.HeartbeatTimeout -= time.Millisecond
	c.ElectionTimeout -= time.Millisecond
	_ = r.ReloadConfig(c) // it is valid
}

// Store returns the store that services write to.
func (n *Node) Store() *Store { return n.store }

// ID returns the node's id.
func (n *Node) ID() string { return n.id.ID }

// Leads reports whether this node leads, and has applied all that was acknowledged before.
func (n *Node) Leads() bool { return n.Term() != 0 }

// Term returns the term in which this node leads; 0 if it does not.
func (n *Node) Term() uint64 { return n.leading.Load() }

// Leader returns the node that leads, if one is known.
func (n *Node) Leader() (id, address string, ok bool) {
	r := n.raft.Load()
	if r == nil || n.isHalted() {
		return "", "", false
	}
	_, leader := r.LeaderWithID()
	if leader == "" {
		return "", "", false
	}
	address, ok = n.addressOf(string(leader))
	return string(leader), address, ok
}

// OnLead registers a callback for when this node begins or ends to lead.
func (n *Node) OnLead(changed func(leads bool)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.onLead = append(n.onLead, changed)
}

// SetupCode returns the code with which somebody may create the first account, the same on all nodes: whichever node prints it, the one that leads
// accepts it.
func (n *Node) SetupCode() string {
	code := hmac.New(sha256.New, n.id.caKey.Seed())
	code.Write([]byte("oplog setup code"))
	return base32.StdEncoding.EncodeToString(code.Sum(nil)[:20])
}

// leaderPoll is how often those who wait for a leader look by themselves.
const leaderPoll = 20 * time.Millisecond

// DialAPI connects to a node for a forwarded request; "" is the one that leads.
func (n *Node) DialAPI(ctx context.Context, node string) (net.Conn, error) {
	return n.dial(ctx, node, protocolAPI)
}

// ListenAPI returns where forwarded requests arrive.
func (n *Node) ListenAPI() net.Listener { return n.port.listener(protocolAPI) }

func (n *Node) dial(ctx context.Context, node, protocol string) (net.Conn, error) {
	if node == "" {
		leader, _, ok := n.Leader()
		if !ok {
			return nil, errNoLeader
		}
		node = leader
	}
	address, ok := n.addressOf(node)
	if !ok {
		return nil, fmt.Errorf("node %s is not in the cluster", node)
	}
	return n.port.dial(ctx, address, node, protocol)
}

// Close stops the node; its store stays open. A node that leads hands that over first.
func (n *Node) Close() (err error) {
	n.closeOnce.Do(func() {
		r := n.raft.Load()
		if n.Leads() && n.voters() > 1 {
			n.store.refuse()
			n.handOverLead()
		}
		close(n.closing)
		if n.logs != nil {
			n.logs.stop()
		}
		if r != nil {
			err = r.Shutdown().Error()
			n.leading.Store(0)
		}
		if n.transport != nil {
			err = errors.Join(err, n.transport.Close())
			n.transport.CloseStreams()
		}
		if n.server != nil {
			err = errors.Join(err, n.server.Close())
			n.peers.CloseIdleConnections()
		}
		if n.port != nil {
			err = errors.Join(err, n.port.Close())
		}
		n.running.Wait()
		if n.logs != nil {
			err = errors.Join(err, n.logs.close())
		}
	})
	return err
}
