package proof

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"oplog/oplog"
	"oplog/witness"
)

// Witnesses has the checkpoints of all trees cosigned by witnesses on other machines: soon after a tree has grown, every hour otherwise, and
// when the server stops. Of several nodes, the one that leads does, and it alone has the cosignatures: a witness that heard of a tree from several
// would refuse those that lag behind.
type Witnesses struct {
	trees *Trees
	place oplog.Place
	now   func() time.Time
	peers []*peer

	mu      sync.Mutex    // guards changed and the state of peers; not held during requests to a witness
	changed chan struct{} // closed and replaced after each answer or failure
}

// peer is a witness.
type peer struct {
	name, key, url string
	verifier       note.Verifier
	wake           chan struct{} // holds a value if trees are due

	requestMu sync.Mutex // held during requests to the witness, so that responses are in order
	signedBy  string     // verifier key of the last checkpoints that were sent; guarded by requestMu

	// Guarded by mu of Witnesses.
	due      map[string]bool     // trees to be cosigned
	sizes    map[string]uint64   // by tree: the size of the witness's last checkpoint, if known
	cosigned map[string]cosigned // by tree
	state    WitnessState
}

// cosigned is a checkpoint with a witness's cosignature.
type cosigned struct {
	head head
	text string // the log's signed note
	key  string // that verifies it; "" if that was replaced meanwhile
	line string // the witness's
}

// WitnessState is the state of a witness.
type WitnessState struct {
	Name, Key, URL string
	CosignedAt     time.Time // of the last cosignature since the start; zero for none
	Failure        string    // why the last attempt failed; "" if it did not
	Refused        bool      // whether the witness answered with a rejection
	FailingSince   time.Time
	Failures       uint64 // attempts that failed since the start
}

const (
	growthDelay    = time.Second // after which a tree that grows is cosigned
	witnessRetry   = 30 * time.Second
	renewInterval  = time.Hour
	checkpointWait = 2 * time.Second // for a cosignature of the checkpoint that a reader requests
)

// NewWitnesses returns the witnesses with the given "VKEY URL".
func NewWitnesses(trees *Trees, place oplog.Place, now func() time.Time, specs []string) (*Witnesses, error) {
	w := &Witnesses{trees: trees, place: place, now: now, changed: make(chan struct{})}
	for _, spec := range specs {
		key, address, _ := strings.Cut(strings.TrimSpace(spec), " ")
		v, err := witness.NewVerifier(key)
		if err != nil {
			return nil, err
		}
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("witness %q is not \"VKEY URL\": %q is not an http or https URL", spec, address)
		}
		base := strings.TrimRight(u.String(), "/")
		w.peers = append(w.peers, &peer{
			name: v.Name(), key: key, url: base, verifier: v, wake: make(chan struct{}, 1),
			due: make(map[string]bool), sizes: make(map[string]uint64), cosigned: make(map[string]cosigned),
			state: WitnessState{Name: v.Name(), Key: key, URL: base},
		})
	}
	return w, nil
}

// Grown notes that a tree has grown. It does not block.
func (w *Witnesses) Grown(tree string) { w.demand([]string{tree}) }

func (w *Witnesses) demand(trees []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.peers {
		for _, tree := range trees {
			p.due[tree] = true
		}
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
}

// demandAll requests cosignatures of all trees.
func (w *Witnesses) demandAll() error {
	names, err := w.trees.names()
	w.demand(names)
	return err
}

// Run sends requests to the witnesses until the context ends. A lasting failure is reported once an hour.
func (w *Witnesses) Run(ctx context.Context, failed func(error)) {
	var peers sync.WaitGroup
	for _, p := range w.peers {
		peers.Go(func() { w.follow(ctx, p, failed) })
	}
	renew := time.NewTicker(renewInterval)
	defer renew.Stop()
	for {
		if err := w.demandAll(); err != nil {
			failed(fmt.Errorf("cannot have checkpoints cosigned: %w", err))
		}
		select {
		case <-renew.C:
		case <-ctx.Done():
			peers.Wait()
			return
		}
	}
}

// follow sends requests to one witness whenever trees are due.
func (w *Witnesses) follow(ctx context.Context, p *peer, failed func(error)) {
	report := reporter{now: w.now, failed: failed}
	var retry <-chan time.Time
	for {
		select {
		case <-p.wake:
		case <-retry:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(growthDelay):
		case <-ctx.Done():
			return
		}
		if !w.place.Leads() { // the trees stay due: it may have to lead
			retry = time.After(witnessRetry)
			continue
		}
		err := w.requestCosignatures(ctx, p)
		if retry = nil; err != nil && ctx.Err() == nil {
			retry = time.After(witnessRetry)
		}
		if ctx.Err() == nil {
			report.report(err)
		}
	}
}

// Finish requests the cosignatures that are due from all witnesses, before the server stops.
func (w *Witnesses) Finish(ctx context.Context) error {
	if !w.place.Leads() {
		return nil
	}
	errs := make(chan error, len(w.peers))
	for _, p := range w.peers {
		go func() { errs <- w.requestCosignatures(ctx, p) }()
	}
	var first error
	for range w.peers {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

// requestCosignatures asks a witness to cosign the due trees. Rejected trees stay due; if the witness does not answer, all remaining ones
// do.
func (w *Witnesses) requestCosignatures(ctx context.Context, p *peer) error {
	p.requestMu.Lock()
	defer p.requestMu.Unlock()
	if err := w.renewAfterRotation(p); err != nil {
		return err
	}
	w.mu.Lock()
	trees := slices.Sorted(maps.Keys(p.due))
	clear(p.due)
	w.mu.Unlock()
	var first error
	silent := false
	for i, tree := range trees {
		if silent {
			w.putBack(p, trees[i:])
			break
		}
		refused, err := w.submit(ctx, p, tree)
		if err != nil {
			w.putBack(p, []string{tree})
			if first == nil {
				first = fmt.Errorf("witness %s at %s does not cosign the checkpoint of %s: %w", p.name, p.url, tree, err)
				w.note(p, first, refused)
			}
			silent = !refused
		}
	}
	if first == nil && len(trees) > 0 {
		w.note(p, nil, false)
	}
	return first
}

// renewAfterRotation makes all trees due if the log's key was replaced since the last requests. p.requestMu must be held.
func (w *Witnesses) renewAfterRotation(p *peer) error {
	key := w.trees.prover.VerifierKey()
	if p.signedBy != "" && p.signedBy != key {
		names, err := w.trees.names()
		if err != nil {
			return err
		}
		w.putBack(p, names)
	}
	p.signedBy = key
	return nil
}

func (w *Witnesses) putBack(p *peer, trees []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, tree := range trees {
		p.due[tree] = true
	}
}

// note records the result of requests to a witness.
func (w *Witnesses) note(p *peer, err error, refused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &p.state
	if err == nil {
		s.Failure, s.Refused, s.FailingSince = "", false, time.Time{}
	} else {
		if s.Failures++; s.Failure == "" {
			s.FailingSince = w.now().UTC()
		}
		s.Failure, s.Refused = err.Error(), refused
	}
	w.notifyChanged()
}

// notifyChanged wakes callers that wait for a cosignature; mu must be held.
func (w *Witnesses) notifyChanged() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// Cosigned returns a tree's checkpoint with cosignatures, by most witnesses if there are several, else the newest, and its size. The log's current
// key signed it.
func (w *Witnesses) Cosigned(tree string) (text string, size uint64, ok bool) {
	key := w.trees.prover.VerifierKey()
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := make(map[head][]string)
	texts := make(map[head]string)
	for _, p := range w.peers {
		if c, known := p.cosigned[tree]; known && c.key == key {
			lines[c.head] = append(lines[c.head], c.line)
			texts[c.head] = c.text
		}
	}
	var best head
	for h, found := range lines {
		if !ok || len(found) > len(lines[best]) || len(found) == len(lines[best]) && h.size > best.size {
			best, ok = h, true
		}
	}
	return texts[best] + strings.Join(lines[best], ""), best.size, ok
}

// Checkpoint returns a tree's current checkpoint with the cosignatures of witnesses, for which it waits briefly, or a newer one; without any on a
// node that does not lead.
func (w *Witnesses) Checkpoint(ctx context.Context, tree string) (string, error) {
	key := w.trees.prover.VerifierKey()
	text, current, err := w.trees.checkpoint(tree)
	if err != nil || !w.place.Leads() {
		return text, err
	}
	plain := func() (string, error) {
		if w.trees.prover.VerifierKey() != key { // replaced meanwhile: somebody may have a checkpoint by the new one
			text, _, err = w.trees.checkpoint(tree)
		}
		return text, err
	}
	deadline := time.After(checkpointWait)
	for {
		w.mu.Lock()
		changed := w.changed
		healthy := slices.ContainsFunc(w.peers, func(p *peer) bool { return p.state.Failure == "" })
		w.mu.Unlock()
		if cosigned, size, ok := w.Cosigned(tree); ok && size >= current.size {
			return cosigned, nil
		}
		if !healthy {
			return plain()
		}
		select {
		case <-changed:
		case <-deadline:
			return plain()
		case <-ctx.Done():
			return plain()
		}
	}
}

// State returns the states of all witnesses.
func (w *Witnesses) State() []WitnessState {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []WitnessState
	for _, p := range w.peers {
		all = append(all, p.state)
	}
	return all
}
