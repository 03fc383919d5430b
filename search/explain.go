package search

import (
	"fmt"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// ExplainParameter is the name under which a query asks for its plan.
const ExplainParameter = "_explain"

// A Plan says how a query was answered. It holds no values.
type Plan struct {
	// Steps are the conditions in the order in which they were evaluated, type by
	// type. Those after one that found nothing are not evaluated and not among them.
	Steps []Step
	// Total is the exact number of matches.
	Total int
}

// A Step is one condition of a query on one type.
type Step struct {
	Type schema.TypeID
	// Part is the condition's name as it was written, "compartment" for that of one.
	Part string
	// Estimate is how much work the planner took it for, in ordinals.
	Estimate int
	// Postings says that the condition is a union of postings; otherwise columns,
	// texts, joins or stored values were looked at.
	Postings bool
	// Found is how many versions were left after it, superseded ones among them.
	Found int
	Time  time.Duration
}

// String writes a plan as text, a line for each step.
func (p *Plan) String() string {
	var b strings.Builder
	for i, s := range p.Steps {
		way := "columns, texts, joins or values"
		if s.Postings {
			way = "postings"
		}
		fmt.Fprintf(&b, "%d. %s %s: by %s, estimated %d, left %d, %s\n", i+1, s.Type, s.Part, way, s.Estimate, s.Found, s.Time)
	}
	fmt.Fprintf(&b, "total %d", p.Total)
	return b.String()
}

// issue returns the plan as an information on the page.
func (p *Plan) issue() issue.Issue {
	return issue.Issue{Severity: issue.Information, Code: issue.Informational, Offset: -1, Diagnostics: p.String()}
}
