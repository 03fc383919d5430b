package fhirjson

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/fhirlake/fhirlake/internal/issue"
)

// maxIssues is how many issues one error carries: enough to mend a resource by,
// few enough to read.
const maxIssues = 20

// An Error says what is wrong with a source: the first thing alone where it is
// no JSON or breaks a limit, otherwise up to 20 things in the order of the source.
type Error struct {
	Issues []issue.Issue
}

// Error returns the first issue, and how many more there are.
func (e *Error) Error() string {
	if n := len(e.Issues) - 1; n > 0 {
		return fmt.Sprintf("fhirjson: %v; and %d more", e.Issues[0], n)
	}
	return fmt.Sprintf("fhirjson: %v", e.Issues[0])
}

// A finding is an issue whose pointer is not worked out yet.
type finding struct {
	offset int
	code   issue.Code
	reason string
}

// report notes that the value or name at offset is wrong. The parse goes on.
func (p *parser) report(offset int, code issue.Code, reason string) {
	if len(p.findings) < maxIssues {
		p.findings = append(p.findings, finding{offset, code, reason})
	}
}

// fail notes that the source cannot be read beyond offset, and returns -1, the
// position that says so.
func (p *parser) fail(offset int, code issue.Code, reason string) int {
	p.findings = append(p.findings[:0], finding{offset, code, reason})
	p.broken = true
	return -1
}

// syntax is fail for broken JSON.
func (p *parser) syntax(offset int, reason string) int {
	if offset >= len(p.src) {
		offset, reason = len(p.src), "unexpected end of the text"
	}
	return p.fail(offset, issue.Structure, reason)
}

// err returns the findings as an error, nil if there are none.
func (p *parser) err() error {
	if len(p.findings) == 0 {
		return nil
	}
	slices.SortStableFunc(p.findings, func(a, b finding) int { return cmp.Compare(a.offset, b.offset) })
	severity := issue.Error
	if p.broken {
		severity = issue.Fatal
	}
	e := &Error{Issues: make([]issue.Issue, len(p.findings))}
	for i, f := range p.findings {
		e.Issues[i] = issue.Issue{
			Severity: severity, Code: f.code, Offset: int64(f.offset), Diagnostics: f.reason,
			Pointer: pointerAt(p.src, f.offset),
		}
	}
	return e
}
