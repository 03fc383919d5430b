package exec

import (
	"time"

	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// issueOf returns a plan as an information on the page.
func issueOf(p *search.Plan) issue.Issue {
	return issue.Issue{Severity: issue.Information, Code: issue.Informational, Offset: -1, Diagnostics: p.String()}
}

// An explanation is a plan while it is made.
type explanation struct {
	plan  search.Plan
	steps *[]search.Step // where the step at hand belongs
}

func newExplanation() *explanation {
	x := &explanation{}
	x.steps = &x.plan.Steps
	return x
}

// working begins work on the page. The conditions that are evaluated until the function that
// it returns is called, such as those of the view's filter, are steps in that work.
func (ev *evaluation) working() func() []search.Step {
	x := ev.explained
	if x == nil {
		return func() []search.Step { return nil }
	}
	outer, steps := x.steps, new([]search.Step)
	x.steps = steps
	return func() []search.Step {
		x.steps = outer
		return *steps
	}
}

// worked adds to the plan a step of work on the page, which began at start.
func (ev *evaluation) worked(start time.Time, s search.Step) {
	if ev.explained != nil {
		s.Time = time.Since(start)
		ev.explained.plan.Result = append(ev.explained.plan.Result, s)
	}
}
