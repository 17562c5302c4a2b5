package storage

import (
	"sync"

	"github.com/hashicorp/golang-lru/simplelru"
)

// tileCache keeps the moved tiles that were fetched last, 10 KB each. They are immutable.
type tileCache struct {
	mu    sync.Mutex     // guards tiles
	tiles *simplelru.LRU // tileOf -> []byte
}

func newTileCache() *tileCache {
	tiles, err := simplelru.NewLRU(maxFetched, nil)
	if err != nil {
		panic(err) // of a size that is not positive
	}
	return &tileCache{tiles: tiles}
}

// get returns a tile, or nil.
func (c *tileCache) get(of tileOf) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if tile, ok := c.tiles.Get(of); ok {
		return tile.([]byte)
	}
	return nil
}

func (c *tileCache) add(of tileOf, tile []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tiles.Add(of, tile)
}
