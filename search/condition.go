package search

import (
	"errors"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// condition reads the name and value of a condition on resources of type t,
// which is depth steps away from those that are searched. It returns nil where
// every alternative is empty.
func (p *parser) condition(t schema.TypeID, name, value string, depth int) (condition, error) {
	if depth > maxSteps {
		return nil, p.fail(issue.TooCostly, "more than %d steps", maxSteps)
	}
	if p.branches++; p.branches > maxBranches {
		return nil, p.fail(issue.TooCostly, "chain leads to too many types; name them as in subject:Patient.name")
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
	if found.special == specialWords {
		return p.fullText(t, found, hasModifier, value)
	}
	if hasModifier && mod == "" {
		return nil, p.fail(issue.Invalid, "empty modifier")
	}
	return p.match(t, found, mod, value)
}

// has reads what follows _has: Type:reference:name (FHIR R4 §3.1.1.4.15).
func (p *parser) has(rest, value string, depth int) (condition, error) {
	source, via, name, err := p.hasSteps(rest)
	if err != nil {
		return nil, err
	}
	next, err := p.condition(source, name, value, depth+1)
	if err != nil || next == nil {
		return nil, err
	}
	return &reverse{source: source, param: via, next: next}, nil
}

// hasSteps reads Type:reference:name: the type that refers, by which parameter, and
// the name that is left.
func (p *parser) hasSteps(rest string) (source schema.TypeID, via *param, name string, err error) {
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) < 3 {
		return 0, nil, "", p.fail(issue.Invalid, "must be _has:Type:reference:parameter")
	}
	source, ok := p.names[parts[0]]
	if !ok {
		return 0, nil, "", p.fail(issue.Invalid, "unknown resource type")
	}
	via, ok = p.find(source, parts[1])
	if !ok {
		return 0, nil, "", p.unknown(source, parts[1])
	}
	if via.row.Type != schema.ParamReference {
		return 0, nil, "", p.fail(issue.Invalid, "%s is not a reference parameter", via.row.Code)
	}
	return source, via, parts[2], nil
}

// list reads _list: ids of Lists, whose members match (FHIR R4 §3.1.1.4.18).
func (p *parser) list(text string) (condition, error) {
	source := p.names["List"]
	item, _ := p.find(source, "item")
	id, _ := p.find(source, "_id")
	m := &match{typ: source, param: id}
	for _, alternative := range splitEscaped(text, ',') {
		if alternative == "" {
			continue
		}
		if p.values++; p.values > maxValues {
			return nil, p.fail(issue.TooCostly, "more than %d values in the query", maxValues)
		}
		own := strings.TrimPrefix(unescape(alternative), "List/")
		switch {
		case strings.HasPrefix(own, "$"):
			return nil, p.unsupported("functional lists are not supported")
		case !validID(own):
			return nil, p.fail(issue.Value, "must be the id of a List")
		}
		m.values = append(m.values, value{text: own, code: own})
	}
	if m.values == nil {
		return nil, nil
	}
	return &reverse{source: source, param: item, next: m}, nil
}

// chain reads the steps after a reference parameter (FHIR R4 §3.1.1.4.14).
func (p *parser) chain(via *param, typeName, rest, value string, depth int) (condition, error) {
	if via.row.Type != schema.ParamReference {
		return nil, p.fail(issue.Invalid, "%s is not a reference parameter", via.row.Code)
	}
	targets := p.targets(via)
	if typeName != "" {
		target, ok := p.names[typeName]
		if !ok || !slices.Contains(targets, target) {
			return nil, p.fail(issue.Invalid, "%s does not refer to the type after the colon", via.row.Code)
		}
		targets = []schema.TypeID{target}
	}
	c := &chain{param: via}
	var failure error
	for _, target := range targets {
		next, err := p.condition(target, rest, value, depth+1)
		switch {
		case err != nil:
			if final(err) {
				return nil, err
			}
			// A type that lacks the parameter says less than one that has it and
			// cannot use the value.
			if e := (*QueryError)(nil); failure == nil || errors.As(failure, &e) && e.Code == issue.NotFound {
				failure = err
			}
		case next == nil:
			return nil, nil
		default:
			c.branches = append(c.branches, chainBranch{target, next})
		}
	}
	if len(c.branches) == 0 {
		return nil, failure
	}
	return c, nil
}

// targets returns the types that a reference parameter may lead to.
func (r *registry) targets(p *param) []schema.TypeID {
	all := len(p.row.Targets) == 0
	for _, t := range p.row.Targets {
		all = all || t.Type().Abstract
	}
	if !all {
		return p.row.Targets
	}
	var types []schema.TypeID
	for t, plan := range r.types {
		if plan != nil {
			types = append(types, schema.TypeID(t))
		}
	}
	return types
}

// unknown reports a parameter that a type does not have.
func (p *parser) unknown(t schema.TypeID, code string) *QueryError {
	if c := p.customs.pending[t][code]; c != nil {
		return p.unfilled(c)
	}
	return &QueryError{
		Part: p.name, Code: issue.NotFound,
		Reason:    "unknown search parameter of " + t.String(),
		ignorable: true, typ: t, unknown: code,
	}
}

// match reads modifier and values of a parameter.
func (p *parser) match(t schema.TypeID, on *param, mod, text string) (condition, error) {
	m := &match{typ: t, param: on}
	target, err := p.modifier(m, mod)
	if err != nil {
		return nil, err
	}
	if m.modifier == modMissing {
		m.missing = text == "true"
		return m, p.oneOf(text, "true", "false")
	}
	for _, alternative := range splitEscaped(text, ',') {
		if alternative == "" {
			continue
		}
		if p.values++; p.values > maxValues {
			return nil, p.fail(issue.TooCostly, "more than %d values in the query", maxValues)
		}
		v, err := p.value(on, m.modifier, alternative)
		if err != nil {
			return nil, err
		}
		if target != 0 && !v.restrict(target, p.registry) {
			return nil, p.fail(issue.Invalid, "the modifier names another type than the value")
		}
		m.values = append(m.values, v)
	}
	if len(m.values) == 0 {
		return nil, nil
	}
	return m, nil
}

// restrict narrows a reference to one type of target. It reports false for a
// local reference to another type.
func (v *value) restrict(target schema.TypeID, r *registry) bool {
	v.target = target
	return v.reference.typ == 0 || v.reference.typ == target
}

// modifier sets the modifier of a match, and returns the type that one of a
// reference names.
func (p *parser) modifier(m *match, name string) (target schema.TypeID, err error) {
	if name == "" {
		return 0, nil
	}
	kind := m.param.row.Type
	known := modifierOf(kind, name)
	if m.param.special != specialNone && known != modMissing && !(m.param.special == specialID && known == modNot) {
		return 0, p.fail(issue.Invalid, "modifier does not fit %s", m.param.row.Code)
	}
	switch {
	case known != plain && !m.param.has(known), kind == schema.ParamReference && known.ranked() && !p.hasHierarchy(m.param):
		return 0, p.fail(issue.Invalid, "modifier does not fit the elements of %s", m.param.row.Code)
	case known != plain:
		m.modifier = known
		return 0, nil
	}
	target, isType := p.names[name]
	switch {
	case !isType || kind != schema.ParamReference:
		return 0, p.fail(issue.Invalid, "modifier does not fit a parameter of type %s", kind)
	case !slices.Contains(p.targets(m.param), target):
		return 0, p.fail(issue.Invalid, "%s does not refer to the type after the colon", m.param.row.Code)
	}
	m.modifier = modType
	return target, nil
}

// modifierOf returns the modifier with the given name on parameters of a type,
// or plain.
func modifierOf(kind schema.ParamType, name string) modifier {
	if name == "missing" && kind != schema.ParamComposite {
		return modMissing
	}
	switch kind {
	case schema.ParamString:
		switch name {
		case "exact":
			return modExact
		case "contains":
			return modContains
		}
	case schema.ParamToken:
		switch name {
		case "text":
			return modText
		case "not":
			return modNot
		case "of-type":
			return modOfType
		case "in":
			return modIn
		case "not-in":
			return modNotIn
		case "above":
			return modAbove
		case "below":
			return modBelow
		}
	case schema.ParamReference:
		switch name {
		case "identifier":
			return modIdentifier
		case "above":
			return modAbove
		case "below":
			return modBelow
		}
	case schema.ParamURI:
		switch name {
		case "above":
			return modAbove
		case "below":
			return modBelow
		}
	}
	return plain
}
