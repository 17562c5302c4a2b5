package cluster

import (
	"context"
	"net/http"
	"time"
)

// pathSigningKey is where nodes get the log's key from each other.
const pathSigningKey = "/signing-key"

// keyInterval is how often a node that cannot sign asks for the key.
const keyInterval = time.Second

// signingKeyAnswer is the key of a node; "" if it has none in a file.
type signingKeyAnswer struct {
	Key string `json:"key"`
}

// followKey keeps the log's key here: once it was replaced on another node, this one asks for it until it has it or is closed. A log that a
// command signs has no key to ask for.
func (n *Node) followKey() {
	ticker := time.NewTicker(keyInterval)
	defer ticker.Stop()
	for told := false; ; {
		switch {
		case n.db.HasKey():
			told = false
		case n.fetchKey():
			n.log.Info("the log's key was replaced; this node signs with the new one")
		case !told:
			told = true
			n.log.Warn("this node cannot sign: the log's key was replaced, and no node that has the new one answers; it asks each second")
		}
		select {
		case <-ticker.C:
		case <-n.closing:
			return
		}
	}
}

// fetchKey looks for the key on this node, which may have made it and lost the lead meanwhile, asks the other nodes for it, first the one that leads,
// and reports whether one has it.
func (n *Node) fetchKey() bool {
	if err := n.db.AdoptNextKey(); err == nil && n.db.HasKey() {
		return true
	}
	leader, _, _ := n.Leader()
	asked := []string{leader}
	for _, m := range n.members() {
		if m.ID != leader {
			asked = append(asked, m.ID)
		}
	}
	for _, node := range asked {
		if node == "" || node == n.id.ID {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), keyInterval)
		var a signingKeyAnswer
		err := n.askNode(ctx, node, http.MethodGet, pathSigningKey, nil, &a)
		cancel()
		if err != nil || a.Key == "" {
			continue
		}
		if err = n.db.AdoptKey(a.Key); err == nil && n.db.HasKey() {
			return true
		}
		n.log.Debug("the key of another node is not the log's", "node", node, "err", err) // or not yet
	}
	return false
}

// serveSigningKey sends the key to another node, which has the right to it as it has the whole log.
func (n *Node) serveSigningKey(w http.ResponseWriter, _ *http.Request) {
	key, err := readSigningKey(n.dir)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, signingKeyAnswer{key})
}
