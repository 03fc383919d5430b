package rest

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/terminology/terms"
	"github.com/fhirlake/fhirlake/search"
	"github.com/go-json-experiment/json"
)

// definitions are the CodeSystems, ValueSets and ConceptMaps of a state. They are read once
// for each version, as far as the cache of the handler has room.
type definitions struct {
	view  *datastore.Snapshot
	cache *definitionCache
}

// definitions returns the definitions of the state that the call reads.
func (c *Call) definitions() *definitions { return &definitions{c.View, &c.handler.definitions} }

// find returns the version of a definition, without JSON, and whether there is one: the
// newest version of the canonical, or the one that is named.
func (d *definitions) find(ctx context.Context, typ, canonical, version string) (best datastore.Version, ok bool, err error) {
	query := "url=" + url.QueryEscape(search.Escape(canonical))
	if version != "" {
		query += "&version=" + url.QueryEscape(search.Escape(version))
	}
	found, err := d.view.Select(ctx, typ, query)
	if err != nil {
		return best, false, err
	}
	newest := ""
	for o := range found {
		v := d.view.Describe(o)
		named, err := d.versionOf(v)
		if err != nil {
			return best, false, err
		}
		// Of two that have the same version the one that was written last counts.
		if !ok || !laterVersion(newest, named) {
			best, newest, ok = v, named, true
		}
	}
	return best, ok, nil
}

// versionOf returns the business version of a definition.
func (d *definitions) versionOf(v datastore.Version) (string, error) {
	switch kept := d.cache.get(v).(type) {
	case *terms.System:
		return kept.Version, nil
	case *terms.Set:
		return kept.Version, nil
	}
	text, err := d.view.AppendJSON(nil, v.Ordinal)
	if err != nil {
		return "", err
	}
	var head struct {
		Version string `json:"version"`
	}
	_ = json.Unmarshal(text, &head) // one that was stored with faults has none
	return head.Version, nil
}

// System implements [terms.Source].
func (d *definitions) System(ctx context.Context, url, version string) (*terms.System, error) {
	v, ok, err := d.find(ctx, "CodeSystem", url, version)
	if err != nil || !ok {
		return nil, err
	}
	return d.system(v)
}

// system returns a version as a code system.
func (d *definitions) system(v datastore.Version) (*terms.System, error) {
	if kept, ok := d.cache.get(v).(*terms.System); ok {
		return kept, nil
	}
	text, err := d.view.AppendJSON(nil, v.Ordinal)
	if err != nil {
		return nil, err
	}
	s, err := terms.ReadSystem(text)
	if err != nil {
		return nil, err
	}
	d.cache.put(v, s, s.Size())
	return s, nil
}

// Set implements [terms.Source].
func (d *definitions) Set(ctx context.Context, url, version string) (*terms.Set, error) {
	v, ok, err := d.find(ctx, "ValueSet", url, version)
	if err != nil || !ok {
		return nil, err
	}
	if kept, ok := d.cache.get(v).(*terms.Set); ok {
		return kept, nil
	}
	text, err := d.view.AppendJSON(nil, v.Ordinal)
	if err != nil {
		return nil, err
	}
	s, err := terms.ReadSet(text)
	if err != nil {
		return nil, err
	}
	d.cache.put(v, s, len(text)/100)
	return s, nil
}

// conceptMap returns the map of a canonical, nil if there is none.
func (d *definitions) conceptMap(ctx context.Context, canonical string) (*terms.Map, error) {
	url, version, _ := strings.Cut(canonical, "|")
	v, ok, err := d.find(ctx, "ConceptMap", url, version)
	if err != nil || !ok {
		return nil, err
	}
	text, err := d.view.AppendJSON(nil, v.Ordinal)
	if err != nil {
		return nil, err
	}
	return terms.ReadMap(text)
}

// laterVersion reports whether a version of a definition comes after another: by the
// numbers and texts between its points.
func laterVersion(a, b string) bool {
	parts := func(v string) []string {
		return strings.FieldsFunc(v, func(c rune) bool { return c == '.' || c == '-' })
	}
	return slices.CompareFunc(parts(a), parts(b), func(x, y string) int {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
		if digits(x) && digits(y) && len(x) != len(y) {
			return cmp.Compare(len(x), len(y))
		}
		return cmp.Compare(x, y)
	}) > 0
}

// maxDefinitions is how many codes the definitions in a cache may have, some 500 bytes each.
const maxDefinitions = 400_000

// A definitionCache keeps definitions as they are used: a stored version never changes. It
// is safe for use by many goroutines.
type definitionCache struct {
	mu struct {
		sync.Mutex
		kept map[definitionKey]keptDefinition
		size int // codes
	}
}

// A definitionKey names a version. One that was purged may come again with its number, but
// not with its time.
type definitionKey struct {
	ref     datastore.Ref
	version string
	time    int64
}

type keptDefinition struct {
	value any // *terms.System or *terms.Set
	size  int
}

func keyOf(v datastore.Version) definitionKey {
	return definitionKey{v.Ref, v.VersionID, v.LastUpdated.UnixMicro()}
}

// get returns the definition of a version, nil if it is not kept.
func (c *definitionCache) get(v datastore.Version) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.kept[keyOf(v)].value
}

// put keeps the definition of a version. It makes room by dropping any others.
func (c *definitionCache) put(v datastore.Version, value any, size int) {
	if size++; size > maxDefinitions {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.mu.kept[keyOf(v)]; there {
		return
	}
	if c.mu.kept == nil {
		c.mu.kept = map[definitionKey]keptDefinition{}
	}
	for key, old := range c.mu.kept {
		if c.mu.size+size <= maxDefinitions {
			break
		}
		delete(c.mu.kept, key)
		c.mu.size -= old.size
	}
	c.mu.kept[keyOf(v)] = keptDefinition{value, size}
	c.mu.size += size
}
