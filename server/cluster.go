package server

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"oplog/cluster"
	"oplog/oplog"
	"oplog/server/wire"
)

// A log on several nodes: each node takes each request. What changes something goes whole to the leader (forward.go); what reads is answered
// here, once everything is applied that any node had acknowledged before the request came.

const (
	barrierTime  = 3 * time.Second  // for which a read waits for a quorum, before it is answered with what is here
	positionTime = 10 * time.Second // for which a read waits for the position that it asks for
	leaderTime   = 5 * time.Second  // for which a change waits for a leader, twice as long as an election takes
	againTime    = 10 * time.Second // for which a request is sent again whose leader was lost
	farBehind    = time.Second      // of lag, from which a node is not ready
)

// fromPeerKey is the request's key of what another node sent, a wire.Forwarded; requestKey that of its id among the nodes, "" for none.
const (
	fromPeerKey = "from peer"
	requestKey  = "request among nodes"
)

// inCluster is the middleware of a log on several nodes, after the checks of host and framing.
func (s *Server) inCluster(c *fiber.Ctx) error {
	peer, fromPeer := c.Locals(fromPeerKey).(wire.Forwarded)
	path := c.Path()
	switch writes := writes(c); {
	case !isAPI(path) && path != "/launch", unreplicated[path], isSourcePath(path) && !writes:
		return c.Next()
	case fromPeer && peer.ForLeader && !s.cluster.Leads():
		c.Set(notLeaderHeader, "1")
		return oplog.Refuse(oplog.CodeUnavailable, "leader-changed", "Another node is taking the lead; send the request again.")
	case fromPeer && writes: // here, whether it is for the leader or for what only this node has
		return s.change(c)
	case fromPeer:
		return s.read(c)
	}
	return s.ofClient(c)
}

// ofClient answers a request of a client here, or has the node answer that can.
func (s *Server) ofClient(c *fiber.Ctx) error {
	writes := writes(c)
	if !writes {
		if err := s.await(c); err != nil {
			return err
		}
	}
	if node := s.nodeOfExport(c); node != "" {
		return s.forward(c, node)
	}
	switch {
	case writes && !s.cluster.Leads():
		return s.forward(c, "")
	case writes:
		return s.change(c)
	case ofLeader[c.Path()] && !s.cluster.Leads():
		if _, _, known := s.cluster.Leader(); known {
			return s.forward(c, "")
		}
	}
	return c.Next()
}

// writes reports whether a request may change something.
func writes(c *fiber.Ctx) bool {
	return changes(c.Method()) || c.Path() == "/launch" || isCallback(c.Path())
}

// unreplicated are the paths of the API whose answers do not depend on what other nodes have.
var unreplicated = map[string]bool{"/api/v1/openapi.json": true, "/api/v1/status": true, "/api/v1/cluster": true}

// ofLeader are the paths of what only the leader knows: which names are locked, and what runs on one node at a time.
var ofLeader = map[string]bool{"/api/v1/accounts": true, "/api/v1/system": true, "/api/v1/system/backups": true}

// change lets this node make a change, and tells how far it has come then.
func (s *Server) change(c *fiber.Ctx) error {
	if id, _ := c.Locals(requestKey).(string); id != "" {
		ctx, err := cluster.WithRequest(c.UserContext(), id)
		if err != nil {
			return err
		}
		c.SetUserContext(ctx)
	}
	err := c.Next()
	c.Set(wire.PositionHeader, strconv.FormatUint(s.cluster.Applied(), 10))
	return err
}

// read lets this node answer, once it is up to date.
func (s *Server) read(c *fiber.Ctx) error {
	if err := s.await(c); err != nil {
		return err
	}
	return c.Next()
}

// await waits until this node has come as far as a read needs. Without a quorum, the answer says that it may be old.
func (s *Server) await(c *fiber.Ctx) error {
	at, asked, err := wire.Position(c)
	if err != nil {
		return err
	}
	stale := false
	if asked {
		ctx, cancel := context.WithTimeout(c.Context(), s.positionTime)
		defer cancel()
		if s.cluster.WaitApplied(ctx, at) != nil {
			return oplog.Refuse(oplog.CodeUnavailable, "node-behind",
				"This node has not come as far as position {position} yet; retry, or ask another node.", at)
		}
		stale = !s.cluster.Health().Quorum
	} else {
		ctx, cancel := context.WithTimeout(c.Context(), barrierTime)
		defer cancel()
		stale = s.cluster.Barrier(ctx) != nil
	}
	if stale {
		c.Set(wire.StaleHeader, "true")
	}
	c.Set(wire.PositionHeader, strconv.FormatUint(s.cluster.Applied(), 10))
	return nil
}

// nodeOfExport returns the other node that has the files of the export that a request is for; "" for none, and for all other requests.
func (s *Server) nodeOfExport(c *fiber.Ctx) string {
	rest, isTenants := strings.CutPrefix(c.Path(), "/api/v1/tenants/")
	parts := strings.Split(rest, "/")
	if !isTenants || len(parts) < 3 || parts[1] != "exports" || len(parts) == 3 && c.Method() != http.MethodDelete {
		return ""
	}
	x, err := s.exports.Export(parts[0], parts[2], "")
	if err != nil || x.Node == s.cluster.ID() {
		return ""
	}
	return x.Node
}

// errNoLeader is the error of a change that no node could make.
func errNoLeader() error {
	return oplog.Refuse(oplog.CodeUnavailable, "no-leader",
		"Too few of the log's nodes can reach each other, so nothing can be recorded or changed now. Start the nodes that are down, or repair the network between them; "+
			"send the request again until it succeeds. Reading still works.")
}

// notReady returns why this node of several should get no requests; "" if it should.
func (s *Server) notReady() string {
	if s.cluster == nil {
		return ""
	}
	switch h := s.health(); {
	case !h.Quorum:
		return "no quorum: too few nodes reach each other; what is read here may be old"
	case h.Lag >= farBehind:
		return "behind the leader by " + h.Lag.Truncate(time.Millisecond).String() + ", " + strconv.FormatUint(h.LagEntries, 10) + " messages"
	}
	return ""
}

// noLeaderFor reports whether there has been no quorum for so long that waiting for one is in vain.
func noLeaderFor(h cluster.Health, now time.Time) bool {
	return !h.Quorum && !h.StaleSince.IsZero() && now.Sub(h.StaleSince) > leaderTime
}
