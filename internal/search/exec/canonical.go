package exec

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// canonicalTerms appends the terms of a canonical in a query: without a version it
// finds every version.
func (ev *evaluation) canonicalTerms(dst []index.Term, s *param.Stream, text string) []index.Term {
	dst = append(dst, ev.terms.ReferenceText(s.ID, text))
	if s.Canonical() && !strings.Contains(text, "|") {
		dst = append(dst, ev.terms.ReferenceText(s.ID, param.VersionMark+text))
	}
	return dst
}
