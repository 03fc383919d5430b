package terminology

import (
	"sync"

	"github.com/fhirlake/fhirlake/internal/index"
)

// maxCached is how many codes an Cache remembers, some 200 bytes each.
const maxCached = 200_000

// An Cache remembers the codes of value sets and code systems, so that a query does not
// read and expand them again. It is exact for any view: a stored version never changes,
// and an expansion is the same as long as every name in it leads to the same version as
// before. It is safe for several goroutines.
type Cache struct {
	mu struct {
		sync.Mutex
		codes int
		trees map[index.Ordinal]*codeTree // of CodeSystems
		sets  map[string]*expandedSet     // by the name of a ValueSet
	}
}

// An expandedSet is the codes of a value set. It is not changed once it is cached.
type expandedSet struct {
	codes *CodeSet
	names []resolvedName // that were looked up for it
}

// A resolvedName is a canonical or a reference in a value set, with the version to
// which it led.
type resolvedName struct {
	typ, uri string
	to       index.Ordinal
}

// NewCache returns an empty cache.
func NewCache() *Cache {
	c := &Cache{}
	c.mu.trees, c.mu.sets = map[index.Ordinal]*codeTree{}, map[string]*expandedSet{}
	return c
}

func (c *Cache) tree(o index.Ordinal) *codeTree {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.trees[o]
}

func (c *Cache) set(uri string) *expandedSet {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.sets[uri]
}

func (c *Cache) addTree(o index.Ordinal, t *codeTree) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.trees[o] == nil && c.roomLocked(len(t.codes)) {
		c.mu.trees[o] = t
	}
}

func (c *Cache) addSet(uri string, s *expandedSet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.mu.sets[uri]; old != nil {
		delete(c.mu.sets, uri)
		c.mu.codes -= old.size()
	}
	if c.roomLocked(s.size()) {
		c.mu.sets[uri] = s
	}
}

func (s *expandedSet) size() int { return 1 + len(s.codes.Codes) + len(s.names) }

// roomLocked makes room for n more codes by dropping any others, and reports whether
// the cache can have so many. REQUIRES: mu held.
func (c *Cache) roomLocked(n int) bool {
	if n > maxCached {
		return false
	}
	for uri, s := range c.mu.sets {
		if c.mu.codes+n <= maxCached {
			break
		}
		delete(c.mu.sets, uri)
		c.mu.codes -= s.size()
	}
	for o, t := range c.mu.trees {
		if c.mu.codes+n <= maxCached {
			break
		}
		delete(c.mu.trees, o)
		c.mu.codes -= len(t.codes)
	}
	c.mu.codes += n
	return true
}

// ValueSet returns the codes of a value set, from the cache if they are still right.
func (x *Expansion) ValueSet(uri string) (*CodeSet, error) {
	if cached := x.Cache.set(uri); cached != nil {
		same, err := x.unchanged(cached.names)
		if err != nil || same {
			return cached.codes, err
		}
	}
	x.names = nil
	codes, err := x.valueSet(uri)
	if err != nil {
		return nil, err
	}
	x.Cache.addSet(uri, &expandedSet{codes, x.names})
	return codes, nil
}

// unchanged reports whether names lead in this view to the same versions as before.
func (x *Expansion) unchanged(names []resolvedName) (bool, error) {
	for _, name := range names {
		o, err := x.Find(name.typ, name.uri)
		if err != nil || o != name.to {
			return false, err
		}
	}
	return true, nil
}
