package query

import (
	"math"
	"strconv"

	"github.com/fhirlake/fhirlake/issue"
)

// A circle is the places within a distance of a point.
type circle struct {
	latitude, longitude float64 // in degrees
	metres              float64
}

// defaultDistance is the distance for a position without one, which FHIR leaves to the
// server.
const defaultDistance = 50_000

// metresOf returns the length of a unit of distance, as UCUM and people write it.
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
func (p *Parser) near(v *Value, s string) error {
	parts := splitEscaped(s, '|')
	if len(parts) < 2 || len(parts) > 4 {
		return p.Fail(issue.Value, "must be latitude|longitude|distance|unit")
	}
	number := func(text string, limit float64) (float64, bool) {
		n, err := strconv.ParseFloat(text, 64)
		return n, err == nil && math.Abs(n) <= limit
	}
	latitude, ok := number(parts[0], 90)
	longitude, ok2 := number(parts[1], 180)
	if !ok || !ok2 {
		return p.Fail(issue.Value, "not a latitude and a longitude in degrees")
	}
	v.Circle = circle{latitude, longitude, defaultDistance}
	if len(parts) == 2 || parts[2] == "" {
		return nil
	}
	distance, ok := number(parts[2], math.MaxFloat64)
	if !ok || distance < 0 {
		return p.Fail(issue.Value, "not a distance")
	}
	unit := ""
	if len(parts) == 4 {
		unit = unescape(parts[3])
	}
	metres, ok := metresOf(unit)
	if !ok {
		return p.Fail(issue.Value, "unknown unit of distance")
	}
	v.Circle.metres = distance * metres
	return nil
}

// Holds reports whether a place is in the circle, by the great circle of a sphere
// of the Earth's mean radius.
func (c circle) Holds(latitude, longitude float64) bool {
	const radius, degree = 6_371_008.8, math.Pi / 180
	square := func(x float64) float64 { return x * x }
	h := square(math.Sin((latitude-c.latitude)*degree/2)) +
		math.Cos(latitude*degree)*math.Cos(c.latitude*degree)*square(math.Sin((longitude-c.longitude)*degree/2))
	return 2*radius*math.Asin(math.Sqrt(min(h, 1))) <= c.metres
}
