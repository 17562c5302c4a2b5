package oplog

// Place is where services run: on the only node of a log, which is the zero Place, or on one of several, each with a copy of the store.
//
// Work that is done once for the whole log (deleting what has expired, anchoring checkpoints, backing up, tidying) asks Leads before each step
// and does nothing elsewhere. Another node may take over at any moment, also in the middle of a step, so each step must be one that does
// no harm if two nodes do it, or that the store refuses to one of them.
type Place struct {
	Node string // id of this node; "" alone

	// Leading returns the term in which this node is the one that such work is done on, once it has applied all that the log had when it took over;
	// 0 if it is not. A node that leads again does so in a later term.
	Leading func() uint64

	// Members returns the ids of all nodes of the log.
	Members func() []string
}

// Alone reports whether there is only one node.
func (p Place) Alone() bool { return p.Node == "" }

// Leads reports whether this node does what is done once for the whole log.
func (p Place) Leads() bool { return p.Alone() || p.Term() != 0 }

// Term returns the term in which this node does so; 0 alone, and if it does not.
func (p Place) Term() uint64 {
	if p.Leading == nil {
		return 0
	}
	return p.Leading()
}
