package index

import (
	"math"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/decimal"
)

// An image is a float64 as an integer of the same order. A decimal that is less
// than another has an image that is less or equal; so only equal images leave a
// comparison open, and then only if one of the two is inexact.
type image int64

const (
	imageOpenLow  image = math.MinInt64
	imageOpenHigh image = math.MaxInt64
)

// exactDigits is the number of significant digits up to which different
// decimals have different float64.
const exactDigits = 15

// imageOf returns the image of a decimal, and whether other decimals may share it.
func imageOf(text string) (im image, inexact bool, err error) {
	d, ok := decimal.Parse(text)
	if !ok {
		return 0, false, ErrNumber
	}
	if d.Sign() == 0 {
		return 0, false, nil
	}
	// The only error left is a value out of range, which comes back as infinite.
	f, _ := strconv.ParseFloat(text, 64)
	inexact = d.Digits() > exactDigits || math.IsInf(f, 0) || math.Abs(f) < 1e-290
	i := int64(math.Float64bits(f))
	if i < 0 {
		i ^= math.MaxInt64
	}
	return image(i), inexact, nil
}

// float is the inverse of imageOf; open ends become infinite.
func (im image) float() float64 {
	switch im {
	case imageOpenLow:
		return math.Inf(-1)
	case imageOpenHigh:
		return math.Inf(1)
	}
	i := int64(im)
	if i < 0 {
		i ^= math.MaxInt64
	}
	return math.Float64frombits(uint64(i))
}
