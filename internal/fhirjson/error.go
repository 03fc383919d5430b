package fhirjson

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/fhirlake/fhirlake/issue"
)

// maxIssues is how many issues one error carries: enough to mend a resource by,
// few enough to read.
const maxIssues = 20

// An Error has the faults of a source: up to 20 errors and 20 warnings in the order of
// the source, or the first fault alone if the source is no JSON or breaks a limit.
type Error struct {
	Issues []issue.Issue
}

// Error returns the first issue that is an error, and how many more issues there are.
func (e *Error) Error() string {
	first := max(0, slices.IndexFunc(e.Issues, func(i issue.Issue) bool {
		return i.Severity == issue.Error || i.Severity == issue.Fatal
	}))
	if n := len(e.Issues) - 1; n > 0 {
		return fmt.Sprintf("fhirjson: %v; and %d more", e.Issues[first], n)
	}
	return fmt.Sprintf("fhirjson: %v", e.Issues[first])
}

// A finding is an issue whose pointer is not worked out yet.
type finding struct {
	offset   int
	severity issue.Severity
	code     issue.Code
	reason   string
}

// report notes that the value or name at offset is wrong. The parse goes on; the level
// decides whether the source is accepted.
func (p *parser) report(offset int, code issue.Code, reason string) {
	p.note(finding{offset, issue.Error, code, reason})
}

// refuse is report for a fault that no level accepts.
func (p *parser) refuse(offset int, code issue.Code, reason string) {
	p.findings = p.findings[:min(len(p.findings), maxIssues-1)]
	p.report(offset, code, reason)
	p.refused = true
}

// note adds a finding to those of its severity, unless there are enough.
func (p *parser) note(f finding) {
	list := &p.findings
	if f.severity == issue.Error || f.severity == issue.Fatal {
		p.refused = p.refused || p.opts.Level != Minimal
	} else {
		list = &p.warnings
	}
	if len(*list) < maxIssues {
		*list = append(*list, f)
	}
}

// fail notes that the source cannot be read beyond offset, and returns -1, the
// position that says so.
func (p *parser) fail(offset int, code issue.Code, reason string) int {
	p.findings = append(p.findings[:0], finding{offset, issue.Fatal, code, reason})
	p.warnings = p.warnings[:0]
	p.refused, p.broken = true, true
	return -1
}

// syntax is fail for broken JSON.
func (p *parser) syntax(offset int, reason string) int {
	if offset >= len(p.src) {
		offset, reason = len(p.src), "unexpected end of the text"
	}
	return p.fail(offset, issue.Structure, reason)
}

// issues returns the faults found, in the order of the source.
func (p *parser) issues() []issue.Issue {
	if len(p.findings)+len(p.warnings) == 0 {
		return nil
	}
	all := append(p.findings, p.warnings...)
	slices.SortStableFunc(all, func(a, b finding) int { return cmp.Compare(a.offset, b.offset) })
	out := make([]issue.Issue, 0, len(all))
	offsets := make([]int, len(all))
	for i, f := range all {
		offsets[i] = f.offset
	}
	root := ""
	if len(p.nodes) > 0 && p.nodes[0].Field == 0 {
		root = p.nodes[0].Type.String()
	}
	pointersAt(p.src, offsets, func(pointer string) {
		f := all[len(out)]
		out = append(out, issue.Issue{
			Severity: f.severity, Code: f.code, Offset: int64(f.offset), Diagnostics: f.reason, Root: root, Pointer: pointer,
		})
	})
	return out
}
