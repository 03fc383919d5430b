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

// worked adds to the plan a step of work on the page, which began at start.
func (ev *evaluation) worked(start time.Time, s search.Step) {
	if ev.explained != nil {
		s.Time = time.Since(start)
		ev.explained.plan.Result = append(ev.explained.plan.Result, s)
	}
}
