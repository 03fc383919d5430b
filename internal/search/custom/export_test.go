package custom

import (
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
)

// Use puts the parameters of a filling into use, without filling anything.
func (f *Filling) Use() { f.use(0) }

// Payload returns what is filled in for a document.
func (f *Filling) Payload(doc *fhirjson.Document) []byte {
	var b index.Builder
	f.extract(doc, &b)
	return b.Payload()
}

// Payload returns what a document brings along for the parameters in use.
func (p *Parameters) Payload(doc *fhirjson.Document) []byte {
	var b index.Builder
	p.extractors.ExtractPlaces(p.current.Load().Customs.Places[doc.Type()], doc, &b)
	return b.Payload()
}

// Types returns how many types of resources are filled.
func (f *Filling) Types() int { return len(f.wanted) }

// Kept returns how many kept values there are.
func (p *Parameters) Kept() int { return len(p.kept) }
