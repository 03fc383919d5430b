package engine

import (
	"bytes"
	"context"
	"strings"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// resolveReferences replaces each conditional reference (FHIR R4 §3.1.0.11.3) by the
// Type/id that it finds in the current state, if How.Resolve is set. It reports
// ErrUnresolved for a reference that does not find exactly one resource. References
// inside a stored Bundle are left alone: they belong to its entries.
func (e *Engine) resolveReferences(ctx context.Context, c *scratch) error {
	if !c.how.Resolve || c.doc.Type() == schema.TypeBundle {
		return nil
	}
	var edits *fhirjson.Edits
	for i := range c.doc.Nodes {
		n := fhirjson.Index(i)
		t, criteria, ok := e.conditionalReference(c, n)
		if !ok {
			continue
		}
		to, err := e.resolve(ctx, t, criteria, c.how.By)
		if err != nil {
			return AtIn(c.doc.Type().String(), c.doc.Pointer(n), err)
		}
		if edits == nil {
			edits = fhirjson.NewEdits(&c.doc)
		}
		edits.Replace(n, quote.Append(nil, to))
	}
	if edits == nil {
		return nil
	}
	if err := e.parse(ctx, edits.Apply(nil), &c.doc, c.how.Check.Level); err != nil {
		return err
	}
	c.issues = append(c.issues[:0], c.doc.Issues...)
	return nil
}

// conditionalReference splits the text Type?query of a node, and reports whether the
// node is a conditional reference. The text may be absolute, below the store's own
// address.
func (e *Engine) conditionalReference(c *scratch, n fhirjson.Index) (t schema.TypeID, criteria string, ok bool) {
	doc := &c.doc
	node := &doc.Nodes[n]
	if node.Field != referenceText || node.Kind != fhirjson.String || !node.Escaped && bytes.IndexByte(doc.Raw(n), '?') < 0 {
		return 0, "", false
	}
	text := string(doc.Text(n, nil))
	for _, base := range []string{c.how.Check.Base, e.options.BaseURL} {
		if rest, below := strings.CutPrefix(text, base+"/"); below && base != "" {
			text = rest
		}
	}
	name, criteria, ok := strings.Cut(text, "?")
	t, isType := schema.ResourceType(name)
	return t, criteria, ok && isType
}

// resolve returns the one resource that criteria find for a caller, as Type/id.
func (e *Engine) resolve(ctx context.Context, t schema.TypeID, criteria string, by *Access) (string, error) {
	if err := by.May(access.Search, t); err != nil {
		return "", err
	}
	c, err := e.Criterion(t, criteria, e.options.BaseURL)
	if err != nil {
		return "", err
	}
	now, err := e.Hold()
	if err != nil {
		return "", err
	}
	defer now.Release()
	set, err := e.search.Ordinals(ctx, by.Through(access.Search, now.View).View, c.query)
	if err != nil {
		return "", QueryError(err)
	}
	switch n := set.GetCardinality(); n {
	case 0:
		return "", Failf(ErrUnresolved, issue.NotFound, "the conditional reference finds no resource")
	case 1:
		v := now.Version(index.Ordinal(set.Minimum()))
		return v.Ref(), nil
	default:
		return "", Failf(ErrUnresolved, issue.MultipleMatches, "the conditional reference finds %d resources, not one", n)
	}
}
