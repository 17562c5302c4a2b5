package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

const pathTile = "/tile" // 256 arrivals of a log

const maxTileBytes = 1 << 20

// fetchTile gets a tile from the first node that has it, for the store, which compares it.
func (n *Node) fetchTile(ctx context.Context, log string, number uint64) ([]byte, error) {
	failed := errors.New("no other node has it")
	for _, m := range n.members() {
		if m.ID == n.id.ID {
			continue
		}
		tile, err := n.tileOf(ctx, m.ID, log, number)
		if err == nil {
			return tile, nil
		}
		failed = errors.Join(failed, fmt.Errorf("node %s: %w", m.ID, err))
	}
	return nil, failed
}

func (n *Node) tileOf(ctx context.Context, node, log string, number uint64) ([]byte, error) {
	return n.bytesOf(ctx, node, pathTile, url.Values{"log": {log}, "number": {strconv.FormatUint(number, 10)}}, maxTileBytes)
}

// serveTile answers a node that lacks a tile.
func (n *Node) serveTile(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.ParseUint(r.FormValue("number"), 10, 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	tile, err := n.db.Tile(r.FormValue("log"), number)
	answerBytes(w, tile, err)
}
