package bundle

import (
	"bytes"
	"context"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json/jsontext"
)

// A link is the replacement of a fullUrl, in all texts that name the entry, or of one
// conditional reference.
type link struct {
	to    string // Type/id; "" of a conditional reference that is not resolved yet
	entry int    // -1 of a conditional reference
	// Of a conditional reference: its criteria, their matches in the state, and the
	// round in which they were searched last.
	typ       schema.TypeID
	text      string
	criterion *criterion
	base      index.Ordinal
	round     int
	once      sync.Once
	err       error
}

// A use is a link in a resource, and its new text.
type use struct {
	link  *link
	to    string
	place string // of a conditional reference
}

// Restful splits an address that ends in Type/id. root is "" for other addresses.
func Restful(url string) (root string, t schema.TypeID, id string) {
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return "", 0, ""
	}
	rest, id := cutLast(url)
	root, name := cutLast(rest)
	t, ok := schema.ResourceType(name)
	if !ok || !fhirjson.ValidID(id) {
		return "", 0, ""
	}
	return root, t, id
}

func cutLast(path string) (before, last string) {
	slash := strings.LastIndexByte(path, '/')
	return path[:max(slash, 0)], path[slash+1:]
}

// find returns the link of a text, and the version or the fragment behind it. root is
// the root of the entry's own fullUrl, which completes relative texts (FHIR R4
// §2.36.4.1).
func (p *transaction) find(text, root string) (l *link, version, fragment string) {
	if at := strings.IndexByte(text, '#'); at > 0 {
		text, fragment = text[:at], text[at:]
	}
	if l = p.find1(text, root); l != nil {
		return l, "", fragment
	}
	if at := strings.Index(text, "/_history/"); at > 0 {
		if l = p.find1(text[:at], root); l != nil {
			return l, text[at:], fragment
		}
	}
	return nil, "", ""
}

func (p *transaction) find1(text, root string) *link {
	if l := p.named(text); l != nil || root == "" {
		return l
	}
	name, id, ok := strings.Cut(text, "/")
	if _, isType := schema.ResourceType(name); !ok || !isType || !fhirjson.ValidID(id) {
		return nil
	}
	return p.named(root + "/" + text)
}

// named returns the link of a fullUrl.
func (p *transaction) named(fullURL string) *link {
	if l := p.links[fullURL]; l != nil || !p.strangers[fullURL] {
		return l
	}
	return &strange
}

// strange is the link of another entry of a batch, to which no reference is possible.
var strange link

// A rewriting is one resource while its links are rewritten (FHIR R4 §3.1.0.11.2):
// those in references, in elements of type uri and url, and in the narrative.
type rewriting struct {
	*transaction
	entry int
	root  string // of the entry's fullUrl
	doc   *fhirjson.Document
	used  []use
}

// prepareOne rewrites the links of the resource of an entry and prepares it under the
// id that it was given.
func (p *transaction) prepareOne(ctx context.Context, i int) error {
	r, e := &p.requests[i], &p.entries[i]
	w := rewriting{transaction: p, entry: i}
	w.root, _, _ = Restful(r.fullURL)
	rewrite := func(ctx context.Context, doc *fhirjson.Document) ([]byte, error) {
		if doc.Type() != r.target.Type {
			return nil, engine.Failf(engine.ErrInvalid, issue.Value, "the request is for a %s, the resource is a %s", r.target.Type, doc.Type())
		}
		// A conditional update may leave the id out (FHIR R4 §3.1.0.4.3).
		own := doc.ID()
		if r.method == "PATCH" && string(own) != e.id {
			return nil, engine.Failf(engine.ErrInvalid, issue.BusinessRule, "a patch must not change the type or the id")
		}
		if r.method == "PUT" && string(own) != e.id && (own != nil || r.target.ID != "") {
			return nil, engine.Failf(engine.ErrInvalid, issue.Value, "the id of the resource is not that of what is updated")
		}
		return w.rewrite(ctx, doc)
	}
	resource := r.resource
	if r.method == "PATCH" {
		var err error
		if resource, err = p.patched(ctx, i); err != nil {
			return err
		}
	}
	prepared, err := p.engine.Prepare(ctx, resource, &engine.How{ID: e.id, Check: p.Check, Rewrite: rewrite, Binary: p.binary, By: p.By})
	if err != nil {
		return err
	}
	e.op.Prepared, e.used, e.preparedAs = prepared, w.used, e.id
	return nil
}

// binary returns the text of a Binary that the transaction writes, nil if there is none.
func (p *transaction) binary(id string) []byte {
	for i := range p.entries {
		if p.entries[i].id == id && p.requests[i].target.Type == schema.TypeBinary {
			return p.requests[i].resource
		}
	}
	return nil
}

// rewrite returns the resource with its links replaced, or nil if it has none.
func (w *rewriting) rewrite(ctx context.Context, doc *fhirjson.Document) ([]byte, error) {
	w.doc = doc
	return Relink(doc, w.skip, func(kind LinkKind, n fhirjson.Index, text string) (string, error) {
		switch kind {
		case InReference:
			return w.reference(ctx, n, text)
		case InName:
			if l, _, _ := w.find(text, ""); l != nil {
				return "", engine.Failf(engine.ErrInvalid, issue.Value,
					"the element is equal to the fullUrl of an entry, and its type %s allows no relative address in its place", doc.Nodes[n].Type)
			}
			return "", nil
		}
		return w.link(text)
	})
}

// skip reports whether a node cannot be a link: no entry has a fullUrl, and it is no
// conditional reference.
func (w *rewriting) skip(n fhirjson.Index) bool {
	node := &w.doc.Nodes[n]
	return len(w.links)+len(w.strangers) == 0 && (node.Field != referenceText || bytes.IndexByte(w.doc.Raw(n), '?') < 0 && !node.Escaped)
}

// link returns the new text of a link, "" for a text that is no link.
func (w *rewriting) link(text string) (string, error) {
	l, version, fragment := w.find(text, w.root)
	if l == nil {
		return "", nil
	}
	if l == &strange {
		return "", engine.Failf(engine.ErrInvalid, issue.Value, "refers to another entry: the entries of a batch stand alone")
	}
	w.used = append(w.used, use{link: l, to: l.to})
	if version != "" && !strings.HasSuffix(text, l.to+version+fragment) {
		// The text names a version of the resource's source.
		if version = w.version(l); version == "" {
			return "", engine.Failf(engine.ErrInvalid, issue.NotSupported,
				"refers to a version of what the transaction updates: leave the version out")
		}
	}
	return l.to + version + fragment, nil
}

// version returns the future version of an entry, "" if it is unknown before it is
// written.
func (p *transaction) version(l *link) string {
	switch e := &p.entries[l.entry]; {
	case e.reply.version.Number != 0 && !e.writes:
		return "/_history/" + e.reply.version.VersionID()
	case e.writes && p.requests[l.entry].method == "POST":
		return "/_history/1"
	}
	return ""
}

// reference returns the new text of a Reference, "" if it stays.
func (w *rewriting) reference(ctx context.Context, n fhirjson.Index, text string) (string, error) {
	to, err := w.link(text)
	if to != "" || err != nil {
		return to, err
	}
	t, criteria, ok := w.conditionalReference(text)
	if !ok {
		return "", nil
	}
	l := w.transaction.conditional(ctx, t, criteria)
	if l.err != nil {
		return "", l.err
	}
	w.used = append(w.used, use{l, l.to, w.doc.Pointer(n)})
	return l.to, nil
}

// conditionalReference splits Type?query (FHIR R4 §3.1.0.11.3).
func (p *transaction) conditionalReference(text string) (t schema.TypeID, criteria string, ok bool) {
	if base := p.base(); base != "" {
		text = strings.TrimPrefix(text, base+"/")
	}
	name, criteria, ok := strings.Cut(text, "?")
	t, isType := schema.ResourceType(name)
	return t, criteria, ok && isType
}

// ownID returns the id in a resource, or "". The parser checks it later.
func ownID(resource []byte) string {
	if len(resource) == 0 {
		return ""
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(resource))
	if _, err := d.ReadToken(); err != nil {
		return ""
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return ""
		}
		if name.String() == "id" && d.PeekKind() == '"' {
			id, err := d.ReadToken()
			if err != nil {
				return ""
			}
			return id.String()
		}
		if d.SkipValue() != nil {
			return ""
		}
	}
	return ""
}
