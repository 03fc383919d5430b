package ucum

import "sync"

// A Cache keeps parsed units by code. It holds at most twice its size: when the young
// half is full, it becomes the old half, and units of the old half that were not asked
// for again are dropped. It is safe for several goroutines.
type Cache struct {
	size int
	mu   struct {
		sync.RWMutex
		young, old map[string]*Unit
	}
}

// NewCache returns an empty cache. A size of 256 holds all units of a usual
// store.
func NewCache(size int) *Cache {
	c := &Cache{size: max(size, 1)}
	c.mu.young = make(map[string]*Unit)
	return c
}

// Parse is Parse with a memory. Errors are not kept.
func (c *Cache) Parse(code string) (*Unit, error) {
	c.mu.RLock()
	u, young := c.mu.young[code]
	if !young {
		u = c.mu.old[code]
	}
	c.mu.RUnlock()
	if young {
		return u, nil
	}
	if u == nil {
		var err error
		if u, err = Parse(code); err != nil {
			return nil, err
		}
	}
	c.keep(u)
	return u, nil
}

func (c *Cache) keep(u *Unit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.mu.young) >= c.size {
		c.mu.old, c.mu.young = c.mu.young, make(map[string]*Unit)
	}
	c.mu.young[u.code] = u
}
