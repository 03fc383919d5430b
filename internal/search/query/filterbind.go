package query

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// filter reads a _filter and makes a condition on resources of type t of it.
func (p *Parser) filter(t schema.TypeID, text string, depth int) (Condition, error) {
	node, err := p.readFilter(text)
	if err != nil {
		return nil, err
	}
	return p.bind(t, &node, depth)
}

// bind makes a condition on resources of type t, depth steps away from the searched
// resources.
func (p *Parser) bind(t schema.TypeID, node *filterNode, depth int) (Condition, error) {
	if node.kind == filterTest {
		return p.bindPath(t, node, node.path, depth)
	}
	c := &Combination{All: node.kind != filterOr}
	for i := range node.of {
		one, err := p.bind(t, &node.of[i], depth)
		if err != nil {
			return nil, err
		}
		c.Of = append(c.Of, one)
	}
	if node.kind == filterNot {
		return &Negation{c.Of[0]}, nil
	}
	return c, nil
}

// bindPath makes a condition of the rest of a test's path.
func (p *Parser) bindPath(t schema.TypeID, node *filterNode, path []filterStep, depth int) (Condition, error) {
	if depth > maxSteps {
		return nil, p.Fail(issue.TooCostly, "more than %d steps", maxSteps)
	}
	if p.branches++; p.branches > maxBranches {
		return nil, p.Fail(issue.TooCostly, "chain leads to too many types; name them as in subject:Patient.name")
	}
	if rest, found := strings.CutPrefix(path[0].name, "_has:"); found {
		return p.bindHas(rest, node, path, depth)
	}
	if e := elementOf(t, path); e != nil {
		return p.bindElement(t, e, node, path)
	}
	name, typeName, _ := strings.Cut(path[0].name, ":")
	found, ok := p.find(t, name)
	if !ok {
		return nil, p.unknown(t, name)
	}
	if err := p.supported(found, depth); err != nil {
		return nil, err
	}
	switch {
	case found.Special == param.SpecialWords:
		return nil, p.unsupported(found.Row.Code + " is not supported in _filter")
	case len(path) > 1:
		return p.bindChain(found, typeName, node, path, depth)
	case typeName != "":
		return nil, p.Fail(issue.Invalid, "a name takes no modifier")
	}
	return p.bindTest(t, found, node.op, node.value)
}

// bindHas makes a condition of a path that goes on in referring resources: R4's grammar
// leaves _has out, R5's has it.
func (p *Parser) bindHas(rest string, node *filterNode, path []filterStep, depth int) (Condition, error) {
	source, via, rest, err := p.hasSteps(rest)
	if err != nil {
		return nil, err
	}
	onward := append([]filterStep{{name: rest, where: path[0].where}}, path[1:]...)
	next, err := p.bindPath(source, node, onward, depth+1)
	if err != nil {
		return nil, err
	}
	return &Reverse{Source: source, Param: via, Next: next}, nil
}

// bindChain makes a condition of a path that goes on through references.
func (p *Parser) bindChain(via *param.Param, typeName string, node *filterNode, path []filterStep, depth int) (Condition, error) {
	targets := p.Targets(via)
	switch target, ok := p.Names[typeName]; {
	case via.Row.Type != schema.ParamReference:
		return nil, p.Fail(issue.Invalid, "%s is not a reference parameter", via.Row.Code)
	case typeName == "":
	case !ok || !slices.Contains(targets, target):
		return nil, p.Fail(issue.Invalid, "%s does not refer to the type after the colon", via.Row.Code)
	default:
		targets = []schema.TypeID{target}
	}
	c := &Chain{Param: via}
	var failure error
	for _, target := range targets {
		next, err := p.bindPath(target, node, path[1:], depth+1)
		if where := path[0].where; err == nil && where != nil {
			var also Condition
			also, err = p.bind(target, where, depth+1)
			next = &Combination{All: true, Of: []Condition{also, next}}
		}
		if err != nil {
			if final(err) {
				return nil, err
			}
			failure = err
			continue
		}
		c.Branches = append(c.Branches, chainBranch{target, next})
	}
	if len(c.Branches) == 0 {
		return nil, failure
	}
	return c, nil
}

// bindTest makes a condition of an operation on a parameter.
func (p *Parser) bindTest(t schema.TypeID, on *param.Param, op, text string) (Condition, error) {
	switch kind := on.Row.Type; {
	case op == "pr":
		return p.match(t, on, "missing", absent(text))
	case op == "ne" && (kind == schema.ParamString || kind == schema.ParamToken || kind == schema.ParamReference || kind == schema.ParamURI):
		equal, err := p.bindTest(t, on, "eq", text)
		if err != nil {
			return nil, err
		}
		return &Combination{All: true, Of: []Condition{&Match{Type: t, Param: on, Modifier: param.ModMissing}, &Negation{equal}}}, nil
	}
	way, ok := filterOperation(on.Row.Type, op)
	if !ok {
		return nil, p.Fail(issue.Invalid, "operation does not fit a parameter of type %s", on.Row.Type)
	}
	c, err := p.match(t, on, way.modifier, way.prefix+escapedFilter(on.Row.Type, text))
	switch {
	case err != nil:
		return nil, err
	case c == nil:
		return nil, p.Fail(issue.Value, "empty value")
	}
	m := c.(*Match)
	if way.kind != param.Plain {
		m.Modifier = way.kind
	}
	if way.as != Equal {
		m.Values[0].Prefix = way.as
	}
	return m, nil
}

// absent turns the value of pr into that of :missing.
func absent(text string) string {
	switch text {
	case "true":
		return "false"
	case "false":
		return "true"
	}
	return text
}

// A filterWay is how an operation is written as a parameter.
type filterWay struct {
	modifier, prefix string
	// Set after reading, where no modifier and no prefix has the meaning.
	kind param.Modifier
	as   Prefix
}

// filterOperation returns how an operation on parameters of a type is written.
func filterOperation(kind schema.ParamType, op string) (filterWay, bool) {
	switch kind {
	case schema.ParamDate, schema.ParamNumber, schema.ParamQuantity:
		switch {
		case op == "po" && kind == schema.ParamDate:
			return filterWay{prefix: "eq", as: Overlaps}, true
		case op == "co" && kind != schema.ParamQuantity:
			return filterWay{prefix: "eq", as: Includes}, true
		}
		_, ok := prefixOf(op)
		return filterWay{prefix: op}, ok
	case schema.ParamString:
		switch op {
		case "gt", "lt", "ge", "le":
			order, _ := prefixOf(op)
			return filterWay{kind: param.ModOrder, as: order}, true
		case "eq":
			return filterWay{kind: param.ModEquals}, true
		case "co":
			return filterWay{modifier: "contains"}, true
		case "sw":
			return filterWay{kind: param.ModStarts}, true
		case "ew":
			return filterWay{kind: param.ModEnds}, true
		}
	case schema.ParamToken:
		switch op {
		case "eq":
			return filterWay{}, true
		case "in":
			return filterWay{modifier: "in"}, true
		case "ni":
			return filterWay{modifier: "not-in"}, true
		case "ss":
			return filterWay{modifier: "below"}, true
		case "sb":
			return filterWay{modifier: "above"}, true
		}
	case schema.ParamURI:
		switch op {
		case "eq":
			return filterWay{}, true
		case "ss":
			return filterWay{modifier: "below"}, true
		case "sb":
			return filterWay{modifier: "above"}, true
		}
	case schema.ParamReference:
		return filterWay{}, op == "eq" || op == "re"
	case schema.ParamComposite:
		return filterWay{}, op == "eq"
	}
	return filterWay{}, false
}

// escapedFilter escapes a value of a filter, in which there are no alternatives. The
// marks that join the parts of a token, a quantity or a composite stay as they are.
func escapedFilter(kind schema.ParamType, text string) string {
	switch kind {
	case schema.ParamString, schema.ParamURI, schema.ParamReference:
		return filterText.Replace(text)
	case schema.ParamComposite:
		parts := strings.Split(text, "$")
		for i := range parts {
			parts[i] = withSystem(parts[i])
		}
		return strings.ReplaceAll(strings.Join(parts, "$"), ",", `\,`)
	}
	return filterToken.Replace(withSystem(text))
}

// withSystem spells out systems with a short name in filters.
func withSystem(text string) string {
	before, after, found := strings.Cut(text, "|")
	if !found {
		return text
	}
	number, rest, ofQuantity := strings.Cut(after, "|")
	if ofQuantity { // number|system|code
		if system, short := shortSystem(number); short {
			return before + "|" + system + "|" + rest
		}
	} else if system, short := shortSystem(before); short {
		return system + "|" + after
	}
	return text
}

func shortSystem(name string) (string, bool) {
	switch name {
	case "loinc":
		return "http://loinc.org", true
	case "snomed":
		return "http://snomed.info/sct", true
	case "rxnorm":
		return "http://www.nlm.nih.gov/research/umls/rxnorm", true
	case "ucum":
		return "http://unitsofmeasure.org", true
	}
	return "", false
}

var (
	filterText  = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`)
	filterToken = strings.NewReplacer(`,`, `\,`, `$`, `\$`)
)
