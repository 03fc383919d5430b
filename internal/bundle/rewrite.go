package datastore

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/go-json-experiment/json/jsontext"
)

// prepareOne rewrites the links of one resource of a transaction and prepares it
// under the id that it was given.
func (p *plan) prepareOne(ctx context.Context, r *request, id string) (*prepared, error) {
	s := p.store
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	if err := s.parse(r.resource, &c.doc, p.check.level); err != nil {
		return nil, err
	}
	if c.doc.Type() != r.target.typ {
		return nil, failf(ErrInvalid, issue.Value, "the request is for a %s, the resource is a %s", r.target.typ, c.doc.Type())
	}
	// A conditional update may leave the id out (FHIR R4 §3.1.0.4.3).
	own := c.doc.ID()
	if r.method == http.MethodPut && string(own) != id && (own != nil || r.target.id != "") {
		return nil, failf(ErrInvalid, issue.Value, "the id of the resource is not that of what is updated")
	}
	rewritten, err := p.rewrite(ctx, &c.doc)
	if err != nil {
		return nil, err
	}
	if rewritten != nil {
		if err := s.parse(rewritten, &c.doc, p.check.level); err != nil {
			return nil, err
		}
	}
	if err := s.settle(ctx, c, p.check); err != nil {
		return nil, err
	}
	return s.prepareDocument(c, id)
}

// rewrite returns the resource with its links to other entries replaced, or nil
// where it has none. Links are what FHIR R4 §3.1.0.11.2 names: references,
// elements of type uri, url, oid and uuid, and href and src in the narrative.
func (p *plan) rewrite(ctx context.Context, doc *fhirjson.Document) ([]byte, error) {
	edits := fhirjson.NewEdits(doc)
	changed := false
	reference := schema.Lookup(schema.TypeReference, "reference")
	for i := range doc.Nodes {
		n := fhirjson.Index(i)
		node := &doc.Nodes[i]
		if node.Kind != fhirjson.String {
			continue
		}
		var to []byte
		switch {
		case node.Type == schema.TypeXhtml:
			to = p.narrative(doc.Text(n, nil))
		case node.Field == reference || linkType(node.Type):
			text := doc.Text(n, nil)
			if link, ok := p.links[string(text)]; ok {
				to = []byte(link)
			} else if node.Field == reference {
				link, err := p.conditional(ctx, string(text))
				if err != nil {
					return nil, at(doc.Pointer(n), err)
				}
				to = link
			}
		}
		if to == nil {
			continue
		}
		quoted, err := jsontext.AppendQuote(nil, to)
		if err != nil {
			return nil, at(doc.Pointer(n), failf(ErrInvalid, issue.Value, "not valid UTF-8"))
		}
		edits.Replace(n, quoted)
		changed = true
	}
	if !changed {
		return nil, nil
	}
	return edits.Apply(nil), nil
}

// linkType reports whether values of the type may be links.
func linkType(t schema.TypeID) bool {
	return t == schema.TypeUri || t == schema.TypeUrl || t == schema.TypeOid || t == schema.TypeUuid
}

// narrative returns the narrative with its links replaced, or nil.
func (p *plan) narrative(div []byte) []byte {
	if !bytes.Contains(div, []byte("href=")) && !bytes.Contains(div, []byte("src=")) {
		return nil
	}
	out := div
	for from, to := range p.links {
		for _, attribute := range []string{`href="`, `src="`} {
			out = bytes.ReplaceAll(out, []byte(attribute+from+`"`), []byte(attribute+to+`"`))
		}
	}
	if bytes.Equal(out, div) {
		return nil
	}
	return out
}

// conditional resolves a conditional reference (FHIR R4 §3.1.0.11.3): the one
// resource that Type?query finds. It returns nil for any other reference.
func (p *plan) conditional(ctx context.Context, text string) ([]byte, error) {
	name, query, ok := strings.Cut(text, "?")
	t, isType := schema.ResourceType(name)
	if !ok || !isType {
		return nil, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if link, ok := p.mu.conditional[text]; ok {
		return []byte(link), nil
	}
	e, err := p.store.expect(ctx, t, query)
	if err != nil {
		return nil, err
	}
	if e.found == 0 {
		return nil, failf(ErrPreconditionFailed, issue.NotFound, "the conditional reference finds no resource")
	}
	p.expects = append(p.expects, e)
	_, id := p.store.index.View().Key(e.found)
	link := name + "/" + id
	if p.mu.conditional == nil {
		p.mu.conditional = map[string]string{}
	}
	p.mu.conditional[text] = link
	return []byte(link), nil
}
