package query

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// Limits of a query, so that parsing is cheap whatever is sent.
const (
	MaxQuery    = 1 << 20 // bytes; the body of a POST _search is no longer
	maxParts    = 256     // name=value pairs
	maxValues   = 4096    // alternatives in all pairs together
	maxSteps    = 12      // steps of a chain
	maxBranches = 4096    // types that the steps of untyped chains lead to, together
	maxKeys     = 16      // keys of _sort
)

// ParseOptions are the options of [Parse]. The zero value is strict, in UTC and
// without a base URL.
type ParseOptions struct {
	// Lenient ignores unknown and unsupported parameters and unknown sort keys, and
	// says so in [Query.Issues] (Prefer: handling=lenient). Modifiers and values
	// that do not fit are errors in any case.
	Lenient bool
	// Zone is the time zone of dates that have none; nil is UTC.
	Zone *time.Location
	// Base is the store's own URL: an absolute reference below it is a local one.
	Base string
	// Compartment is where to look; the zero value is the whole store.
	Compartment Compartment
}

// Read reads the raw query of a search for resources of type t, or for 0 of all types or
// the types that _type names: what follows the question mark, or the body of a POST _search.
// It knows the parameters of a registry, and reports a [*param.QueryError] for the first part
// that cannot be used (FHIR R4 §3.1.1).
func Read(r *param.Registry, t schema.TypeID, rawQuery string, opts ParseOptions) (*Query, error) {
	p := Parser{Registry: r, opts: opts, q: &Query{PageSize: search.DefaultCount}}
	p.opts.Base = param.NormalBase(opts.Base)
	if len(rawQuery) > MaxQuery {
		return nil, &param.QueryError{Code: issue.TooLong, Reason: fmt.Sprintf("query is longer than %d bytes", MaxQuery)}
	}
	var parts []pair
	for raw := range strings.SplitSeq(rawQuery, "&") {
		if raw == "" {
			continue
		}
		if len(parts) == maxParts {
			return nil, &param.QueryError{Code: issue.TooCostly, Reason: fmt.Sprintf("more than %d parameters", maxParts)}
		}
		decoded, err := p.Decode(raw)
		if err != nil {
			return nil, err
		}
		if decoded.Value != "" { // FHIR R4 §3.1.1.3: a parameter without a value is ignored
			parts = append(parts, decoded)
		}
	}
	if err := p.scope(t, parts); err != nil {
		return nil, err
	}
	if err := p.containment(parts); err != nil {
		return nil, err
	}
	for _, one := range parts {
		p.name = shown(one.Name)
		used, err := p.use(one.Name, one.Value)
		if err != nil {
			return nil, p.suggest(err)
		}
		if used != "" {
			p.q.pairs = append(p.q.pairs, pair{one.Name, used})
		}
	}
	if p.total {
		p.q.PageSize = 0
	}
	return p.q, cmp.Or(p.checkShape(), p.checkContained())
}

// A Parser holds one query while it is read.
type Parser struct {
	*param.Registry
	opts     ParseOptions
	q        *Query
	name     string // of the part at hand, for errors
	total    bool   // no page is wanted (_summary=count)
	values   int
	branches int
}

func (p *Parser) Fail(code issue.Code, format string, args ...any) error {
	return &param.QueryError{Part: p.name, Code: code, Reason: fmt.Sprintf(format, args...)}
}

// Decode reads one name=value.
func (p *Parser) Decode(raw string) (pair, error) {
	name, value, ok := urlquery.Cut(raw)
	if !utf8.ValidString(name) {
		name, ok = "", false
	}
	if p.name = shown(name); !ok || !utf8.ValidString(value) {
		return pair{}, p.Fail(issue.Invalid, "not percent-encoded UTF-8")
	}
	if strings.ContainsFunc(name, forbidden) || strings.ContainsFunc(value, forbidden) {
		return pair{}, p.Fail(issue.Invalid, "control character")
	}
	return pair{name, value}, nil
}

// forbidden reports characters that no string of FHIR has (FHIR R4 §2.24.0.1).
func forbidden(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }

// maxShown is how many bytes of a parameter's name an error shows.
const maxShown = 128

func shown(name string) string {
	if len(name) <= maxShown {
		return name
	}
	return strings.ToValidUTF8(name[:maxShown], "")
}

// use applies a part to the query. It returns the value to show in the self
// link, "" for none.
func (p *Parser) use(name, value string) (used string, err error) {
	switch base, mod, modified := strings.Cut(name, ":"); base {
	case "_include", "_revinclude":
		return value, p.include(base == "_revinclude", mod, value)
	case "_format", "_pretty", search.PageParameter, "_count", "_total", "_summary", "_elements", "_sort", "_type", "_contained", "_containedType", search.ExplainParameter:
		if modified {
			return "", p.Fail(issue.Invalid, "takes no modifier")
		}
		return p.result(name, value)
	case search.QueryParameter: // it may stand for conditions of any kind
		return "", p.Fail(issue.NotSupported, "not supported")
	}
	c, found, err := p.clause(name, value)
	if err != nil {
		return "", p.lenient(err)
	}
	if !found {
		return "", nil
	}
	p.q.Clauses = append(p.q.Clauses, c)
	return value, nil
}

// result applies a parameter that shapes the answer.
func (p *Parser) result(name, value string) (used string, err error) {
	switch name {
	case search.PageParameter:
		p.q.Page = value
		return "", nil
	case "_count":
		return p.count(value)
	case "_total":
		return value, cmp.Or(p.once(name), p.oneOf(value, "none", "estimate", "accurate"))
	case "_summary":
		return p.summarize(value)
	case "_elements":
		return p.elements(value)
	case "_sort":
		return p.sort(value)
	case "_type":
		return value, nil // scope has read it
	case "_contained", "_containedType":
		return value, p.once(name) // containment has read it
	case search.ExplainParameter:
		p.q.Explain = value == "true"
		return value, cmp.Or(p.once(name), p.oneOf(value, "true", "false"))
	}
	return "", nil // _format and _pretty are for the wire
}

// unsupported reports a parameter that FHIR has and this package does not do.
func (p *Parser) unsupported(reason string) error {
	return &param.QueryError{Part: p.name, Code: issue.NotSupported, Reason: reason, Ignorable: true}
}

// once reports a parameter that may stand once and that the query already has.
func (p *Parser) once(name string) error {
	if slices.ContainsFunc(p.q.pairs, func(used pair) bool { return used.Name == name }) {
		return p.Fail(issue.Invalid, "given more than once")
	}
	return nil
}

// lenient turns an unknown or unsupported parameter into an issue, if that was
// asked for.
func (p *Parser) lenient(err error) error {
	if e, ok := err.(*param.QueryError); ok && p.opts.Lenient && e.Ignorable {
		p.suggest(e)
		p.q.Ignored = append(p.q.Ignored, e.Issue(issue.Warning))
		return nil
	}
	return err
}

// suggest adds similar names to an error about an unknown name.
func (p *Parser) suggest(err error) error {
	if e, ok := err.(*param.QueryError); ok && e.Unknown != "" {
		e.Near = nearest(e.Unknown, p.Codes(e.Type))
	}
	return err
}

func (p *Parser) oneOf(value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return p.Fail(issue.Value, "must be one of %s", strings.Join(allowed, ", "))
}

func (p *Parser) count(value string) (used string, err error) {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return "", p.Fail(issue.Value, "must be a whole number, 0 or more")
	}
	p.q.PageSize = int(min(n, search.MaxCount)) // out of range, n is the largest number
	return strconv.Itoa(p.q.PageSize), p.once("_count")
}

// include reads Type:param, Type:param:target, Type:* or *.
func (p *Parser) include(reverse bool, mod, value string) error {
	in := Include{Reverse: reverse}
	switch mod {
	case "":
	case "iterate", "recurse": // STU3 called it recurse
		in.Iterate = true
	default:
		return p.Fail(issue.Invalid, "unknown modifier")
	}
	parts := strings.Split(value, ":")
	source, ok := p.Names[parts[0]]
	switch {
	case value == "*" && (reverse || in.Iterate || p.q.Containment.Inside): // containers are of any type
		for t, plan := range p.Types {
			if plan != nil {
				in.Params = p.references(in.Params, schema.TypeID(t))
			}
		}
	case value == "*":
		for _, t := range p.q.Searched {
			in.Params = p.references(in.Params, t)
		}
	case len(parts) < 2 || len(parts) > 3:
		return p.Fail(issue.Value, "must be Type:parameter, Type:parameter:target or *")
	case !ok:
		return p.Fail(issue.Value, "unknown resource type")
	case parts[1] == "*":
		in.Params = p.references(nil, source)
	default:
		found, ok := p.find(source, parts[1])
		if !ok {
			e := p.unknown(source, parts[1])
			if e.Ignorable {
				e.Code, e.Ignorable = issue.Value, false // lenient handling ignores parameters, not wrong values
			}
			return e
		}
		if found.Row.Type != schema.ParamReference {
			return p.Fail(issue.Invalid, "not a reference parameter")
		}
		in.Params = []*param.Param{found}
	}
	if len(parts) == 3 {
		if in.Target, ok = p.Names[parts[2]]; !ok {
			return p.Fail(issue.Value, "unknown resource type")
		}
	}
	p.q.Inclusions = append(p.q.Inclusions, in)
	return nil
}

// references appends the reference parameters of a type.
func (p *Parser) references(list []*param.Param, source schema.TypeID) []*param.Param {
	for _, code := range p.Codes(source) {
		if found, _ := p.find(source, code); found.Row.Type == schema.ParamReference {
			list = append(list, found)
		}
	}
	return list
}
