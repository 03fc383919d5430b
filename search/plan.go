package search

import (
	"fmt"
	"strings"
	"time"
)

// A Plan says how a query was answered. It holds no values.
type Plan struct {
	// Steps are the conditions in the order in which they were evaluated, type by
	// type. Those after one that found nothing are not evaluated and not among them.
	Steps []Step
	// Result is what was done with the matches: how the page was put in order, and
	// what was included.
	Result []Step
	// Total is the exact number of matches.
	Total int
}

// A Step is one condition of a query on one type, or a part of the work on the page.
type Step struct {
	Type string // the resource type, "" for work on the page
	// Part is the condition's name as it was written, "compartment" for that of one.
	// The conditions in it have the names that they would have by themselves.
	Part string
	// Way is what it was answered from.
	Way Way
	// Estimate is how much work the planner took it for, in ordinals; by postings,
	// how many these hold together. 0 for work on the page.
	Estimate int
	// Found is how many versions of Type were left after it, superseded ones among them; for
	// work on the page, how many resources there are.
	Found int
	// Time includes that of Steps.
	Time time.Duration
	// Steps are the conditions in it: of a chain, those on what it leads to.
	Steps []Step
}

// A Way is what a step was answered from.
type Way string

// The ways.
const (
	ByPostings    Way = "postings"             // the lists of some exact values
	ByColumn      Way = "column"               // the dates or numbers of the candidates
	ByTexts       Way = "texts"                // the dictionary of texts
	ByJoin        Way = "join"                 // references and canonicals, there or back
	ByParts       Way = "its parts"            // other conditions
	ByRest        Way = "the rest of its type" // all resources but those of a condition
	ByTerminology Way = "terminology"          // code systems and value sets, then postings
	ByHierarchy   Way = "hierarchy"            // references from part to whole, or versions
	ByValues      Way = "stored values"        // what is stored of each candidate
	ByDocuments   Way = "documents"            // the candidates' text, for phrases
	ByTable       Way = "resource table"       // ids and times
	ByBest        Way = "the best of a column" // without ranking every match
	ByAge         Way = "age"                  // newest first, which is how they are kept
)

// String writes a plan as text, a line for each step; those in a step are indented.
func (p *Plan) String() string {
	var b strings.Builder
	writeSteps(&b, "", p.Steps)
	for _, s := range p.Result {
		fmt.Fprintf(&b, "then %s by %s, %d resources, %s\n", s.Part, s.Way, s.Found, s.Time)
		for _, key := range s.Steps {
			fmt.Fprintf(&b, "  %s by %s\n", key.Part, key.Way)
		}
	}
	fmt.Fprintf(&b, "total %d", p.Total)
	return b.String()
}

func writeSteps(b *strings.Builder, indent string, steps []Step) {
	for i, s := range steps {
		fmt.Fprintf(b, "%s%d. %s %s: by %s, estimated %d, left %d, %s\n", indent, i+1, s.Type, s.Part, s.Way, s.Estimate, s.Found, s.Time)
		writeSteps(b, indent+"  ", s.Steps)
	}
}
