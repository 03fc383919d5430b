package engine

import (
	"bytes"
	"context"
	"errors"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/go-json-experiment/json"
)

// annotate calls the enrichers on a DocumentReference and parses the resource
// again with what they added. An enricher's failure becomes an extension; only a
// cancelled context fails the write.
func (e *Engine) annotate(ctx context.Context, c *scratch) error {
	doc, level := &c.doc, c.how.Check.Level
	if doc.Type() != schema.TypeDocumentReference || len(e.options.Enrichers) == 0 {
		return nil
	}
	note := nlp.Note{Resource: fhirjson.AppendCanonical(nil, doc, 0)}
	var added [][]byte
	texts, err := noteTexts(doc)
	if err != nil {
		added = append(added, nlp.Failure(err))
	}
	note.Texts = texts
	for _, enricher := range e.options.Enrichers {
		extensions, err := e.enrich(ctx, enricher, note)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			e.options.Logger.WarnContext(ctx, "an enricher failed; the resource records why")
			extensions = [][]byte{nlp.Failure(err)}
		}
		added = append(added, extensions...)
	}
	original := doc.Source
	if err = e.parseWith(ctx, doc, added, level); err == nil {
		return nil
	}
	// What came back is no FHIR: the resource is kept without it.
	if err := e.parse(ctx, original, doc, level); err != nil {
		return err
	}
	return e.parseWith(ctx, doc, [][]byte{nlp.Failure(err)}, level)
}

// enrich calls one enricher, which may panic, end its goroutine or hang.
func (e *Engine) enrich(ctx context.Context, enricher nlp.Enricher, note nlp.Note) ([][]byte, error) {
	type answer struct {
		extensions [][]byte
		err        error
	}
	a, err := guarded(ctx, e, nil, "an enricher", func() answer {
		extensions, err := enricher.Enrich(ctx, note)
		return answer{extensions, err}
	})
	if err != nil {
		return nil, err
	}
	return a.extensions, a.err
}

// parseWith parses a resource again with extensions added.
func (e *Engine) parseWith(ctx context.Context, doc *fhirjson.Document, extensions [][]byte, level Level) error {
	enriched, err := withExtensions(doc, extensions)
	if err != nil {
		return err
	}
	return e.parse(ctx, enriched, doc, level)
}

// noteTexts decodes the attachments that hold text.
func noteTexts(doc *fhirjson.Document) ([]nlp.Text, error) {
	var texts []nlp.Text
	content := schema.Lookup(schema.TypeDocumentReference, "content")
	n := -1
	for c := range doc.Children(0) {
		if doc.Nodes[c].Field != content {
			continue
		}
		n++
		attachment, ok := doc.Child(c, schema.Lookup(doc.Nodes[c].Type, "attachment"))
		if !ok {
			continue
		}
		contentType := ""
		if t, ok := doc.Child(attachment, schema.Lookup(schema.TypeAttachment, "contentType")); ok {
			contentType = string(doc.Text(t, nil))
		}
		data, ok := doc.Child(attachment, schema.Lookup(schema.TypeAttachment, "data"))
		if !ok || !doc.HasValue(data) || !nlp.IsText(contentType) {
			continue
		}
		decoded, err := nlp.Decode(doc.Text(data, nil))
		if err != nil {
			return texts, err
		}
		texts = append(texts, nlp.Text{
			Content: n, ContentType: contentType, Text: string(bytes.ToValidUTF8(decoded, []byte("\uFFFD"))),
		})
	}
	return texts, nil
}

// withExtensions returns the resource with extensions added to its root; those
// it has with the same url give way.
func withExtensions(doc *fhirjson.Document, extensions [][]byte) ([]byte, error) {
	urls := map[string]bool{}
	for _, x := range extensions {
		url, err := extensionURL(x)
		if err != nil {
			return nil, err
		}
		urls[url] = true
	}
	field := schema.Lookup(doc.Type(), "extension")
	var items [][]byte
	for c := range doc.Children(0) {
		if doc.Nodes[c].Field != field {
			continue
		}
		if url, ok := doc.Child(c, schema.Lookup(schema.TypeExtension, "url")); ok && !urls[string(doc.Text(url, nil))] {
			items = append(items, doc.Raw(c))
		}
	}
	items = append(items, extensions...)
	if len(items) == 0 {
		return doc.Source, nil
	}
	edits := fhirjson.NewEdits(doc)
	edits.SetItems(0, field, items...)
	return edits.Apply(nil), nil
}

// extensionURL returns the url of an extension that an enricher made.
func extensionURL(extension []byte) (string, error) {
	var x struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(extension, &x); err != nil {
		return "", errors.New("datastore: an enricher returned an extension that is no JSON object")
	}
	if x.URL == "" {
		return "", errors.New("datastore: an enricher returned an extension without a url")
	}
	return x.URL, nil
}
