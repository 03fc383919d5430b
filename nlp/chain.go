package nlp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Chain returns a Detector that asks several at once and joins their findings, list by
// list. If entities of one category overlap, the entity of the earlier detector counts;
// without concepts of its own, it takes over the other's. Other entities are added.
//
// Findings that do not fit the text are removed (see [Findings.Clean]). If some detectors
// fail, panic, or do not return before ctx ends, Detect returns the findings of the others
// with the joined errors; nil findings mean that all detectors failed. A detector that
// ignores ctx is left behind in its goroutine.
func Chain(detectors ...Detector) Detector {
	return chain(slices.Clone(detectors))
}

type chain []Detector

// Detect implements [Detector].
func (c chain) Detect(ctx context.Context, text string) (*Findings, error) {
	answers := make([]chan answer, len(c))
	for i, d := range c {
		answers[i] = ask(ctx, d, text)
	}
	var joined *Findings
	var errs []error
	for i, ready := range answers {
		var a answer
		select {
		case a = <-ready:
		case <-ctx.Done():
			select { // both may be true
			case a = <-ready:
			default:
				a.err = ctx.Err()
			}
		}
		if a.err != nil {
			errs = append(errs, fmt.Errorf("nlp: detector %d of %d: %w", i+1, len(c), a.err))
		}
		if a.findings != nil {
			joined = join(joined, a.findings)
		}
	}
	if joined == nil && errs == nil {
		joined = &Findings{}
	}
	return joined, errors.Join(errs...)
}

// An answer is what a detector returned.
type answer struct {
	findings *Findings
	err      error
}

// ask calls a detector in a goroutine of its own.
func ask(ctx context.Context, d Detector, text string) chan answer {
	ready := make(chan answer, 1)
	go func() {
		a := answer{err: errors.New("it ended its goroutine")}
		defer func() {
			if p := recover(); p != nil {
				a = answer{err: fmt.Errorf("it panicked (%T)", p)}
			}
			ready <- a
		}()
		found, err := d.Detect(ctx, text)
		if found != nil {
			found = &Findings{found.Entities, found.ICD10CM, found.RxNorm, found.ModelVersion}
			err = errors.Join(err, found.Clean(text))
		}
		a = answer{found, err}
	}()
	return ready
}

// join adds the findings second to the findings first. Where both overlap, first wins.
func join(first, second *Findings) *Findings {
	if first == nil {
		return second
	}
	return &Findings{
		Entities:     joinLists(first.Entities, second.Entities),
		ICD10CM:      joinLists(first.ICD10CM, second.ICD10CM),
		RxNorm:       joinLists(first.RxNorm, second.RxNorm),
		ModelVersion: strings.Trim(first.ModelVersion+", "+second.ModelVersion, ", "),
	}
}

// joinLists joins two lists that are in order.
func joinLists(first, second []Entity) []Entity {
	joined := slices.Clone(first)
	over := newOverlaps(joined)
	for _, e := range second {
		before := over.find(e)
		if before < 0 {
			joined = append(joined, e)
			continue
		}
		if mine := &joined[before]; len(mine.ICD10CMConcepts) == 0 && len(mine.RxNormConcepts) == 0 {
			mine.ICD10CMConcepts, mine.RxNormConcepts = e.ICD10CMConcepts, e.RxNormConcepts
		}
	}
	slices.SortStableFunc(joined, func(a, b Entity) int { return a.BeginOffset - b.BeginOffset })
	number(joined)
	return joined
}

// overlaps finds entities of a list by their places.
type overlaps struct {
	list []Entity
	by   map[Category][]reach
}

// A reach has the place where an entity begins, and the index of the entity that ends last
// among the entities of its category up to there.
type reach struct{ begin, last int }

func newOverlaps(list []Entity) overlaps {
	o := overlaps{list, map[Category][]reach{}}
	for i, e := range list {
		same, last := o.by[e.Category], i
		if n := len(same); n > 0 && list[same[n-1].last].EndOffset > e.EndOffset {
			last = same[n-1].last
		}
		o.by[e.Category] = append(same, reach{e.BeginOffset, last})
	}
	return o
}

// find returns the place of an entity that e overlaps and whose category it has, or -1.
func (o overlaps) find(e Entity) int {
	same := o.by[e.Category]
	n, _ := slices.BinarySearchFunc(same, e.EndOffset, func(r reach, end int) int { return r.begin - end })
	if n == 0 { // all begin at e's end or after it
		return -1
	}
	if last := same[n-1].last; o.list[last].EndOffset > e.BeginOffset {
		return last
	}
	return -1
}
