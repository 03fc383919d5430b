package custom

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/extract"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// Parameters are the custom search parameters of one index. They alone give a parameter its
// numbers in the index, fill it and drop it.
//
// # States
//
// A parameter goes through these states, and a query that names it is answered by them:
//
//   - Indexing, from [Parameters.Define] on: its streams have numbers that no other
//     parameter has, and the versions that are there are getting their values, in rising
//     order. A query is refused with how far that is (issue.Transient).
//   - Staged, the last stage of indexing: what is written brings its values along, and the
//     writer keeps these until those before them are there. So the number of versions to
//     fill grows no more, and indexing ends. A query is refused as before.
//   - In use, from the last turn of a [Filling] on: every version that is visible in the
//     state of that turn (param.Custom.Since) or in a later one has its values or brings
//     them along. A query of such a state is answered, one of an older state is refused.
//   - Failed, if a version cannot be read or the index is full: it stays as it is until it
//     is dropped. A query is refused.
//   - Dropped, by a Define without it: its values leave the index at once, and its numbers
//     may go to another. A query does not find it. A query that was read before, and is
//     answered meanwhile, is refused when it ends ([Parameters.InUse]).
//
// A definition that means something else is another parameter, which begins with indexing.
//
// # Concurrency
//
// The writer is the one goroutine that applies to the index. Define and Keep are the
// writer's, and so is [Filling.Turn], by way of [Store.Turn]. Run is a goroutine of its own:
// it reads and extracts beside the writer, so that no expression of a user runs in the
// writer. All else is for any number of goroutines. They see parameters as a whole, by a
// registry that is immutable and replaced by another whenever a state changes.
type Parameters struct {
	registry   *param.Registry                // R4's
	current    atomic.Pointer[param.Registry] // with the custom parameters of now
	index      *index.Index                   // nil if nothing is ever filled
	extractors *extract.Pool
	wake       chan struct{} // holds a value if there may be something to fill
	restored   *restored     // until the first Define; nil of an index that was not restored
	kept       []index.Late  // what staged parameters have of versions that were written; the writer's alone
}

// A Store is what filling asks of the store that the index is of.
type Store interface {
	// Document parses the stored form of a version.
	Document(o index.Ordinal, doc *fhirjson.Document) error
	// Turn has the writer call f between two records. It returns the error of f, or why f
	// was not called: ctx ended, or the store was closed.
	Turn(ctx context.Context, f func() error) error
	// Changed is called after a state has changed.
	Changed()
}

// New returns the parameters of an index, none so far. The index may be nil if nothing is
// ever filled.
func New(r4 *param.Registry, x *index.Index, extractors *extract.Pool) *Parameters {
	p := &Parameters{registry: r4, index: x, extractors: extractors, wake: make(chan struct{}, 1)}
	p.current.Store(r4)
	return p
}

// Fixed returns parameters that stay as these are now, for an index to which versions come
// with their values.
func (p *Parameters) Fixed() *Parameters {
	fixed := New(p.registry, nil, p.extractors)
	fixed.current.Store(p.current.Load())
	return fixed
}

// Registry returns R4's parameters together with those in use.
func (p *Parameters) Registry() *param.Registry { return p.current.Load() }

// InUse reports whether a parameter is in use now.
func (p *Parameters) InUse(c *param.Custom) bool {
	return slices.Contains(p.current.Load().Customs.InUse, c)
}

// Status returns how far each parameter is, first those in use.
func (p *Parameters) Status() []param.CustomStatus {
	now := &p.current.Load().Customs
	var all []param.CustomStatus
	for _, c := range now.InUse {
		all = append(all, c.Status(true))
	}
	for _, c := range now.Indexing {
		all = append(all, c.Status(false))
	}
	return all
}

// Check reports what keeps a definition from being used beside the definitions of now. The
// definition with the URL replaced does not count: d takes its place.
func (p *Parameters) Check(d *param.Definition, replaced string) []issue.Issue {
	var all []*param.Definition
	now := &p.current.Load().Customs
	for _, c := range slices.Concat(now.InUse, now.Indexing) {
		if c.URL != replaced {
			all = append(all, c.Definition)
		}
	}
	return param.CheckDefinitions(append(all, d))[len(all)]
}

// move puts parameters into their states.
func (p *Parameters) move(inUse, indexing []*param.Custom) {
	p.current.Store(p.registry.With(inUse, indexing))
}
