package query

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// A containment says whether a search looks for contained resources: _contained and
// _containedType (FHIR R4 §3.1.1.5.5).
type containment struct {
	Inside bool // looks for contained resources
	Only   bool // and for no others
	Alone  bool // answers them, not what contains them
}

// containment reads _contained and _containedType before all else, since other
// parameters depend on them.
func (p *Parser) containment(parts []pair) error {
	typed := false
	for _, part := range parts {
		p.name = part.Name
		var err error
		switch part.Name {
		case "_contained":
			err = p.oneOf(part.Value, "false", "true", "both")
			p.q.Containment.Inside = part.Value != "false"
			p.q.Containment.Only = part.Value == "true"
		case "_containedType":
			err = p.oneOf(part.Value, "container", "contained")
			p.q.Containment.Alone = part.Value == "contained"
			typed = true
		}
		if err != nil {
			return err
		}
	}
	switch {
	case typed && !p.q.Containment.Inside:
		return &param.QueryError{Part: "_containedType", Code: issue.Invalid, Reason: "needs _contained=true or _contained=both"}
	case p.q.Containment.Inside && p.q.in != (Compartment{}):
		return &param.QueryError{Part: "_contained", Code: issue.NotSupported, Reason: "not supported in a compartment"}
	}
	return nil
}

// checkContained reports parameters that do not fit contained resources. Containers are
// of any type, so they are sorted by parameters that all types have; and no _include
// starts at a contained resource.
func (p *Parser) checkContained() error {
	shared := func(k SortKey) bool { return k.Branches == nil && k.Param.Row.Base.Type().Base == 0 }
	switch {
	case !p.q.Containment.Inside:
	case p.q.Containment.Alone && len(p.q.Sort) > 0:
		return &param.QueryError{Part: "_sort", Code: issue.NotSupported, Reason: "not supported with _containedType=contained"}
	case p.q.Containment.Alone && len(p.q.Inclusions) > 0:
		return &param.QueryError{Part: "_containedType", Code: issue.NotSupported, Reason: "contained is not supported with _include and _revinclude"}
	case !slices.ContainsFunc(p.q.Sort, func(k SortKey) bool { return !shared(k) }):
	default:
		return &param.QueryError{Part: "_sort", Code: issue.NotSupported, Reason: "with _contained by parameters of all types only, such as _id and _lastUpdated"}
	}
	return nil
}

// Contained reports whether the query looks for contained resources, so that its
// matches may be of other types than the searched ones.
func (q *Query) Contained() bool { return q.Containment.Inside }
