package exec

import (
	"context"
	"net/url"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// Named returns a raw query whose _query was replaced by the result of its
// [NamedQuery], and any other query as it is. It reports a [*QueryError] for a name
// that is not in [Options], and the errors of the NamedQuery.
//
// The search is then one by ordinary parameters, as its self link says, so that the
// pages of one answer are those of one query whatever the NamedQuery depends on.
func (e *Engine) Named(ctx context.Context, t schema.TypeID, rawQuery string) (string, error) {
	if len(e.queries) == 0 || len(rawQuery) > query.MaxQuery {
		return rawQuery, nil // for Parse to refuse
	}
	var p query.Parser
	var name string
	var kept []string
	params := url.Values{}
	for raw := range strings.SplitSeq(rawQuery, "&") {
		part, err := p.Decode(raw)
		if err != nil {
			return "", err
		}
		switch base, _, _ := strings.Cut(part.Name, ":"); {
		case part.Value == "":
		case part.Name == search.QueryParameter && name != "":
			return "", p.Fail(issue.Invalid, "given more than once")
		case part.Name == search.QueryParameter:
			name = part.Value
		case shapes(base):
			kept = append(kept, raw)
		default:
			params.Add(part.Name, part.Value)
		}
	}
	if name == "" {
		return rawQuery, nil
	}
	rewrite := e.queries[name]
	if rewrite == nil {
		return "", &param.QueryError{Part: search.QueryParameter, Code: issue.NotSupported, Reason: "no named query of that name"}
	}
	typeName := ""
	if t != 0 {
		typeName = t.String()
	}
	made, err := rewrite(ctx, typeName, params)
	if err != nil {
		return "", err
	}
	return strings.Join(append([]string{made}, kept...), "&"), nil
}

// shapes reports whether a parameter shapes the answer and does not select matches.
func shapes(name string) bool {
	switch name {
	case "_include", "_revinclude", "_format", "_pretty", search.PageParameter, "_count", "_total", "_summary", "_elements",
		"_sort", "_type", search.ExplainParameter, "_contained", "_containedType":
		return true
	}
	return false
}
