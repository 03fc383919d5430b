package exec

import (
	"slices"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A nearNode is a match on near, or :missing on it. The index has no positions: the
// remaining Locations are read.
type nearNode struct{ matched }

func (n *nearNode) estimate() int { return costOfBlock * (n.ev.everything(n.typ) + 1) }

func (n *nearNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if n.ev.documents == nil {
		return nil, errNoDocuments
	}
	candidates := within
	if candidates == nil {
		candidates = n.ev.view.OfType(index.TypeID(n.typ)).Bitmap()
	}
	candidates = candidates.Clone()
	n.ev.view.RetainVisible(candidates)
	set := roaring.New()
	var doc fhirjson.Document
	for o := range roaring.Values(candidates) {
		if err := n.ev.documents(index.Ordinal(o), &doc); err != nil {
			return nil, err
		}
		if err := n.ev.charge(costOfBlock + len(doc.Source)); err != nil {
			return nil, err
		}
		if n.holds(&doc, 0) {
			set.Add(o)
		}
	}
	return set, nil
}

func (n *nearNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	return n.among(within)
}

// decide reads the positions from the resource.
func (n *nearNode) decide(about subject) (decision, error) {
	return n.ev.eachNode(about, n.typ, 1, n.holds)
}

func (n *nearNode) explain() (string, search.Way) { return n.Name(), search.ByValues }

// holds decides near, or :missing on it, for the Location at a node.
func (n *nearNode) holds(doc *fhirjson.Document, location fhirjson.Index) bool {
	latitude, longitude, found := position(doc, location)
	if n.Modifier == param.ModMissing {
		return found != n.Missing
	}
	return found && slices.ContainsFunc(n.Values, func(v query.Value) bool { return v.Circle.Holds(latitude, longitude) })
}

// position returns the position of the Location at a node.
func position(doc *fhirjson.Document, location fhirjson.Index) (latitude, longitude float64, ok bool) {
	n, ok := doc.Child(location, schema.Lookup(doc.Nodes[location].Type, "position"))
	if !ok {
		return 0, 0, false
	}
	latitude, err := strconv.ParseFloat(doc.Member(n, "latitude"), 64)
	longitude, err2 := strconv.ParseFloat(doc.Member(n, "longitude"), 64)
	return latitude, longitude, err == nil && err2 == nil
}
