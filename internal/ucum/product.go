package ucum

// A product is the running product of a code's symbols.
type product struct {
	scale     scale
	dimension dimension
	special   *special
}

// multiply multiplies (prefix × atom)^exponent in; prefix may be nil. It
// reports ErrRange.
func (p *product) multiply(prefix *prefix, atom *atom, exponent int) error {
	if prefix != nil {
		if err := p.number(prefix.value, exponent); err != nil {
			return err
		}
	}
	switch {
	case atom.kind == baseUnit:
		p.dimension = p.dimension.times(dimension{{atom.base, 1}}, exponent)
		return nil
	case atom.code == piCode:
		p.scale.pi += exponent
		return nil
	}
	definition, err := define(atom)
	if err != nil {
		return err
	}
	if atom.kind == specialUnit {
		p.special = &special{functionOf(atom.function), definition.scale, definition.dimension}
		return nil
	}
	p.dimension = p.dimension.times(definition.dimension, exponent)
	p.scale, err = p.scale.times(definition.scale, exponent)
	return err
}

// number multiplies a number of the table in.
func (p *product) number(text string, exponent int) error {
	n, err := parseRatio(text)
	if err != nil {
		return err
	}
	p.scale, err = p.scale.times(scale{ratio: n}, exponent)
	return err
}

// define returns an atom's value × unit. Definitions have no cycles: a test
// parses them all.
func define(a *atom) (product, error) {
	d, err := read(a.unit)
	if err != nil {
		return product{}, err
	}
	err = d.product.number(a.value, 1)
	return d.product, err
}
