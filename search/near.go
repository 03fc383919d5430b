package search

import (
	"math"
	"slices"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A circle is the places not farther from a point than a distance.
type circle struct {
	latitude, longitude float64 // in degrees
	metres              float64
}

// defaultDistance is meant where a position comes without a distance, which FHIR
// leaves to the server.
const defaultDistance = 50_000

// metresOf has the units that a distance may have, as UCUM and people write them.
func metresOf(unit string) (metres float64, ok bool) {
	switch unit {
	case "", "km":
		return 1000, true
	case "m":
		return 1, true
	case "mi", "[mi_i]":
		return 1609.344, true
	case "[mi_us]":
		return 6336000.0 / 3937, true
	}
	return 0, false
}

// near reads latitude|longitude|distance|unit (FHIR R4, Location, near).
func (p *parser) near(v *value, s string) error {
	parts := splitEscaped(s, '|')
	if len(parts) < 2 || len(parts) > 4 {
		return p.fail(issue.Value, "must be latitude|longitude|distance|unit")
	}
	number := func(text string, limit float64) (float64, bool) {
		n, err := strconv.ParseFloat(text, 64)
		return n, err == nil && math.Abs(n) <= limit
	}
	latitude, ok := number(parts[0], 90)
	longitude, ok2 := number(parts[1], 180)
	if !ok || !ok2 {
		return p.fail(issue.Value, "not a latitude and a longitude in degrees")
	}
	v.circle = circle{latitude, longitude, defaultDistance}
	if len(parts) == 2 || parts[2] == "" {
		return nil
	}
	distance, ok := number(parts[2], math.MaxFloat64)
	if !ok || distance < 0 {
		return p.fail(issue.Value, "not a distance")
	}
	unit := ""
	if len(parts) == 4 {
		unit = unescape(parts[3])
	}
	metres, ok := metresOf(unit)
	if !ok {
		return p.fail(issue.Value, "unknown unit of distance")
	}
	v.circle.metres = distance * metres
	return nil
}

// holds reports whether a place is in the circle, by the great circle of a sphere
// of the Earth's mean radius.
func (c circle) holds(latitude, longitude float64) bool {
	const radius, degree = 6_371_008.8, math.Pi / 180
	square := func(x float64) float64 { return x * x }
	h := square(math.Sin((latitude-c.latitude)*degree/2)) +
		math.Cos(latitude*degree)*math.Cos(c.latitude*degree)*square(math.Sin((longitude-c.longitude)*degree/2))
	return 2*radius*math.Asin(math.Sqrt(min(h, 1))) <= c.metres
}

// A nearNode is a match on near, or :missing on it. The index has no positions: those
// of the Locations that are left are read.
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

// decide reads the positions from the resource, as those of other Locations are.
func (n *nearNode) decide(about subject) (decision, error) {
	return n.ev.eachNode(about, n.typ, 1, n.holds)
}

func (n *nearNode) explain() (string, Way) { return n.name(), ByValues }

// holds decides near, or :missing on it, for the Location at a node.
func (n *nearNode) holds(doc *fhirjson.Document, location fhirjson.Index) bool {
	latitude, longitude, found := position(doc, location)
	if n.modifier == modMissing {
		return found != n.missing
	}
	return found && slices.ContainsFunc(n.values, func(v value) bool { return v.circle.holds(latitude, longitude) })
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
