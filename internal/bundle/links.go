package bundle

import (
	"bytes"
	"context"
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/go-json-experiment/json/jsontext"
)

// prepareOne rewrites the links of one resource of a transaction and prepares it
// under the id that it was given.
func (p *plan) prepareOne(ctx context.Context, r *request, id string) (*engine.Prepared, error) {
	return p.engine.Prepare(ctx, r.resource, &engine.How{ID: id, Check: p.check, Rewrite: func(ctx context.Context, doc *fhirjson.Document) ([]byte, error) {
		if doc.Type() != r.target.Type {
			return nil, engine.Failf(engine.ErrInvalid, issue.Value, "the request is for a %s, the resource is a %s", r.target.Type, doc.Type())
		}
		// A conditional update may leave the id out (FHIR R4 §3.1.0.4.3).
		own := doc.ID()
		if r.method == "PUT" && string(own) != id && (own != nil || r.target.ID != "") {
			return nil, engine.Failf(engine.ErrInvalid, issue.Value, "the id of the resource is not that of what is updated")
		}
		return p.rewrite(ctx, doc)
	}})
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
					return nil, engine.At(doc.Pointer(n), err)
				}
				to = link
			}
		}
		if to == nil {
			continue
		}
		quoted, err := jsontext.AppendQuote(nil, to)
		if err != nil {
			return nil, engine.At(doc.Pointer(n), engine.Failf(engine.ErrInvalid, issue.Value, "not valid UTF-8"))
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
	e, err := p.engine.Expect(ctx, t, query)
	if err != nil {
		return nil, err
	}
	if e.Found == 0 {
		return nil, engine.Failf(engine.ErrPreconditionFailed, issue.NotFound, "the conditional reference finds no resource")
	}
	p.expects = append(p.expects, e)
	found, err := p.engine.Current(e.Found)
	if err != nil {
		return nil, err
	}
	link := found.Ref()
	if p.mu.conditional == nil {
		p.mu.conditional = map[string]string{}
	}
	p.mu.conditional[text] = link
	return []byte(link), nil
}
