package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// A ParameterStatus says how far the indexing of a custom search parameter is.
type ParameterStatus struct {
	URL, Code, Type string
	Base            []string
	Target          []string
	Indexed, Total  int
	Complete        bool
	Issues          []Issue // why it is not used
}

// parameters say which custom search parameters a store has; what becomes of these is
// package custom's. It follows from the options and the newest versions alone: it is
// worked out when a store is opened, and by the writer after each record that has a
// SearchParameter.
type parameters struct {
	given []*param.Definition
	// stored has the definitions of active resources, by version. Only the writer uses
	// it.
	stored  map[index.Ordinal]storedDefinition
	changed signal // told whenever a status changes

	mu struct {
		sync.Mutex
		unused []ParameterStatus
	}
}

// A storedDefinition is the definition of an active SearchParameter resource. It has
// none if the resource is one of R4's own, or has issues.
type storedDefinition struct {
	definition *param.Definition
	issues     []Issue
	url, code  string
}

// givenDefinitions reads the definitions of the options.
func givenDefinitions(sources [][]byte) ([]*param.Definition, error) {
	var definitions []*param.Definition
	var wrong []error
	fail := func(i int, issues []Issue) {
		for _, is := range issues {
			wrong = append(wrong, fmt.Errorf("datastore: SearchParameters[%d]: %s", i, is))
		}
	}
	for i, source := range sources {
		var doc fhirjson.Document
		err := fhirjson.Parse(source, &doc, nil)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("datastore: SearchParameters[%d]: %w", i, err))
			continue
		}
		if doc.Type() != schema.TypeSearchParameter {
			wrong = append(wrong, fmt.Errorf("datastore: SearchParameters[%d] is a %s", i, doc.Type()))
			continue
		}
		d, issues := param.ReadDefinition(&doc)
		if d == nil && issues == nil {
			wrong = append(wrong, fmt.Errorf("datastore: SearchParameters[%d] is not active, or one of R4's own", i))
			continue
		}
		fail(i, issues)
		definitions = append(definitions, d)
	}
	if wrong == nil {
		for i, issues := range param.CheckDefinitions(definitions) {
			fail(i, issues)
		}
	}
	return definitions, errors.Join(wrong...)
}

// define brings the parameters in line with the newest state. The writer calls it, and
// Start before there is a writer.
func (e *Engine) define() {
	definitions := slices.Clone(e.parameters.given)
	stored := map[index.Ordinal]storedDefinition{}
	var unused []ParameterStatus
	active, err := e.activeParameters()
	if err != nil {
		e.options.Logger.Error("datastore: search parameters could not be looked up", "error", err)
		return
	}
	for _, o := range active {
		d, ok := e.parameters.stored[o]
		if !ok {
			d = e.readDefinition(o)
		}
		stored[o] = d
		switch {
		case d.definition != nil:
			definitions = append(definitions, d.definition)
		case d.issues != nil:
			unused = append(unused, ParameterStatus{URL: d.url, Code: d.code, Issues: d.issues})
		}
	}
	for i, issues := range e.search.Custom().Define(definitions) {
		if issues != nil {
			unused = append(unused, statusOf(definitions[i], issues))
		}
	}
	e.parameters.stored = stored
	e.parameters.mu.Lock()
	e.parameters.mu.unused = unused
	e.parameters.mu.Unlock()
	e.parameters.changed.tell()
}

// activeParameters returns the active SearchParameter resources, oldest first: if two
// clash, the older one counts.
func (e *Engine) activeParameters() ([]index.Ordinal, error) {
	view := e.index.View()
	if view.OfType(index.TypeID(schema.TypeSearchParameter)).Len() == 0 {
		return nil, nil
	}
	q, err := e.search.Parse(schema.TypeSearchParameter, "status=active", false)
	if err != nil {
		return nil, err
	}
	set, err := e.search.Ordinals(e.background, view, q)
	if err != nil {
		return nil, err
	}
	var ordinals []index.Ordinal
	for _, o := range set.ToArray() {
		ordinals = append(ordinals, index.Ordinal(o))
	}
	return ordinals, nil
}

// readDefinition reads the definition of a stored version. A version that cannot be
// read has an issue.
func (e *Engine) readDefinition(o index.Ordinal) storedDefinition {
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	if err := e.Document(o, &c.doc); err != nil {
		return storedDefinition{issues: Issues(err)}
	}
	var d storedDefinition
	d.definition, d.issues = param.ReadDefinition(&c.doc)
	text := func(name string) string {
		n, ok := c.doc.Child(0, schema.Lookup(schema.TypeSearchParameter, name))
		if !ok {
			return ""
		}
		return string(c.doc.Text(n, nil))
	}
	if d.issues != nil {
		d.url, d.code = text("url"), text("code")
	}
	return d
}

// checkDefinition checks a SearchParameter by itself, at the level of the write, and
// keeps its definition for the writer, which checks it beside the others.
func (e *Engine) checkDefinition(_ context.Context, c *scratch) error {
	if c.doc.Type() != schema.TypeSearchParameter || c.how.Check.Level == StructureOnly {
		return nil
	}
	d, issues := param.ReadDefinition(&c.doc)
	if c.how.Check.Level == Strict {
		if c.definition = d; len(issues) > 0 {
			return &Error{Class: ErrInvalid, Issues: issues}
		}
		return nil
	}
	c.issues = append(c.issues, issues...)
	return nil
}

// checkBesideOthers checks the definition of c beside the active ones, for Validate. A
// write replaces only the version of the same id.
func (e *Engine) checkBesideOthers(c *scratch) error {
	if c.definition == nil {
		return nil
	}
	d, replaced := c.definition, ""
	o, ok := e.index.View().Lookup(index.TypeID(schema.TypeSearchParameter), string(c.doc.ID()))
	if ok && !e.index.View().Deleted(o) {
		if before := e.readDefinition(o).definition; before != nil {
			replaced = before.URL
		}
	}
	if issues := e.search.Custom().Check(d, replaced); issues != nil {
		return &Error{Class: ErrInvalid, Issues: issues}
	}
	return nil
}

// checkDefinitions reports why the definitions of a commit cannot be used beside the
// definitions that stay. The writer calls it, after define for the records before.
func (e *Engine) checkDefinitions(s *submission) error {
	written := map[key]bool{}
	var fresh []*param.Definition
	for i := range s.Ops {
		written[key{s.Ops[i].Type, s.Ops[i].ID}] = true
		if d := s.Ops[i].definition; d != nil {
			fresh = append(fresh, d)
		}
	}
	if fresh == nil {
		return nil
	}
	all := slices.Clone(e.parameters.given)
	view := e.index.View()
	for _, o := range slices.Sorted(maps.Keys(e.parameters.stored)) {
		t, id := view.Key(o)
		if d := e.parameters.stored[o]; d.definition != nil && !written[key{schema.TypeID(t), id}] {
			all = append(all, d.definition)
		}
	}
	all = append(all, fresh...)
	for _, issues := range param.CheckDefinitions(all)[len(all)-len(fresh):] {
		if issues != nil {
			return &Error{Class: ErrInvalid, Issues: issues}
		}
	}
	return nil
}

// defines reports whether a commit may change the custom search parameters.
func (s *submission) defines() bool {
	return slices.ContainsFunc(s.Ops, func(o Op) bool { return o.Type == schema.TypeSearchParameter })
}

// SearchParameters returns all custom search parameters: complete ones, ones that are
// being indexed, and unused ones with the issues that say why.
func (e *Engine) SearchParameters() []ParameterStatus {
	var all []ParameterStatus
	for _, c := range e.search.Custom().Status() {
		status := statusOf(c.Definition, nil)
		status.Indexed, status.Total, status.Complete = c.Indexed, c.Total, c.InUse
		if c.Err != nil {
			status.Issues = Issues(c.Err)
		}
		all = append(all, status)
	}
	e.parameters.mu.Lock()
	defer e.parameters.mu.Unlock()
	return append(all, e.parameters.mu.unused...)
}

func statusOf(d *param.Definition, issues []Issue) ParameterStatus {
	s := ParameterStatus{URL: d.URL, Code: d.Code, Type: d.Type.String(), Issues: issues}
	for _, t := range d.Bases {
		s.Base = append(s.Base, t.String())
	}
	for _, t := range d.Targets {
		s.Target = append(s.Target, t.String())
	}
	return s
}

// WaitIndexed waits until no search parameter is being indexed. It reports the error of
// the first parameter that could not be indexed, ErrClosed, or the error of ctx.
// Parameters that are defined while it waits count too.
func (e *Engine) WaitIndexed(ctx context.Context) error {
	for {
		changed := e.parameters.changed.wait()
		waiting := false
		for _, c := range e.search.Custom().Status() {
			if c.Err != nil {
				return fmt.Errorf("datastore: indexing %s: %w", c.Code, c.Err)
			}
			waiting = waiting || !c.InUse
		}
		if !waiting {
			return nil
		}
		select {
		case <-changed:
		case <-e.filled:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// searchParameterType is the type whose resources define search parameters.
const searchParameterType = index.TypeID(schema.TypeSearchParameter)
