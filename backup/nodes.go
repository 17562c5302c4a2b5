package backup

// Of several nodes, the one that leads makes the scheduled backups.

// leads reports whether this node makes the scheduled backups. A log that no server has open has no node.
func (b *Backups) leads() bool { return b.node == nil || b.node.Place.Leads() }

// ledSince notes since when the schedule is this node's.
func (b *Backups) ledSince() {
	leads := b.leads()
	b.mu.Lock()
	defer b.mu.Unlock()
	if leads && !b.led && !b.node.Place.Alone() && b.o.Every > 0 {
		b.stored.Since = b.o.Now().UTC()
	}
	b.led = leads
}

// suffix tells files of several nodes in one directory apart.
func (b *Backups) suffix() string {
	if b.node.Place.Alone() {
		return ""
	}
	return "-" + b.node.Place.Node[:min(8, len(b.node.Place.Node))]
}
