package fhirpath

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A rule is an invariant, compiled.
type rule struct {
	*schema.Invariant
	expr *Expression
}

// ruleTable has the rules of each type, those that it inherits included, and of
// each field.
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
		rules = append(rules, rule{&invariants[i], e})
	}
	return rules
}

// CheckInvariants evaluates the invariants that FHIR R4 puts on the resource, its
// elements and contained resources, and reports those that are false, in the order
// of the document. An invariant that is empty holds: it says nothing about what
// is not there. One that cannot be evaluated, as where it meets several items and
// takes one, is reported as information.
//
// The Evaluator lends its memory, its services and limits; nil means a new one.
// MaxVisits is for each invariant of each element. An error is ctx's, that of a
// service, or ErrLimit.
func CheckInvariants(ctx context.Context, doc *fhirjson.Document, v *Evaluator) ([]issue.Issue, error) {
	if v == nil {
		v = new(Evaluator)
	}
	table := invariants()
	var issues []issue.Issue
	for n := range doc.Nodes {
		node := &doc.Nodes[n]
		for _, rules := range [...][]rule{table.types[node.Type], table.fields[node.Field]} {
			for i := range rules {
				found, err := v.checkRule(ctx, &rules[i], doc, fhirjson.Index(n))
				if err != nil {
					return nil, err
				}
				if found != nil {
					issues = append(issues, *found)
				}
			}
		}
	}
	return issues, nil
}

// checkRule evaluates one rule on a node and returns what is wrong, or nil.
func (v *Evaluator) checkRule(ctx context.Context, r *rule, doc *fhirjson.Document, n fhirjson.Index) (*issue.Issue, error) {
	if r.Key == valueOrChildren && hasValueOrChildren(doc, n) {
		return nil, nil
	}
	err := v.run(ctx, r.expr, doc, n)
	result := unknown
	if err == nil {
		result, err = v.popTruth(0, r.expr.root.pos())
	}
	if err == nil && result != no {
		return nil, nil
	}
	found := &issue.Issue{Severity: issue.Error, Code: issue.Invariant, Pointer: doc.Pointer(n), Offset: int64(doc.Nodes[n].Start)}
	switch {
	case errors.Is(err, ErrEvaluation):
		found.Severity = issue.Information
		found.Diagnostics = "invariant " + r.Key + " cannot be evaluated: " + err.Error()
		return found, nil
	case err != nil:
		return nil, err
	case r.Warning:
		found.Severity = issue.Warning
	}
	found.Diagnostics = "invariant " + r.Key + " is not satisfied: " + r.Expression
	return found, nil
}

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
