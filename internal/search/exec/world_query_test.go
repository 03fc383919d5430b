package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A worldAsker draws whole searches of a world.
type worldAsker struct {
	world
	t     *rapid.T // for what maker draws
	maker *queryMaker
}

func newWorldAsker(t *rapid.T, w world, m *model) *worldAsker {
	a := &worldAsker{w, t, newQueryMaker(m)}
	a.maker.other = func(_ *rapid.T, typ string, depth int) *modelQuery {
		if c := a.other(typ, depth); c != nil {
			return &modelQuery{other: c}
		}
		return nil
	}
	return a
}

// search draws a search that the engine must not refuse.
func (a *worldAsker) search() *modelSearch {
	s := &modelSearch{count: 1 + a.n(12)}
	kind := a.n(8)
	if kind == 0 {
		a.severalTypes(s)
	} else {
		s.typ = a.typ()
		for range a.n(4) {
			s.conditions = append(s.conditions, a.maker.condition(a.t, s.typ, 3))
		}
		for range a.n(3) {
			s.sort = append(s.sort, a.sort(s.typ, 2))
		}
	}
	if kind == 1 {
		s.in = a.compartment(s.typ)
	}
	for range a.n(3) {
		s.includes = append(s.includes, a.include(s))
	}
	return s
}

// typ draws a type that has resources, seldom one of terminology.
func (a *worldAsker) typ() string {
	types := a.maker.types()
	clinical := slices.DeleteFunc(slices.Clone(types), func(typ string) bool { return typ == "CodeSystem" || typ == "ValueSet" })
	if len(clinical) > 0 && a.n(8) > 0 {
		types = clinical
	}
	return one(a.world, types)
}

// severalTypes makes a search of all types, or of some, by what all of them have.
func (a *worldAsker) severalTypes(s *modelSearch) {
	if a.n(2) == 0 {
		s.named = a.typeNames()
	}
	if a.n(3) == 0 && s.named == nil {
		s.in = "Patient/" + fmt.Sprint(a.n(a.ids))
	}
	var shared []*schema.Param
	resource, _ := schema.TypeOf("Resource")
	for _, id := range schema.ParamsOf(resource) {
		if p := id.Param(); p.Expression != "" && p.Code != "_id" && p.Code != "_lastUpdated" {
			shared = append(shared, p)
		}
	}
	for range a.n(3) {
		switch a.n(8) {
		case 0:
			s.conditions = append(s.conditions, &modelQuery{other: a.list()})
			continue
		case 1, 2, 3:
			if common := a.common(s.named); len(common) > 0 {
				own := a.maker.plain(a.t, one(a.world, common))
				if own.modifier == "" || own.modifier == "missing" {
					s.conditions = append(s.conditions, &modelQuery{other: commonCondition{own}})
					continue
				}
			}
		}
		s.conditions = append(s.conditions, a.maker.plain(a.t, one(a.world, shared)))
	}
	if a.n(2) == 0 {
		key := paramOf("Patient", a.pick("_id", "_lastUpdated", "_tag", "_profile"))
		s.sort = []modelSort{{param: key, descending: a.coin()}}
	}
}

// common returns the parameters that all of some types have, with values of one kind.
func (a *worldAsker) common(types []string) (common []*schema.Param) {
	if len(types) < 2 {
		return nil
	}
	for _, p := range a.maker.params[types[0]] {
		every := slices.Contains([]string{"name", "identifier", "gender", "subject", "patient", "date", "encounter", "organization"}, p.Code)
		for _, typ := range types {
			other := paramOf(typ, p.Code)
			every = every && other != nil && other.Type == p.Type
		}
		if every {
			common = append(common, p)
		}
	}
	return common
}

// typeNames draws one to three types.
func (a *worldAsker) typeNames() (types []string) {
	for range 1 + a.n(3) {
		if typ := a.pick(worldTypes...); !slices.Contains(types, typ) {
			types = append(types, typ)
		}
	}
	return types
}

// compartment draws one that the type can be in, "" if there is none.
func (a *worldAsker) compartment(typ string) string {
	var of []string
	for _, c := range schema.Compartments {
		if slices.ContainsFunc(c.Members, func(m schema.CompartmentMember) bool { return m.Type.String() == typ }) {
			of = append(of, c.Type.String())
		}
	}
	if of == nil {
		return ""
	}
	return a.pick(of...) + "/" + fmt.Sprint(a.n(a.ids+1))
}

// sort draws a key, through references as far as depth allows.
func (a *worldAsker) sort(typ string, depth int) modelSort {
	params := slices.DeleteFunc(slices.Clone(a.maker.params[typ]), func(p *schema.Param) bool { return p.Type == schema.ParamComposite })
	if len(params) == 0 || a.n(6) == 0 {
		return modelSort{param: paramOf(typ, a.pick("_id", "_lastUpdated")), descending: a.coin()}
	}
	p := one(a.world, params)
	if p.Type == schema.ParamReference && depth > 0 {
		if p.Code == "general-practitioner" && a.n(2) == 0 {
			return modelSort{param: paramOf("Patient", "name"), via: []modelStep{{param: p}}}
		}
		var targets []string
		for _, t := range p.Targets {
			if len(a.maker.params[t.String()]) > 0 {
				targets = append(targets, t.String())
			}
		}
		if len(targets) > 0 {
			target := a.pick(targets...)
			key := a.sort(target, depth-1)
			key.via = append([]modelStep{{p, target}}, key.via...)
			return key
		}
	}
	return modelSort{param: p, descending: a.coin()}
}

func (a *worldAsker) include(s *modelSearch) modelInclude {
	in := modelInclude{reverse: a.coin(), iterate: a.n(3) == 0}
	if a.n(5) == 0 {
		return in
	}
	in.of = a.pick(careTypes...)
	if s.typ != "" && !in.reverse && a.coin() {
		in.of = s.typ
	}
	t, _ := schema.ResourceType(in.of)
	if all := referencesOf(t); len(all) > 0 && a.n(4) > 0 {
		in.param = one(a.world, all)
	}
	if a.n(3) == 0 {
		in.target = a.pick(careTypes...)
	}
	return in
}

// other draws a condition that is no comparison of a parameter's values, or nil.
func (a *worldAsker) other(typ string, depth int) modelCondition {
	param := func(kind schema.ParamType) *schema.Param {
		all := slices.DeleteFunc(slices.Clone(a.maker.params[typ]), func(p *schema.Param) bool { return p.Type != kind })
		if len(all) == 0 {
			return nil
		}
		return one(a.world, all)
	}
	switch a.n(8) {
	case 7:
		return a.ofAll(typ)
	case 0:
		return a.list()
	case 1, 2:
		if p := paramOf(typ, a.pick("code", "code", "combo-code", "component-code", "class")); p != nil && hasSystem(typ, p) {
			return a.coded(p, a.pick("in", "not-in", "above", "below"))
		}
	case 3:
		if p := param(schema.ParamReference); p != nil {
			return a.ranked(p)
		}
	case 4:
		if p := paramOf(typ, "identifier"); p != nil && (typ == "Patient" || typ == "Practitioner") {
			return &typedIdentifier{p, "urn:type", a.pick("MR", "mr", "SS", "XX"), a.pick("K1", "k2,3", "x")}
		}
		if typ == "Location" {
			return nearCondition{float64(a.n(4)), float64(a.n(4)), float64(one(a.world, []int{10, 120, 170, 300, 400}))}
		}
	case 5:
		if p := paramOf(typ, a.pick("general-practitioner", "organization", "performer", "partof", "questionnaire")); p != nil {
			return &anyChain{p, "name", a.pick("ann", "van", "O'HARA", "zzz")}
		}
	default:
		return &filterCondition{a.filter(typ, min(depth, 2))}
	}
	return nil
}

// ofAll draws a condition on the id of a resource, or on the time at which it was written.
func (a *worldAsker) ofAll(typ string) modelCondition {
	q := &modelQuery{param: paramOf(typ, "_id"), values: []modelValue{{text: a.id(typ)}, {text: a.id(typ)}}, modifier: a.pick("", "not")}
	if a.coin() {
		at := time.UnixMicro(one(a.world, a.maker.m.docs).updated + int64(a.n(3)-1)*500_000).UTC()
		layout := a.pick("2006", "2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000000Z")
		q = &modelQuery{param: paramOf(typ, "_lastUpdated"), values: []modelValue{{prefix: one(a.world, comparisons), text: at.Format(layout)}}}
	}
	return commonCondition{q}
}

// hasSystem reports whether the tokens of a parameter have systems.
func hasSystem(typ string, p *schema.Param) bool {
	coded := slices.Contains([]string{"code", "component-code", "combo-code", "class"}, p.Code)
	return coded && typ != "CodeSystem" && typ != "ValueSet"
}

func (a *worldAsker) list() modelCondition {
	list := listCondition{fmt.Sprint(a.n(a.ids))}
	if a.n(3) == 0 {
		list = append(list, fmt.Sprint(a.n(a.ids+1)))
	}
	return list
}

func (a *worldAsker) coded(p *schema.Param, modifier string) *codedCondition {
	c := &codedCondition{param: p, modifier: modifier}
	if modifier == "above" || modifier == "below" {
		c.system, c.text = a.system(), a.code()
		if a.n(4) == 0 {
			c.text = strings.ToUpper(c.text)
		}
		return c
	}
	id := fmt.Sprint(a.n(terms))
	c.text = a.pick("http://x.org/a/vs"+id, "ValueSet/"+id)
	return c
}

// ranked draws :above or :below on a reference to what has a hierarchy, or nil.
func (a *worldAsker) ranked(p *schema.Param) modelCondition {
	if p.Code == "questionnaire" {
		return &rankedReference{p, a.pick("above", "below"), a.questionnaire() + a.pick("", "|1", "|1.2", "|1.2.3")}
	}
	var targets []string
	for _, t := range p.Targets {
		if slices.Contains([]string{"Location", "Organization", "Encounter"}, t.String()) {
			targets = append(targets, t.String())
		}
	}
	if targets == nil {
		return nil
	}
	return &rankedReference{p, a.pick("above", "below"), a.pick(targets...) + "/" + fmt.Sprint(a.n(a.ids+1))}
}

// filter draws a filter on a type.
func (a *worldAsker) filter(typ string, depth int) modelFilter {
	row := &filterRow{of: []modelFilter{a.operand(typ, depth)}}
	for range a.n(3) {
		row.of = append(row.of, a.operand(typ, depth))
		row.joins = append(row.joins, a.pick("and", "or"))
	}
	return row
}

func (a *worldAsker) operand(typ string, depth int) modelFilter {
	if depth > 0 && a.n(3) == 0 {
		return &filterGroup{a.filter(typ, depth-1), a.coin()}
	}
	if depth > 0 && a.n(3) == 0 {
		var paths []modelStep
		for _, p := range a.maker.params[typ] {
			for _, t := range p.Targets {
				if p.Type == schema.ParamReference && len(a.maker.params[t.String()]) > 0 {
					paths = append(paths, modelStep{p, t.String()})
				}
			}
		}
		if len(paths) > 0 {
			by := one(a.world, paths)
			path := &filterPath{param: by.param, target: by.target, rest: a.test(by.target)}
			if a.n(2) == 0 {
				path.where = a.filter(by.target, depth-1)
			}
			return path
		}
	}
	if depth > 0 && a.n(4) == 0 {
		if by := a.referrers(typ); len(by) > 0 {
			from := one(a.world, by)
			return &filterHas{from, a.test(from.target)}
		}
	}
	return a.test(typ)
}

// referrers returns the references that lead to a type, with the types that have them.
func (a *worldAsker) referrers(typ string) (by []modelStep) {
	t, _ := schema.ResourceType(typ)
	for _, from := range a.maker.types() {
		for _, p := range a.maker.params[from] {
			if p.Type == schema.ParamReference && slices.Contains(p.Targets, t) {
				by = append(by, modelStep{p, from})
			}
		}
	}
	return by
}

// filterOps are the operations on each type of parameter.
var filterOps = map[schema.ParamType][]string{
	schema.ParamString:    {"eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "pr"},
	schema.ParamToken:     {"eq", "ne", "in", "ni", "ss", "sb", "pr"},
	schema.ParamReference: {"eq", "re", "ne", "pr"},
	schema.ParamURI:       {"eq", "ne", "ss", "sb", "pr"},
	schema.ParamDate:      {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "po", "co", "pr"},
	schema.ParamNumber:    {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "pr"},
	schema.ParamQuantity:  {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "pr"},
	schema.ParamComposite: {"eq"},
}

func (a *worldAsker) test(typ string) modelFilter {
	p := one(a.world, a.maker.params[typ])
	test := &filterTest{param: p, op: a.pick(filterOps[p.Type]...)}
	if p.Type == schema.ParamToken && strings.Contains("in ni ss sb", test.op) {
		if !hasSystem(typ, p) {
			test.op = "pr"
		} else {
			c := a.coded(p, map[string]string{"in": "in", "ni": "not-in", "ss": "below", "sb": "above"}[test.op])
			if test.value.text = c.text; c.system != "" {
				test.value.system = &c.system
			}
			return test
		}
	}
	sampled, ok := modelValue{}, false
	if test.op != "pr" {
		sampled, ok = a.maker.sample(a.t, p, "")
	}
	if test.value = sampled; !ok || sampled.plain() == "" || sampled.parts == nil && sampled.text == "" && sampled.system == nil {
		if test.op = "pr"; p.Type == schema.ParamComposite {
			return a.test(typ)
		}
		test.written = a.pick("true", "false")
		return test
	}
	switch p.Type {
	case schema.ParamDate, schema.ParamNumber, schema.ParamQuantity:
		if test.value.prefix = test.op; test.op == "po" || test.op == "co" {
			test.value.prefix = ""
		}
	}
	return test
}
