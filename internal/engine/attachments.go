package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/nlp"
)

var (
	docContent     = schema.Lookup(schema.TypeDocumentReference, "content")
	docSubject     = schema.Lookup(schema.TypeDocumentReference, "subject")
	attachmentType = schema.Lookup(schema.TypeAttachment, "contentType")
	attachmentData = schema.Lookup(schema.TypeAttachment, "data")
	attachmentURL  = schema.Lookup(schema.TypeAttachment, "url")
	binaryType     = schema.Lookup(schema.TypeBinary, "contentType")
	binaryData     = schema.Lookup(schema.TypeBinary, "data")
)

// A binaries finds the Binaries to which the attachments of a document lead.
type binaries struct {
	ctx    context.Context
	beside func(id string) []byte // How.Binary
	by     *Access                // How.By
}

// document makes the annotator's input of a document.
func (e *Engine) document(doc *fhirjson.Document, id string, from binaries) *nlp.Document {
	d := &nlp.Document{Resource: fhirjson.AppendCanonical(nil, doc, 0), ID: id, Subject: subjectOf(doc)}
	n := -1
	for c := range doc.Children(0) {
		if doc.Nodes[c].Field != docContent {
			continue
		}
		n++
		if node, ok := doc.Child(c, schema.Lookup(doc.Nodes[c].Type, "attachment")); ok {
			a := e.attachment(doc, node, from)
			a.Content = n
			d.Attachments = append(d.Attachments, a)
		}
	}
	return d
}

// attachment decodes the data of an attachment, or of the Binary to which its url
// leads.
func (e *Engine) attachment(doc *fhirjson.Document, node fhirjson.Index, from binaries) (a nlp.Attachment) {
	a.ContentType = textOf(doc, node, attachmentType)
	if data, ok := doc.Child(node, attachmentData); ok && doc.HasValue(data) {
		a.Data, a.Err = nlp.Decode(doc.Text(data, nil))
		return a
	}
	url := textOf(doc, node, attachmentURL)
	id, version, ok := e.binaryID(url)
	if !ok {
		a.Err = nlp.ErrElsewhere
		return a
	}
	var binary fhirjson.Document
	if a.Err = e.binary(id, version, from, &binary); a.Err != nil {
		return a
	}
	if a.ContentType == "" {
		a.ContentType = textOf(&binary, 0, binaryType)
	}
	if data, ok := binary.Child(0, binaryData); ok && binary.HasValue(data) {
		a.Data, a.Err = nlp.Decode(binary.Text(data, nil))
	}
	return a
}

var errNoBinary = errors.New("nlp: the Binary of the attachment's url is not in the store")

// binary reads a Binary: the version with a number. With the number 0 it reads the
// Binary in the same commit, or else the current version in the store.
func (e *Engine) binary(id string, version uint64, from binaries, doc *fhirjson.Document) error {
	if from.beside != nil && version == 0 {
		if text := from.beside(id); text != nil {
			if err := fhirjson.Parse(text, doc, &anyStored); err == nil {
				return nil
			}
		}
	}
	view := e.Last()
	o, ok := view.Find(schema.TypeBinary, id)
	for ok && version != 0 && view.VersionNumber(o) > version {
		o, ok = view.Previous(o)
	}
	if !ok || view.Deleted(o) || version != 0 && view.VersionNumber(o) != version {
		return errNoBinary
	}
	if shown, err := view.Lets(from.ctx, from.by, access.Read, o); err != nil {
		return err
	} else if !shown {
		return errNoBinary
	}
	return e.Document(o, doc)
}

// leadsToBinary reports whether an attachment of a document has a Binary of this store in
// place of data.
func (e *Engine) leadsToBinary(doc *fhirjson.Document) bool {
	for c := range doc.Children(0) {
		if doc.Nodes[c].Field != docContent {
			continue
		}
		if node, ok := doc.Child(c, schema.Lookup(doc.Nodes[c].Type, "attachment")); ok {
			if _, _, ok := e.binaryID(textOf(doc, node, attachmentURL)); ok {
				return true
			}
		}
	}
	return false
}

// binaryID returns the id of the Binary of this store to which a url leads, and the
// number of its version: 0 for the current version.
func (e *Engine) binaryID(url string) (id string, version uint64, ok bool) {
	if base := e.options.BaseURL; base != "" {
		url = strings.TrimPrefix(url, base+"/")
	}
	rest, ok := strings.CutPrefix(url, "Binary/")
	id, number, versioned := strings.Cut(rest, "/_history/")
	if ok = ok && fhirjson.ValidID(id); ok && versioned {
		if version, ok = ParseVersion(number); !ok {
			return id, 0, false
		}
	}
	return id, version, ok
}

// textOf returns the text of a member, "" if there is none.
func textOf(doc *fhirjson.Document, of fhirjson.Index, field schema.FieldID) string {
	n, ok := doc.Child(of, field)
	if !ok || !doc.HasValue(n) {
		return ""
	}
	return string(doc.Text(n, nil))
}

// subjectOf returns the subject.reference of a document.
func subjectOf(doc *fhirjson.Document) string {
	subject, ok := doc.Child(0, docSubject)
	if !ok {
		return ""
	}
	return textOf(doc, subject, referenceText)
}
