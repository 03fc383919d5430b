package ingest

import (
	"hash/maphash"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A nameKey stands for a fullUrl, in a sixth of its memory.
type nameKey [2]uint64

// nameSeeds are new in each process, so that nobody can make two names alike.
var nameSeeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func keyOf(name string) nameKey {
	return nameKey{maphash.String(nameSeeds[0], name), maphash.String(nameSeeds[1], name)}
}

// names maps the fullUrls of entries to resources. Once made it is only read. It takes
// about 40 bytes for an entry.
type names struct {
	// plain are the types of the resources whose ids follow from their fullUrls
	// (idOfURL).
	plain map[nameKey]schema.TypeID
	// others are the other resources.
	others map[nameKey]target
	// roots are the beginnings of addresses that end in Type/id.
	roots map[string]bool
}

// mostNames is how many names of a whole import are held: 80 MB. Other names are found
// once their resources are in the store.
const mostNames = 1 << 21

// full reports whether the names of a whole import take no more.
func (n *names) full() bool { return len(n.plain)+len(n.others) >= mostNames }

func newNames() *names {
	return &names{plain: map[nameKey]schema.TypeID{}, others: map[nameKey]target{}, roots: map[string]bool{}}
}

// add adds the fullUrl of an entry. If two entries with the same fullUrl write two
// resources, it names neither.
func (n *names) add(fullURL string, t target) {
	if fullURL == "" {
		return
	}
	if root := rootOf(fullURL); root != "" && len(n.roots) < mostNames {
		n.roots[root] = true
	}
	key := keyOf(fullURL)
	before, again := n.find(fullURL)
	switch {
	case again && (before.typ != t.typ || before.id != t.id):
		delete(n.plain, key)
		n.others[key] = target{ambiguous: true}
	case again:
	case idOfURL(fullURL, t.typ) == t.id:
		n.plain[key] = t.typ
	default:
		n.others[key] = target{typ: t.typ, id: t.id}
	}
}

// find returns the resource that a fullUrl names.
func (n *names) find(fullURL string) (t target, ok bool) {
	if n == nil || fullURL == "" {
		return t, false
	}
	key := keyOf(fullURL)
	if t, ok = n.others[key]; ok {
		return t, true
	}
	if typ, ok := n.plain[key]; ok {
		return target{typ: typ, id: idOfURL(fullURL, typ)}, true
	}
	return t, false
}
