package ingest

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/bundle"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// links are the names by which Bundles refer to the entries of others, as far as a job
// knows them.
type links struct {
	// all are the names in all Bundles, up to mostNames. The reader sets them before a
	// pass over lines that were put aside; nil in the first pass.
	all *names

	mu struct {
		sync.Mutex
		found map[string]target // what the store has of an id
	}
}

// mostFound is how many ids are remembered.
const mostFound = 1 << 16

// byID returns the one resource of any type that has an id in the store. n is how many
// there are.
func (l *links) byID(store *datastore.Store, id string) (t target, n int, err error) {
	l.mu.Lock()
	t, ok := l.mu.found[id]
	l.mu.Unlock()
	if ok {
		return t, 1, nil
	}
	at, err := store.At()
	if err != nil {
		return t, 0, err
	}
	defer at.Close()
	refs := at.WithID(id)
	if n = len(refs); n > 0 {
		typ, _ := schema.ResourceType(refs[0].Type)
		t = target{typ: typ, id: id}
	}
	if n == 1 {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.mu.found == nil || len(l.mu.found) == mostFound {
			l.mu.found = map[string]target{}
		}
		l.mu.found[id] = t
	}
	return t, n, nil
}

// A linker turns the references of one entry into references within this store.
type linker struct {
	chunk *chunk
	store *datastore.Store
	root  string // of the entry's fullUrl
}

var documents = sync.Pool{New: func() any { return new(fhirjson.Document) }}

// relink returns a resource whose references to entries are Type/id (FHIR R4
// §2.36.4.1). It returns a resource that does not parse unchanged, for the store to
// refuse.
func (l *linker) relink(ctx context.Context, resource []byte) ([]byte, error) {
	doc := documents.Get().(*fhirjson.Document)
	defer func() {
		if len(doc.Source) <= chunkSize {
			doc.Source = nil
			documents.Put(doc)
		}
	}()
	options := fhirjson.Options{MaxBytes: l.store.MaxResourceSize(), Level: fhirjson.Level(l.chunk.job.options.Validation)}
	if fhirjson.ParseContext(ctx, resource, doc, &options) != nil {
		return resource, ctx.Err()
	}
	text, err := bundle.Relink(doc, nil, func(kind bundle.LinkKind, _ fhirjson.Index, text string) (string, error) {
		if kind == bundle.InName {
			return "", nil // it has no relative form
		}
		if l.chunk.bundle == nil {
			return l.lineReference(kind, text)
		}
		to, err := l.link(text)
		switch {
		case kind != bundle.InReference:
			return to, nil
		case to != "" || err != nil:
			return to, err
		}
		return l.reference(ctx, text)
	})
	if text == nil {
		text = resource
	}
	return text, err
}

// lineReference returns the new text of a line's reference by UUID or OID, "" if it
// stays.
func (l *linker) lineReference(kind bundle.LinkKind, text string) (string, error) {
	p := part(text)
	id, isURN := strings.CutPrefix(p.base, uuidPrefix)
	if !isURN {
		id, isURN = strings.CutPrefix(p.base, oidPrefix)
	}
	if kind != bundle.InReference || !isURN {
		return "", nil
	}
	if t, ok := l.chunk.job.links.all.find(p.base); ok && !t.ambiguous {
		return p.to(text, t, ok)
	}
	to, err := l.urn(p, text, id)
	if waits := l.chunk.source.again && !l.chunk.job.from.Last; errors.Is(err, engine.ErrUnresolved) && !waits {
		return "", nil
	}
	return to, err
}

// A parted is the text of a reference, split from its version and fragment.
type parted struct{ base, rest string }

func part(text string) parted {
	base, rest := text, ""
	if at := strings.IndexByte(base, '#'); at > 0 {
		base, rest = base[:at], base[at:]
	}
	if at := strings.Index(base, "/_history/"); at > 0 {
		base, rest = base[:at], base[at:]+rest
	}
	return parted{base, rest}
}

// link returns the new text of a reference by the fullUrl of an entry of the same
// Bundle, "" if it is none. A relative text is completed by the root of the entry's
// fullUrl.
func (l *linker) link(text string) (string, error) {
	p := part(text)
	t, ok := l.chunk.bundle.names.find(p.base)
	if !ok && l.root != "" && isRelative(p.base) {
		t, ok = l.chunk.bundle.names.find(l.root + "/" + p.base)
	}
	return p.to(text, t, ok)
}

// to returns the new text of a reference to a target.
func (p parted) to(text string, t target, ok bool) (string, error) {
	switch {
	case !ok:
		return "", nil
	case t.ambiguous:
		return "", engine.Failf(engine.ErrInvalid, issue.MultipleMatches, "refers to a fullUrl that several resources have")
	}
	to := t.ref().String() + p.rest
	if to == text {
		return "", nil
	}
	return to, nil
}

// isRelative reports whether a text is Type/id.
func isRelative(text string) bool {
	name, id, ok := strings.Cut(text, "/")
	_, isType := schema.ResourceType(name)
	return ok && isType && fhirjson.ValidID(id)
}

// reference returns the new text of a reference to no entry of the same Bundle, "" if
// it stays. It reports ErrUnresolved for a target that does not exist, or not yet.
func (l *linker) reference(ctx context.Context, text string) (string, error) {
	p := part(text)
	all, job := l.chunk.job.links.all, l.chunk.job
	waits := l.chunk.source.again && !job.from.Last // what comes later may be it
	t, ok := all.find(p.base)
	if ok {
		return p.to(text, t, ok)
	}
	for _, prefix := range []string{uuidPrefix, oidPrefix} {
		if id, isURN := strings.CutPrefix(p.base, prefix); isURN {
			return l.urn(p, text, id)
		}
	}
	root, typ, id := bundle.Restful(p.base)
	t = target{typ: typ, id: id}
	switch {
	case !strings.HasPrefix(p.base, "http://") && !strings.HasPrefix(p.base, "https://"):
		return "", nil
	case root != "" && root == l.root: // as one that is relative
		return p.to(text, t, true)
	case all == nil && waits && job.hasBundles():
		return "", elsewhere()
	case root == "" || all == nil || !all.roots[root]:
		return "", nil
	}
	at, err := l.store.At()
	if err != nil {
		return "", err
	}
	defer at.Close()
	if _, err := at.Find(ctx, t.ref()); err == nil {
		return p.to(text, t, true)
	}
	if waits {
		return "", elsewhere()
	}
	return "", ctx.Err()
}

func elsewhere() error {
	return engine.Failf(engine.ErrUnresolved, issue.NotFound, "the reference finds no resource")
}

// urn resolves a reference by UUID or OID to the store's resource of that id.
func (l *linker) urn(p parted, text, id string) (string, error) {
	if !fhirjson.ValidID(id) {
		return "", elsewhere()
	}
	t, n, err := l.chunk.job.links.byID(l.store, id)
	switch {
	case err != nil:
		return "", err
	case n == 0:
		return "", elsewhere()
	case n > 1:
		return "", engine.Failf(engine.ErrUnresolved, issue.MultipleMatches, "the reference finds %d resources, not one", n)
	}
	return p.to(text, t, true)
}

// rootOf returns the beginning of an address that ends in Type/id, "" for other
// addresses.
func rootOf(fullURL string) string {
	root, _, _ := bundle.Restful(fullURL)
	return root
}
