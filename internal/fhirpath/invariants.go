package fhirpath

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A rule is an invariant, compiled.
type rule struct {
	*schema.Invariant
	expr *Expression
	// held reports whether the rule surely holds, without an evaluation; nil if that
	// cannot be known.
	held func(doc *fhirjson.Document, n fhirjson.Index) bool
}

// ruleTable has the rules of each type, with inherited ones, and of each field.
type ruleTable struct {
	types  [][]rule
	fields [][]rule
}

// invariants is the table of all R4 invariants. They are compiled when they are
// first needed; that all of them compile is tested.
var invariants = sync.OnceValue(func() *ruleTable {
	table := &ruleTable{make([][]rule, len(schema.Types)), make([][]rule, len(schema.Fields))}
	own := make([][]rule, len(schema.Types))
	for t := range schema.Types {
		own[t] = rulesOf(schema.Types[t].Invariants, schema.TypeID(t))
	}
	for t := range schema.Types {
		for base := schema.TypeID(t); base != 0; base = base.Type().Base {
			table.types[t] = append(table.types[t], own[base]...)
		}
	}
	for f := range schema.Fields {
		table.fields[f] = rulesOf(schema.Fields[f].Invariants, schema.Fields[f].Type)
	}
	return table
})

// bestPractice is the invariant that R4 itself only recommends: a resource should have
// a narrative. Most have none, so it is not checked.
const bestPractice = "dom-6"

// rulesOf compiles the invariants of a type, or of a field of that type.
func rulesOf(invariants []schema.Invariant, t schema.TypeID) []rule {
	var rules []rule
	for i := range invariants {
		if invariants[i].Key == bestPractice {
			continue
		}
		opts := &Options{Context: t.String(), loose: true}
		e, err := CompileWith(invariants[i].Expression, opts)
		if errors.Is(err, ErrSemantic) {
			opts.Untyped = true // a few speak of elements that R4 does not have
			e, err = CompileWith(invariants[i].Expression, opts)
		}
		if err != nil {
			panic(fmt.Sprintf("fhirpath: invariant %s: %v", invariants[i].Key, err))
		}
		rules = append(rules, rule{&invariants[i], e, heldOf(invariants[i].Key)})
	}
	return rules
}

// CheckInvariants evaluates the invariants that FHIR R4 puts on the resource, its
// elements and contained resources, and reports the false ones, in the order of the
// document. An invariant with an empty result holds. An invariant that cannot be
// evaluated, for instance since it meets several items and takes one, is reported as
// information.
//
// The Evaluator lends its memory, its services and limits; nil means a new one.
// MaxVisits is for all invariants together, with some visits more for each element.
// After 2,000 invariants that are broken or cannot be evaluated it stops. An error is
// ctx's, a service's, or ErrLimit.
func CheckInvariants(ctx context.Context, doc *fhirjson.Document, v *Evaluator) ([]issue.Issue, error) {
	if v == nil {
		v = new(Evaluator)
	}
	limit := v.MaxVisits
	if limit == 0 {
		limit = DefaultMaxVisits
	}
	defer func(own int) { v.MaxVisits = own }(v.MaxVisits)
	left := limit + visitsPerNode*len(doc.Nodes)
	table := invariants()
	var issues []issue.Issue
	for n := range doc.Nodes {
		node := &doc.Nodes[n]
		for _, rules := range [...][]rule{table.types[node.Type], table.fields[node.Field]} {
			for i := range rules {
				v.MaxVisits = max(1, min(left, limit))
				used, found, err := v.checkRule(ctx, &rules[i], doc, fhirjson.Index(n))
				if err != nil {
					return nil, err
				}
				left -= used
				if found != nil {
					issues = append(issues, *found)
				}
				if len(issues) == maxBroken {
					return issues, nil
				}
			}
		}
	}
	return issues, nil
}

const (
	// maxBroken is how many issues about invariants are reported.
	maxBroken = 2_000
	// visitsPerNode is more than the invariants of an element take.
	visitsPerNode = 100
)

// checkRule evaluates one rule on a node. It returns the number of visits, and the
// issue or nil.
func (v *Evaluator) checkRule(ctx context.Context, r *rule, doc *fhirjson.Document, n fhirjson.Index) (used int, _ *issue.Issue, _ error) {
	if r.held != nil && r.held(doc, n) {
		return 1, nil, nil
	}
	err := v.run(ctx, r.expr, doc, n)
	result := unknown
	if err == nil {
		result, err = v.popTruth(0, r.expr.root.Pos())
	}
	used = 1 + v.MaxVisits - v.left
	if err == nil && result != no {
		return used, nil, nil
	}
	found := &issue.Issue{
		Severity: issue.Error, Code: issue.Invariant, Root: doc.Type().String(), Pointer: doc.Pointer(n), Offset: int64(doc.Nodes[n].Start),
	}
	switch {
	case errors.Is(err, ErrEvaluation):
		found.Severity = issue.Information
		found.Diagnostics = "invariant " + r.Key + " cannot be evaluated: " + err.Error()
		return used, found, nil
	case err != nil:
		return used, nil, err
	case r.Warning:
		found.Severity = issue.Warning
	}
	found.Diagnostics = "invariant " + r.Key + " is not satisfied: " + r.Expression
	return used, found, nil
}

// heldOf returns the held of a rule.
func heldOf(key string) func(doc *fhirjson.Document, n fhirjson.Index) bool {
	switch key {
	case valueOrChildren:
		return hasValueOrChildren
	case allUsed:
		return (*fhirjson.Document).ContainedUsed
	case fhirjson.RuleNarrative, fhirjson.RuleNarrativeContent: // the expression is the same
		return func(doc *fhirjson.Document, n fhirjson.Index) bool { return doc.BrokenRule(n) != key }
	}
	return nil
}

// allUsed is the invariant that a reference leads to each contained resource. Its
// expression does not see the links of narratives, which are references too.
const allUsed = "dom-3"

// valueOrChildren is the invariant of all elements: "hasValue() or (children().count()
// > id.count())". It is most of the evaluations, so hasValueOrChildren looks first.
const valueOrChildren = "ele-1"

// hasValueOrChildren reports whether a node has a value, or a child that is not its
// id: of two children one is not.
func hasValueOrChildren(doc *fhirjson.Document, n fhirjson.Index) bool {
	if doc.HasValue(n) {
		return true
	}
	child, ok := doc.First(n)
	return ok && (doc.Nodes[child].Next < doc.Nodes[n].Next || doc.Nodes[child].Field.Field().Name != "id")
}
