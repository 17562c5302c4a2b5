package server

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"oplog/cluster"
	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

type (
	clusterOutput struct{ Body clusterBody }
	clusterBody   struct {
		Enabled     bool              `json:"enabled" doc:"Whether the log is on several nodes; if not, all else is omitted."`
		ID          string            `json:"id,omitempty" doc:"The node that answers."`
		Leader      string            `json:"leader,omitempty" doc:"The node that leads; omitted while none does."`
		LeaderSince time.Time         `json:"leader_since,omitzero" doc:"Since when it leads, as far as the node that answers knows."`
		Term        uint64            `json:"term,omitempty" doc:"How often a leader was elected."`
		Level       int               `json:"level,omitempty" doc:"Level of the messages between nodes. It rises once all nodes understand a higher one, and never falls."`
		Quorum      bool              `json:"quorum" doc:"Whether enough nodes reach each other to record and to change anything."`
		StaleSince  time.Time         `json:"stale_since,omitzero" doc:"Without a quorum: when what the node that answers has was last known to be the newest."`
		Diverged    bool              `json:"diverged" doc:"Whether the node that answers has stopped because its log is not the others'."`
		Failure     string            `json:"failure,omitempty" doc:"Why the node that answers does not take part, and what to do; omitted if it does."`
		Nodes       []clusterNodeBody `json:"nodes,omitempty" doc:"All nodes, by id."`
	}
	clusterNodeBody struct {
		ID          string    `json:"id" doc:"The node's id."`
		Address     string    `json:"address" doc:"Where the other nodes reach it."`
		Voter       bool      `json:"voter" doc:"Whether it decides with the others; a new node only once it has caught up."`
		Leader      bool      `json:"leader" doc:"Whether it leads."`
		Reachable   bool      `json:"reachable" doc:"Whether it answered just now."`
		Applied     uint64    `json:"applied" doc:"How far it has come: the index of the last message of the replicated log that it has."`
		LagEntries  uint64    `json:"lag_entries" doc:"Messages that it does not have yet."`
		LagMillis   int64     `json:"lag_ms" doc:"For how long it has not had the oldest of them, in milliseconds."`
		LastContact time.Time `json:"last_contact,omitzero" doc:"When it was last heard of; omitted of the node that answers, and if it never was."`
		Version     string    `json:"version,omitempty" doc:"Its program's version; omitted if it does not answer."`
		Level       int       `json:"highest_level,omitempty" doc:"Highest level of messages that its program understands; omitted if it does not answer."`
		DiskUsed    uint64    `json:"disk_used_bytes,omitempty" doc:"Used bytes of the disk of its data directory."`
		DiskSize    uint64    `json:"disk_bytes,omitempty" doc:"Size of that disk."`
	}
	joinTokenOutput struct {
		Body struct {
			Token     string    `json:"token" doc:"For oplog cluster join on the new node; it is good once."`
			ExpiresAt time.Time `json:"expires_at" doc:"When it expires."`
		} `nameHint:"JoinToken"`
	}
	transferInput struct {
		Body struct {
			To string `json:"to,omitempty" maxLength:"64" doc:"The id of the node that is to lead; omitted for any other."`
		} `nameHint:"LeadershipTransfer"`
	}
	removeNodeInput struct {
		ID   string `path:"id" doc:"The node's id."`
		Body stepUpBody
	}
)

// getCluster describes the nodes of the log. It answers without a quorum, too.
func (s *Server) getCluster(ctx context.Context, _ *call, _ *struct{}) (*clusterOutput, error) {
	if s.cluster == nil {
		return &clusterOutput{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, nodeTime)
	defer cancel()
	status := s.cluster.Status(ctx)
	out := &clusterOutput{clusterBody{
		Enabled: true, ID: status.ID, Leader: status.Leader, LeaderSince: s.cluster.LeaderSince().UTC(), Term: status.Term, Level: status.Level, Quorum: status.Quorum,
		StaleSince: s.cluster.Health().StaleSince.UTC(), Diverged: status.Diverged, Failure: status.Failure,
	}}
	for _, n := range status.Nodes {
		out.Body.Nodes = append(out.Body.Nodes, clusterNodeBody{
			ID: n.ID, Address: n.Address, Voter: n.Voter, Leader: n.Leader, Reachable: n.Reachable, Applied: n.Applied,
			LagEntries: n.LagEntries, LastContact: n.LastContact.UTC(), Level: n.HighestLevel,
		})
	}
	var asking sync.WaitGroup
	for i := range out.Body.Nodes {
		if n := &out.Body.Nodes[i]; n.Reachable && n.LastContact.IsZero() {
			n.LastContact = time.Now().UTC() // the leader hears of no other
		}
		asking.Go(func() { s.describeNode(ctx, &out.Body.Nodes[i]) })
	}
	asking.Wait()
	return out, nil
}

// nodeTime limits how long a node that does not answer delays what is told of all.
const nodeTime = 2 * time.Second

// machine is what a node tells of itself and its machine.
type machine struct {
	Version  string `json:"version"`
	DiskUsed uint64 `json:"disk_used"`
	DiskSize uint64 `json:"disk_size"`
	Lag      int64  `json:"lag_ms"`
}

// describeNode adds what a node tells of its machine.
func (s *Server) describeNode(ctx context.Context, b *clusterNodeBody) {
	m := s.machine()
	if b.ID == s.cluster.ID() {
		b.Reachable, b.LastContact = true, time.Time{}
	} else if err := s.askMachine(ctx, b.ID, &m); err != nil {
		return
	}
	b.Version, b.DiskUsed, b.DiskSize, b.LagMillis = m.Version, m.DiskUsed, m.DiskSize, m.Lag
}

// nodePath is the path at which a node tells other nodes of itself.
const nodePath = "/node"

// maxMachine limits the answer, in bytes.
const maxMachine = 4 << 10

func (s *Server) askMachine(ctx context.Context, node string, into *machine) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+node+nodePath, nil)
	if err != nil {
		return err
	}
	answer, err := s.peers.RoundTrip(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	*into = machine{}
	return json.NewDecoder(http.MaxBytesReader(nil, answer.Body, maxMachine)).Decode(into)
}

// sendNode tells another node of this one.
func (s *Server) sendNode(ctx *fasthttp.RequestCtx) {
	body, err := json.Marshal(s.machine())
	if err != nil {
		ctx.Error("internal error\n", http.StatusInternalServerError)
		return
	}
	ctx.SetContentType(wire.JSONType)
	ctx.SetBody(body)
}

func (s *Server) machine() machine {
	m := machine{Version: s.built.version, Lag: s.cluster.Health().Lag.Milliseconds()}
	if used, size, err := s.node.Disk(); err == nil {
		m.DiskUsed, m.DiskSize = used, size
	}
	return m
}

// ofSeveral returns the node, or an error if the log is on one node.
func (s *Server) ofSeveral(in *call) (*cluster.Node, error) {
	if s.cluster == nil {
		return nil, oplog.Refuse(oplog.CodeConflict, "one-node", "This log is on one node. oplog cluster init makes it the first of several.")
	}
	return s.cluster, s.stillMay(in)()
}

// addJoinToken makes a token with which another node joins.
func (s *Server) addJoinToken(ctx context.Context, in *call, _ *struct{}) (*joinTokenOutput, error) {
	n, err := s.ofSeveral(in)
	if err != nil {
		return nil, err
	}
	out := &joinTokenOutput{}
	wire.SkipCompression(in.http)
	out.Body.ExpiresAt = s.now().Add(joinTokenLife).UTC()
	out.Body.Token, err = n.Token(ctx)
	return out, err
}

// joinTokenLife is how long a token is good.
const joinTokenLife = time.Hour

// transferLeadership lets another node lead.
func (s *Server) transferLeadership(ctx context.Context, in *call, input *transferInput) (*struct{}, error) {
	n, err := s.ofSeveral(in)
	if err != nil {
		return nil, err
	}
	in.trailDetails.object = oplog.Ref{ID: input.Body.To}
	return nil, n.Transfer(ctx, input.Body.To)
}

// removeNode takes a node out of the log, for good.
func (s *Server) removeNode(ctx context.Context, in *call, input *removeNodeInput) (*struct{}, error) {
	n, err := s.ofSeveral(in)
	if err != nil {
		return nil, err
	}
	in.trailDetails.object = oplog.Ref{ID: input.ID}
	for _, of := range n.Status(ctx).Nodes {
		if of.ID == input.ID {
			in.trailDetails.object.Name = of.Address
		}
	}
	if leader, _, known := n.Leader(); known && leader == input.ID {
		return nil, oplog.Refuse(oplog.CodeConflict, "node-leads", "This node leads; let another one lead first.")
	}
	return nil, s.stepUp(ctx, in, "remove_node", input.Body, func(up identity.StepUp) error {
		if err := s.identity.Confirm(in.token, up); err != nil {
			return err
		}
		return n.Remove(ctx, input.ID)
	})
}
