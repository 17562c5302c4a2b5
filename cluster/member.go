package cluster

import (
	"context"
	"net/http"
)

// openDesk returns the desk at which others join, on any node.
func (n *Node) openDesk() *desk {
	return &desk{
		id: n.id, dir: n.o.Dir, records: n.store, leads: n.Leads, members: n.members, admit: n.admit, understands: n.db.CheckLevel,
		relay: func(ctx context.Context, r joinRequest) (a joinAnswer, err error) {
			err = n.askLeader(ctx, http.MethodPost, joinPath, r, &a)
			return a, err
		},
	}
}

// Token makes a token by which a node can join within the next hour, once.
func (n *Node) Token(context.Context) (string, error) {
	t, err := newToken(n.store, n.id)
	return t.String(), err
}
