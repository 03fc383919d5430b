package datastore

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
	"github.com/fhirlake/fhirlake/search"
)

// A SearchParameterStatus says how far a custom search parameter is: one of
// [Options.SearchParameters], or an active SearchParameter resource of the store
// that is none of R4's own.
type SearchParameterStatus struct {
	URL, Code, Type string
	Base            []string // the types that have it, as its definition names them
	Target          []string // of a reference: the types that it may lead to; none is all
	// Indexed of Total versions have been looked at. The total grows while others
	// write.
	Indexed, Total int
	// Complete is set once queries may use the parameter.
	Complete bool
	// Issues say why the parameter is not used: what is wrong with a definition that
	// was stored without the checks of [Strict], or why indexing ended.
	Issues []Issue
}

// parameters are the custom search parameters of a store. Which there are follows
// from the options and the newest versions alone: it is worked out when a store is
// opened, and by the writer after each record that has a SearchParameter.
type parameters struct {
	given []*search.Definition
	// stored are the definitions of active resources, by version. It is the
	// writer's alone.
	stored map[index.Ordinal]storedDefinition
	wake   chan struct{} // tells the filler that there may be work; closed when the writer has ended
	filled chan struct{} // closed when the filler has ended

	mu struct {
		sync.Mutex
		unused  []SearchParameterStatus
		changed chan struct{} // closed, and replaced, whenever a status changes
	}
}

// A storedDefinition is what an active SearchParameter resource defines: nothing,
// if it is one of R4's own, or if it has issues.
type storedDefinition struct {
	definition *search.Definition
	issues     []Issue
	url, code  string
}

// givenDefinitions reads those of the options.
func givenDefinitions(sources [][]byte) ([]*search.Definition, error) {
	var definitions []*search.Definition
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
		d, issues := search.ReadDefinition(&doc)
		if d == nil && issues == nil {
			wrong = append(wrong, fmt.Errorf("datastore: SearchParameters[%d] is not active, or one of R4's own", i))
			continue
		}
		fail(i, issues)
		definitions = append(definitions, d)
	}
	if wrong == nil {
		for i, issues := range search.CheckDefinitions(definitions) {
			fail(i, issues)
		}
	}
	return definitions, errors.Join(wrong...)
}

// define brings the parameters in line with the newest state. The writer calls it,
// and whoever opens the store.
func (s *Store) define() {
	definitions := slices.Clone(s.parameters.given)
	stored := map[index.Ordinal]storedDefinition{}
	var unused []SearchParameterStatus
	active, err := s.activeParameters()
	if err != nil {
		s.options.Logger.Error("datastore: search parameters could not be looked up", "error", err)
		return
	}
	for _, o := range active {
		d, ok := s.parameters.stored[o]
		if !ok {
			d = s.readDefinition(o)
		}
		stored[o] = d
		switch {
		case d.definition != nil:
			definitions = append(definitions, d.definition)
		case d.issues != nil:
			unused = append(unused, SearchParameterStatus{URL: d.url, Code: d.code, Issues: d.issues})
		}
	}
	for i, issues := range s.engine.Define(definitions) {
		if issues != nil {
			unused = append(unused, statusOf(definitions[i], issues))
		}
	}
	s.parameters.stored = stored
	s.parameters.mu.Lock()
	s.parameters.mu.unused = unused
	s.parameters.mu.Unlock()
	s.parameters.notify()
	select {
	case s.parameters.wake <- struct{}{}:
	default: // it has been told, and not looked yet
	}
}

// activeParameters returns the SearchParameter resources that are in use, oldest
// first: of two that clash the older is the one that counts.
func (s *Store) activeParameters() ([]index.Ordinal, error) {
	view := s.index.View()
	if view.OfType(index.TypeID(schema.TypeSearchParameter)).Len() == 0 {
		return nil, nil
	}
	q, err := s.engine.Parse(schema.TypeSearchParameter, "status=active", false)
	if err != nil {
		return nil, err
	}
	set, err := s.engine.Ordinals(context.Background(), view, q)
	if err != nil {
		return nil, err
	}
	var ordinals []index.Ordinal
	for _, o := range set.ToArray() {
		ordinals = append(ordinals, index.Ordinal(o))
	}
	return ordinals, nil
}

// readDefinition reads a stored version. One that cannot be read has an issue.
func (s *Store) readDefinition(o index.Ordinal) storedDefinition {
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	if err := s.document(o, &c.doc); err != nil {
		return storedDefinition{issues: Issues(err)}
	}
	var d storedDefinition
	d.definition, d.issues = search.ReadDefinition(&c.doc)
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

// checkDefinition checks a SearchParameter by itself, as its level asks for, and
// keeps its definition for the writer, who checks it beside the others.
func (s *Store) checkDefinition(c *scratch, k check) error {
	c.definition = nil
	if c.doc.Type() != schema.TypeSearchParameter || k.level == StructureOnly {
		return nil
	}
	d, issues := search.ReadDefinition(&c.doc)
	if k.level == Strict {
		if c.definition = d; len(issues) > 0 {
			return &Error{Class: ErrInvalid, Issues: issues}
		}
		return nil
	}
	c.issues = append(c.issues, issues...)
	return nil
}

// checkBesideOthers checks the definition of c beside those that are in use, for
// Validate: what a write may replace is the version of the same id.
func (s *Store) checkBesideOthers(c *scratch) error {
	if c.definition == nil {
		return nil
	}
	d, replaced := c.definition, ""
	o, ok := s.index.View().Lookup(index.TypeID(schema.TypeSearchParameter), string(c.doc.ID()))
	if ok && !s.index.View().Deleted(o) {
		if before := s.readDefinition(o).definition; before != nil {
			replaced = before.URL
		}
	}
	if issues := s.engine.CheckDefinition(d, replaced); issues != nil {
		return &Error{Class: ErrInvalid, Issues: issues}
	}
	return nil
}

// admit reports why the definitions of a commit cannot be used beside those that
// stay. It is called by the writer, who has defined whatever was written before.
func (s *Store) admit(c *commit) error {
	written := map[key]bool{}
	var fresh []*search.Definition
	for i := range c.ops {
		written[key{c.ops[i].typ, c.ops[i].id}] = true
		if d := c.ops[i].definition; d != nil {
			fresh = append(fresh, d)
		}
	}
	if fresh == nil {
		return nil
	}
	all := slices.Clone(s.parameters.given)
	view := s.index.View()
	for _, o := range slices.Sorted(maps.Keys(s.parameters.stored)) {
		t, id := view.Key(o)
		if d := s.parameters.stored[o]; d.definition != nil && !written[key{schema.TypeID(t), id}] {
			all = append(all, d.definition)
		}
	}
	all = append(all, fresh...)
	for _, issues := range search.CheckDefinitions(all)[len(all)-len(fresh):] {
		if issues != nil {
			return &Error{Class: ErrInvalid, Issues: issues}
		}
	}
	return nil
}

// defines reports whether a commit may change which parameters there are.
func (c *commit) defines() bool {
	return slices.ContainsFunc(c.ops, func(o op) bool { return o.typ == schema.TypeSearchParameter })
}

// notify tells those who wait that a status has changed.
func (p *parameters) notify() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.changed != nil {
		close(p.mu.changed)
		p.mu.changed = nil
	}
}

// watch returns a channel that is closed when a status changes.
func (p *parameters) watch() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.changed == nil {
		p.mu.changed = make(chan struct{})
	}
	return p.mu.changed
}

// SearchParameters returns the custom search parameters: those that are complete,
// those that are being indexed, and those that are not used, with the issues that
// say why.
func (s *Store) SearchParameters() []SearchParameterStatus {
	var all []SearchParameterStatus
	for _, c := range s.engine.CustomStatus() {
		status := statusOf(c.Definition, nil)
		status.Indexed, status.Total, status.Complete = c.Indexed, c.Total, c.Complete
		if c.Err != nil {
			status.Issues = Issues(c.Err)
		}
		all = append(all, status)
	}
	s.parameters.mu.Lock()
	defer s.parameters.mu.Unlock()
	return append(all, s.parameters.mu.unused...)
}

func statusOf(d *search.Definition, issues []Issue) SearchParameterStatus {
	s := SearchParameterStatus{URL: d.URL, Code: d.Code, Type: d.Type.String(), Issues: issues}
	for _, t := range d.Bases {
		s.Base = append(s.Base, t.String())
	}
	for _, t := range d.Targets {
		s.Target = append(s.Target, t.String())
	}
	return s
}

// Parameters returns the search parameters that queries for a resource type may
// name, sorted: R4's and the custom ones that are complete.
func (s *Store) Parameters(resourceType string) []search.Parameter {
	t, ok := schema.ResourceType(resourceType)
	if !ok {
		return nil
	}
	return s.engine.Parameters(t)
}

// WaitIndexed waits until no search parameter is being indexed. It reports the
// first that could not be, ErrClosed, or the error of ctx. Parameters that
// are defined while it waits count too.
func (s *Store) WaitIndexed(ctx context.Context) error {
	for {
		changed := s.parameters.watch()
		waiting := false
		for _, c := range s.engine.CustomStatus() {
			if c.Err != nil {
				return fmt.Errorf("datastore: indexing %s: %w", c.Code, c.Err)
			}
			waiting = waiting || !c.Complete
		}
		if !waiting {
			return nil
		}
		select {
		case <-changed:
		case <-s.parameters.filled:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
