package fhirpath

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
)

// A form is the compiler of a function that is neither a scalar nor a reduction.
// The argument count has been checked.
type form struct {
	least, most int
	compile     func(c *compiler, n *syntax.Call, input operation, from, focus shape) (operation, shape, error)
}

// unlimited is the most of a form that takes any number of arguments.
const unlimited = 1 << 10

// formOf finds a form by name. It is a switch and no table, since forms call functions
// that call it.
func formOf(name string) (form, bool) {
	switch name {
	case "where":
		return form{1, 1, (*compiler).where}, true
	case "exists":
		return form{1, 1, (*compiler).exists}, true
	case "all":
		return form{1, 1, (*compiler).all}, true
	case "select":
		return form{1, 1, (*compiler).selection}, true
	case "repeat":
		return form{1, 1, (*compiler).repetition}, true
	case "aggregate":
		return form{1, 2, (*compiler).aggregation}, true
	case "sort":
		return form{0, unlimited, (*compiler).sorting}, true
	case "iif":
		return form{2, 3, (*compiler).choice}, true
	case "coalesce":
		return form{1, unlimited, (*compiler).coalesce}, true
	case "trace":
		return form{1, 2, (*compiler).trace}, true
	case "defineVariable":
		return form{1, 2, (*compiler).defineVariable}, true
	case "skip", "take":
		return form{1, 1, (*compiler).section}, true
	case "children", "descendants":
		return form{0, 0, (*compiler).children}, true
	case "split":
		return form{1, 1, (*compiler).split}, true
	case "toChars":
		return form{0, 0, (*compiler).split}, true
	case "join":
		return form{0, 1, (*compiler).join}, true
	case "now", "today", "timeOfDay":
		return form{0, 0, (*compiler).clock}, true
	case "as", "ofType":
		return form{1, 1, (*compiler).asFunction}, true
	case "is":
		return form{1, 1, (*compiler).isFunction}, true
	case "resolve":
		return form{0, 0, (*compiler).resolve}, true
	case "extension", "hasExtension":
		return form{1, 1, (*compiler).extension}, true
	case "checkModifiers":
		return form{0, unlimited, (*compiler).checkModifiers}, true
	case "slice":
		return form{2, 2, (*compiler).slice}, true
	case "elementDefinition":
		return form{0, 0, (*compiler).elementDefinition}, true
	default:
		return form{}, false
	}
}

// orderFunctions are the reductions that need an order.
var orderFunctions = []string{"first", "last", "tail"}

// call compiles a function on the items of input.
func (c *compiler) call(n *syntax.Call, input operation, from, focus shape) (operation, shape, error) {
	if r, ok := reductions[n.Name]; ok && len(n.Args) == 0 {
		if slices.Contains(orderFunctions, n.Name) {
			if err := c.ordered(n, from); err != nil {
				return nil, shape{}, err
			}
		}
		return &reduction{n.Position, input, r.reduce}, r.result(from), nil
	}
	if f, ok := formOf(n.Name); ok {
		if len(n.Args) < f.least || len(n.Args) > f.most {
			return nil, shape{}, c.arity(n, f.least, f.most)
		}
		return f.compile(c, n, input, from, focus)
	}
	if f, ok := scalarOf(n.Name); ok {
		return c.scalar(n, f, input, from, focus)
	}
	if p, ok := pairings[n.Name]; ok {
		if len(n.Args) != 1 {
			return nil, shape{}, c.arity(n, 1, 1)
		}
		right, b, err := c.inScope(n.Args[0], focus)
		return &pairing{n.Position, input, right, p.pair}, p.result(from, b), err
	}
	if f, ok := c.opts.Functions[n.Name]; ok {
		if len(n.Args) < f.MinArgs || len(n.Args) > f.MaxArgs {
			return nil, shape{}, c.arity(n, f.MinArgs, f.MaxArgs)
		}
		args, _, err := c.args(n.Args, focus)
		c.uses.other++
		c.impure = true
		return &external{n.Position, input, args, f}, shape{open: true, values: anyValue}, err
	}
	if _, ok := reductions[n.Name]; ok {
		return nil, shape{}, c.arity(n, 0, 0)
	}
	return nil, shape{}, c.fail(ErrSemantic, n, "no function %q", n.Name)
}

// defines reports whether a function is FHIRPath's own, and not one of a caller.
func (c *compiler) defines(name string) bool {
	_, isReduction := reductions[name]
	_, isForm := formOf(name)
	_, isScalar := scalarOf(name)
	_, isPairing := pairings[name]
	return isReduction || isForm || isScalar || isPairing
}

// arity reports a wrong number of arguments.
func (c *compiler) arity(n *syntax.Call, least, most int) error {
	switch {
	case least == most && most == 1:
		return c.fail(ErrSemantic, n, "%s takes one argument", n.Name)
	case least == most:
		return c.fail(ErrSemantic, n, "%s takes %d arguments", n.Name, most)
	case most == unlimited:
		return c.fail(ErrSemantic, n, "%s takes %d arguments or more", n.Name, least)
	default:
		return c.fail(ErrSemantic, n, "%s takes %d to %d arguments", n.Name, least, most)
	}
}

// args compiles arguments that are evaluated on $this.
func (c *compiler) args(nodes []syntax.Node, focus shape) ([]operation, []shape, error) {
	operations, shapes := make([]operation, len(nodes)), make([]shape, len(nodes))
	for i, arg := range nodes {
		var err error
		if operations[i], shapes[i], err = c.inScope(arg, focus); err != nil {
			return nil, nil, err
		}
	}
	return operations, shapes, nil
}

// scalar compiles a function of one item.
func (c *compiler) scalar(n *syntax.Call, f *scalar, input operation, from, focus shape) (operation, shape, error) {
	if len(n.Args) < f.least || len(n.Args) > len(f.args) {
		return nil, shape{}, c.arity(n, f.least, len(f.args))
	}
	if err := c.expect(n, from, f.input, n.Name); err != nil {
		return nil, shape{}, err
	}
	args, shapes, err := c.args(n.Args, focus)
	if err != nil {
		return nil, shape{}, err
	}
	for i, s := range shapes {
		if err := c.expect(n.Args[i], s, f.args[i], n.Name); err != nil {
			return nil, shape{}, err
		}
	}
	o, s := operation(&scalarCall{n.Position, input, args, n.Name, f}), f.result(from)
	if f.asks {
		c.impure = true
	} else {
		o, s = c.fold(o, s, append(args, input)...)
	}
	return o, s, nil
}

// iteration compiles an argument that is evaluated on each item.
func (c *compiler) iteration(n syntax.Node, from shape) (operation, shape, error) {
	outer, before := c.iterating, c.uses
	c.iterating = true
	o, s, err := c.inScope(n, from)
	c.iterating, c.uses.focus = outer, before.focus // $this in it is another
	return o, s, err
}

// where compiles where(criteria). A comparison of an element with a text is one
// operation.
func (c *compiler) where(n *syntax.Call, input operation, from, _ shape) (operation, shape, error) {
	criteria, _, err := c.iteration(n.Args[0], from)
	if err != nil {
		return nil, shape{}, err
	}
	if fused, ok := c.whereText(n, input, criteria); ok {
		return fused, from, nil
	}
	return &where{n.Position, input, criteria}, from, nil
}

// exists compiles exists(criteria), which is where(criteria).exists() (FHIRPath N1
// §5.1.2).
func (c *compiler) exists(n *syntax.Call, input operation, from, focus shape) (operation, shape, error) {
	filtered, _, err := c.where(n, input, from, focus)
	return &reduction{n.Position, filtered, reduceExists}, valuesOf(sortBoolean), err
}

// whereText fuses where(element = 'text').
func (c *compiler) whereText(n *syntax.Call, input, criteria operation) (operation, bool) {
	equal, ok := criteria.(*equality)
	if !ok || equal.negated {
		return nil, false
	}
	left, ok1 := equal.left.(*path)
	right, ok2 := equal.right.(*constant)
	if !ok1 || !ok2 || len(left.steps) != 1 || !right.ok || right.value.sort != sortString {
		return nil, false
	}
	if _, ok := left.input.(*focusOperation); !ok {
		return nil, false
	}
	return &whereText{n.Position, input, left.steps[0], []byte(c.values[right.value.ref].text)}, true
}

func (c *compiler) all(n *syntax.Call, input operation, from, _ shape) (operation, shape, error) {
	criteria, _, err := c.iteration(n.Args[0], from)
	return &all{n.Position, input, criteria}, valuesOf(sortBoolean), err
}

func (c *compiler) selection(n *syntax.Call, input operation, from, _ shape) (operation, shape, error) {
	body, to, err := c.iteration(n.Args[0], from)
	return &projection{n.Position, input, body}, to, err
}

// repetition compiles repeat. The items of its argument are its input too, so the shape
// of $this is found by trying until it does not grow.
func (c *compiler) repetition(n *syntax.Call, input operation, from, _ shape) (operation, shape, error) {
	focus := from
	for range maxShapeRounds {
		before := len(c.values)
		body, to, err := c.iteration(n.Args[0], focus)
		if err != nil {
			return nil, shape{}, err
		}
		wider := focus.or(to)
		if len(wider.nodes) == len(focus.nodes) && wider.values == focus.values && wider.open == focus.open {
			return &repetition{n.Position, input, body}, to, nil
		}
		focus, c.values = wider, c.values[:before]
	}
	body, to, err := c.iteration(n.Args[0], shape{open: true, values: anyValue})
	return &repetition{n.Position, input, body}, to, err
}

// maxShapeRounds is how often the shape of a repetition is tried.
const maxShapeRounds = 4

func (c *compiler) aggregation(n *syntax.Call, input operation, from, focus shape) (operation, shape, error) {
	o := &aggregation{position: n.Position, input: input}
	// The total may be of other types than it was at first: any.
	total := shape{open: true, values: anyValue}
	if len(n.Args) == 2 {
		var err error
		if o.initial, _, err = c.inScope(n.Args[1], focus); err != nil {
			return nil, shape{}, err
		}
	}
	outer := c.total
	c.total = &total
	var err error
	var to shape
	o.body, to, err = c.iteration(n.Args[0], from)
	c.total = outer
	return o, to.or(total), err
}

// sorting compiles sort: a sign before a key turns its order, also of texts.
func (c *compiler) sorting(n *syntax.Call, input operation, from, _ shape) (operation, shape, error) {
	o := &sorting{position: n.Position, input: input}
	for _, arg := range n.Args {
		key := sortKey{}
		if sign, ok := arg.(*syntax.Polarity); ok {
			arg, key.descending = sign.Operand, sign.Operator == "-"
		}
		var err error
		if key.body, _, err = c.iteration(arg, from); err != nil {
			return nil, shape{}, err
		}
		o.keys = append(o.keys, key)
	}
	from.unordered = false
	return o, from, nil
}
