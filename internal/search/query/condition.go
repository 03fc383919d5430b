package query

import (
	"errors"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// condition reads the name and value of a condition on resources of type t, depth steps
// away from the searched resources. It returns nil if every alternative is empty.
func (p *Parser) condition(t schema.TypeID, name, value string, depth int) (Condition, error) {
	if depth > maxSteps {
		return nil, p.Fail(issue.TooCostly, "more than %d steps", maxSteps)
	}
	if p.branches++; p.branches > maxBranches {
		return nil, p.Fail(issue.TooCostly, "chain leads to too many types; name them as in subject:Patient.name")
	}
	if rest, found := strings.CutPrefix(name, "_has:"); found {
		return p.has(rest, value, depth)
	}
	switch name {
	case "_list":
		return p.list(value)
	case "_filter":
		return p.filter(t, value, depth)
	}
	head, rest, chained := strings.Cut(name, ".")
	code, mod, hasModifier := strings.Cut(head, ":")
	found, ok := p.find(t, code)
	if !ok {
		return nil, p.unknown(t, code)
	}
	if err := p.supported(found, depth); err != nil {
		return nil, err
	}
	if chained {
		return p.chain(found, mod, rest, value, depth)
	}
	if found.Special == param.SpecialWords {
		return p.fullText(t, found, hasModifier, value)
	}
	if hasModifier && mod == "" {
		return nil, p.Fail(issue.Invalid, "empty modifier")
	}
	return p.match(t, found, mod, value)
}

// has reads the text behind _has: Type:reference:name (FHIR R4 §3.1.1.4.15).
func (p *Parser) has(rest, value string, depth int) (Condition, error) {
	source, via, name, err := p.hasSteps(rest)
	if err != nil {
		return nil, err
	}
	next, err := p.condition(source, name, value, depth+1)
	if err != nil || next == nil {
		return nil, err
	}
	return &Reverse{Source: source, Param: via, Next: next}, nil
}

// hasSteps reads Type:reference:name: the referring type, its reference parameter, and
// the rest of the name.
func (p *Parser) hasSteps(rest string) (source schema.TypeID, via *param.Param, name string, err error) {
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) < 3 {
		return 0, nil, "", p.Fail(issue.Invalid, "must be _has:Type:reference:parameter")
	}
	source, ok := p.Names[parts[0]]
	if !ok {
		return 0, nil, "", p.Fail(issue.Invalid, "unknown resource type")
	}
	via, ok = p.find(source, parts[1])
	if !ok {
		return 0, nil, "", p.unknown(source, parts[1])
	}
	if via.Row.Type != schema.ParamReference {
		return 0, nil, "", p.Fail(issue.Invalid, "%s is not a reference parameter", via.Row.Code)
	}
	return source, via, parts[2], nil
}

// list reads _list: ids of Lists, whose members match (FHIR R4 §3.1.1.4.18).
func (p *Parser) list(text string) (Condition, error) {
	source := p.Names["List"]
	item, _ := p.find(source, "item")
	id, _ := p.find(source, "_id")
	m := &Match{Type: source, Param: id}
	for _, alternative := range splitEscaped(text, ',') {
		if alternative == "" {
			continue
		}
		if p.values++; p.values > maxValues {
			return nil, p.Fail(issue.TooCostly, "more than %d values in the query", maxValues)
		}
		own := strings.TrimPrefix(unescape(alternative), "List/")
		switch {
		case strings.HasPrefix(own, "$"):
			return nil, p.unsupported("functional lists are not supported")
		case !param.ValidID(own):
			return nil, p.Fail(issue.Value, "must be the id of a List")
		}
		m.Values = append(m.Values, Value{Text: own, Code: own})
	}
	if m.Values == nil {
		return nil, nil
	}
	return &Reverse{Source: source, Param: item, Next: m}, nil
}

// chain reads the steps after a reference parameter (FHIR R4 §3.1.1.4.14).
func (p *Parser) chain(via *param.Param, typeName, rest, value string, depth int) (Condition, error) {
	if via.Row.Type != schema.ParamReference {
		return nil, p.Fail(issue.Invalid, "%s is not a reference parameter", via.Row.Code)
	}
	targets := p.Targets(via)
	if typeName != "" {
		target, ok := p.Names[typeName]
		if !ok || !slices.Contains(targets, target) {
			return nil, p.Fail(issue.Invalid, "%s does not refer to the type after the colon", via.Row.Code)
		}
		targets = []schema.TypeID{target}
	}
	c := &Chain{Param: via}
	var failure error
	for _, target := range targets {
		next, err := p.condition(target, rest, value, depth+1)
		switch {
		case err != nil:
			if final(err) {
				return nil, err
			}
			// The error of a type that has the parameter and cannot use the value says
			// more than the error of a type that lacks it.
			if e := (*param.QueryError)(nil); failure == nil || errors.As(failure, &e) && e.Code == issue.NotFound {
				failure = err
			}
		case next == nil:
			return nil, nil
		default:
			c.Branches = append(c.Branches, chainBranch{target, next})
		}
	}
	if len(c.Branches) == 0 {
		return nil, failure
	}
	return c, nil
}

// unknown reports a parameter that a type does not have.
func (p *Parser) unknown(t schema.TypeID, code string) *param.QueryError {
	if c := p.Customs.Pending[t][code]; c != nil {
		return p.unfilled(c)
	}
	return &param.QueryError{
		Part: p.name, Code: issue.NotFound,
		Reason:    "unknown search parameter of " + t.String(),
		Ignorable: true, Type: t, Unknown: code,
	}
}

// match reads modifier and values of a parameter.
func (p *Parser) match(t schema.TypeID, on *param.Param, mod, text string) (Condition, error) {
	m := &Match{Type: t, Param: on}
	target, err := p.modifier(m, mod)
	if err != nil {
		return nil, err
	}
	if m.Modifier == param.ModMissing {
		m.Missing = text == "true"
		return m, p.oneOf(text, "true", "false")
	}
	for _, alternative := range splitEscaped(text, ',') {
		if alternative == "" {
			continue
		}
		if p.values++; p.values > maxValues {
			return nil, p.Fail(issue.TooCostly, "more than %d values in the query", maxValues)
		}
		v, err := p.value(on, m.Modifier, alternative)
		if err != nil {
			return nil, err
		}
		if target != 0 && !v.restrict(target, p.Registry) {
			return nil, p.Fail(issue.Invalid, "the modifier names another type than the value")
		}
		m.Values = append(m.Values, v)
	}
	if len(m.Values) == 0 {
		return nil, nil
	}
	return m, nil
}

// restrict narrows a reference to one type of target. It reports false for a
// local reference to another type.
func (v *Value) restrict(target schema.TypeID, r *param.Registry) bool {
	v.Target = target
	return v.Reference.Type == 0 || v.Reference.Type == target
}

// modifier sets the modifier of a match, and returns the type that a reference's
// modifier names.
func (p *Parser) modifier(m *Match, name string) (target schema.TypeID, err error) {
	if name == "" {
		return 0, nil
	}
	kind := m.Param.Row.Type
	known := modifierOf(kind, name)
	if m.Param.Special != param.SpecialNone && known != param.ModMissing && !(m.Param.Special == param.SpecialID && known == param.ModNot) {
		return 0, p.Fail(issue.Invalid, "modifier does not fit %s", m.Param.Row.Code)
	}
	switch {
	case known != param.Plain && !m.Param.Has(known), kind == schema.ParamReference && known.Ranked() && !p.HasHierarchy(m.Param):
		return 0, p.Fail(issue.Invalid, "modifier does not fit the elements of %s", m.Param.Row.Code)
	case known != param.Plain:
		m.Modifier = known
		return 0, nil
	}
	target, isType := p.Names[name]
	switch {
	case !isType || kind != schema.ParamReference:
		return 0, p.Fail(issue.Invalid, "modifier does not fit a parameter of type %s", kind)
	case !slices.Contains(p.Targets(m.Param), target):
		return 0, p.Fail(issue.Invalid, "%s does not refer to the type after the colon", m.Param.Row.Code)
	}
	m.Modifier = param.ModType
	return target, nil
}

// modifierOf returns the modifier with the given name on parameters of a type,
// or plain.
func modifierOf(kind schema.ParamType, name string) param.Modifier {
	if name == "missing" && kind != schema.ParamComposite {
		return param.ModMissing
	}
	switch kind {
	case schema.ParamString:
		switch name {
		case "exact":
			return param.ModExact
		case "contains":
			return param.ModContains
		}
	case schema.ParamToken:
		switch name {
		case "text":
			return param.ModText
		case "not":
			return param.ModNot
		case "of-type":
			return param.ModOfType
		case "in":
			return param.ModIn
		case "not-in":
			return param.ModNotIn
		case "above":
			return param.ModAbove
		case "below":
			return param.ModBelow
		}
	case schema.ParamReference:
		switch name {
		case "identifier":
			return param.ModIdentifier
		case "above":
			return param.ModAbove
		case "below":
			return param.ModBelow
		}
	case schema.ParamURI:
		switch name {
		case "above":
			return param.ModAbove
		case "below":
			return param.ModBelow
		}
	}
	return param.Plain
}
