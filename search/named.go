package search

import (
	"context"
	"net/url"
	"strings"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// QueryParameter is the name under which a query asks for a named query (FHIR R4
// §3.1.1.6).
const QueryParameter = "_query"

// A NamedQuery turns the parameters of a named query into those of an ordinary
// search, percent-encoded as in a URL. resourceType is "" in a search of several
// types. params are all but _query itself and those that shape the answer (_count,
// _sort, _include and their like), which stay; what is to count of them has to stand
// in the result. The result is read strictly and cannot name another query. It may
// be called by several goroutines.
type NamedQuery func(ctx context.Context, resourceType string, params url.Values) (rawQuery string, err error)

// Named returns a raw query whose _query was replaced by what the [NamedQuery] of
// that name makes of it, and any other query as it is. It reports a [*QueryError] for
// a name that is not in [Options], and the errors of the NamedQuery.
//
// The search is then one by ordinary parameters, as its self link says, so that the
// pages of one answer are those of one query whatever the NamedQuery depends on.
func (e *Engine) Named(ctx context.Context, t schema.TypeID, rawQuery string) (string, error) {
	if len(e.queries) == 0 || len(rawQuery) > maxQuery {
		return rawQuery, nil // for Parse to refuse
	}
	var p parser
	var name string
	var kept []string
	params := url.Values{}
	for raw := range strings.SplitSeq(rawQuery, "&") {
		part, err := p.decode(raw)
		if err != nil {
			return "", err
		}
		switch base, _, _ := strings.Cut(part.name, ":"); {
		case part.value == "":
		case part.name == QueryParameter && name != "":
			return "", p.fail(issue.Invalid, "given more than once")
		case part.name == QueryParameter:
			name = part.value
		case shapes(base):
			kept = append(kept, raw)
		default:
			params.Add(part.name, part.value)
		}
	}
	if name == "" {
		return rawQuery, nil
	}
	rewrite := e.queries[name]
	if rewrite == nil {
		return "", &QueryError{Part: QueryParameter, Code: issue.NotSupported, Reason: "no named query of that name"}
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

// shapes reports whether a parameter is about the answer, not about what matches.
func shapes(name string) bool {
	switch name {
	case "_include", "_revinclude", "_format", "_pretty", PageParameter, "_count", "_total", "_summary", "_elements",
		"_sort", "_type", ExplainParameter, "_contained", "_containedType":
		return true
	}
	return false
}
