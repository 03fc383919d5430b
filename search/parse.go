package search

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Limits of a query, so that parsing is cheap whatever is sent.
const (
	maxQuery    = 1 << 20 // bytes; the body of a POST _search is no longer
	maxParts    = 256     // name=value pairs
	maxValues   = 4096    // alternatives in all pairs together
	maxSteps    = 12      // steps of a chain
	maxBranches = 4096    // types that the steps of untyped chains lead to, together
	maxKeys     = 16      // keys of _sort
)

// Sizes of pages (_count).
const (
	DefaultCount = 20
	MaxCount     = 1000
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

// Parse reads the raw query of a search for resources of type t, or for 0 of all
// types or those that _type names: what follows
// the question mark, or the body of a POST _search. It reports a [*QueryError]
// for the first part that cannot be used (FHIR R4 §3.1.1).
func Parse(t schema.TypeID, rawQuery string, opts ParseOptions) (*Query, error) {
	return readQuery(parameters(), t, rawQuery, opts)
}

// readQuery is Parse with the parameters of a registry.
func readQuery(r *registry, t schema.TypeID, rawQuery string, opts ParseOptions) (*Query, error) {
	p := parser{registry: r, opts: opts, q: &Query{count: DefaultCount}}
	p.opts.Base = normalBase(opts.Base)
	if len(rawQuery) > maxQuery {
		return nil, &QueryError{Code: issue.TooLong, Reason: fmt.Sprintf("query is longer than %d bytes", maxQuery)}
	}
	var parts []part
	for raw := range strings.SplitSeq(rawQuery, "&") {
		if raw == "" {
			continue
		}
		if len(parts) == maxParts {
			return nil, &QueryError{Code: issue.TooCostly, Reason: fmt.Sprintf("more than %d parameters", maxParts)}
		}
		decoded, err := p.decode(raw)
		if err != nil {
			return nil, err
		}
		if decoded.value != "" { // FHIR R4 §3.1.1.3: a parameter without a value is ignored
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
		p.name = shown(one.name)
		used, err := p.use(one.name, one.value)
		if err != nil {
			return nil, p.suggest(err)
		}
		if used != "" {
			p.q.parts = append(p.q.parts, part{one.name, used})
		}
	}
	if p.total {
		p.q.count = 0
	}
	return p.q, cmp.Or(p.checkShape(), p.checkContained())
}

// normalBase returns a base URL with exactly one slash at its end, or "".
func normalBase(base string) string {
	if base == "" {
		return ""
	}
	return strings.TrimRight(base, "/") + "/"
}

// A parser holds one query while it is read.
type parser struct {
	*registry
	opts     ParseOptions
	q        *Query
	name     string // of the part at hand, for errors
	total    bool   // no page is wanted (_summary=count)
	values   int
	branches int
}

func (p *parser) fail(code issue.Code, format string, args ...any) error {
	return &QueryError{Part: p.name, Code: code, Reason: fmt.Sprintf(format, args...)}
}

// decode reads one name=value.
func (p *parser) decode(raw string) (part, error) {
	rawName, rawValue, _ := strings.Cut(raw, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil || !utf8.ValidString(name) {
		return part{}, &QueryError{Code: issue.Invalid, Reason: "name is not percent-encoded UTF-8"}
	}
	p.name = shown(name)
	value, err := url.QueryUnescape(rawValue)
	if err != nil || !utf8.ValidString(value) {
		return part{}, p.fail(issue.Invalid, "value is not percent-encoded UTF-8")
	}
	if strings.ContainsFunc(name, forbidden) || strings.ContainsFunc(value, forbidden) {
		return part{}, p.fail(issue.Invalid, "control character")
	}
	return part{name, value}, nil
}

// forbidden reports characters that no string of FHIR has (FHIR R4 §2.24.0.1).
func forbidden(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }

// maxShown is as much of a parameter's name as an error shows, in bytes.
const maxShown = 128

func shown(name string) string {
	if len(name) <= maxShown {
		return name
	}
	return strings.ToValidUTF8(name[:maxShown], "")
}

// use applies a part to the query. It returns the value to show in the self
// link, "" for none.
func (p *parser) use(name, value string) (used string, err error) {
	switch base, mod, modified := strings.Cut(name, ":"); base {
	case "_include", "_revinclude":
		return value, p.include(base == "_revinclude", mod, value)
	case "_format", "_pretty", PageParameter, "_count", "_total", "_summary", "_elements", "_sort", "_type", "_contained", "_containedType", ExplainParameter:
		if modified {
			return "", p.fail(issue.Invalid, "takes no modifier")
		}
		return p.result(name, value)
	case QueryParameter: // it may stand for conditions of any kind
		return "", p.fail(issue.NotSupported, "not supported")
	}
	c, found, err := p.clause(name, value)
	if err != nil {
		return "", p.lenient(err)
	}
	if !found {
		return "", nil
	}
	p.q.clauses = append(p.q.clauses, c)
	return value, nil
}

// result applies a parameter that shapes the answer.
func (p *parser) result(name, value string) (used string, err error) {
	switch name {
	case PageParameter:
		p.q.page = value
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
	case ExplainParameter:
		p.q.explain = value == "true"
		return value, cmp.Or(p.once(name), p.oneOf(value, "true", "false"))
	}
	return "", nil // _format and _pretty are for the wire
}

// unsupported reports a parameter that FHIR has and this package does not do.
func (p *parser) unsupported(reason string) error {
	return &QueryError{Part: p.name, Code: issue.NotSupported, Reason: reason, ignorable: true}
}

// once reports a parameter that the query already has and that has one value.
func (p *parser) once(name string) error {
	if slices.ContainsFunc(p.q.parts, func(used part) bool { return used.name == name }) {
		return p.fail(issue.Invalid, "given more than once")
	}
	return nil
}

// lenient turns an unknown or unsupported parameter into an issue, if that was
// asked for.
func (p *parser) lenient(err error) error {
	if e, ok := err.(*QueryError); ok && p.opts.Lenient && e.ignorable {
		p.suggest(e)
		p.q.issues = append(p.q.issues, e.Issue(issue.Warning))
		return nil
	}
	return err
}

// suggest adds to an error about an unknown name those that are near.
func (p *parser) suggest(err error) error {
	if e, ok := err.(*QueryError); ok && e.unknown != "" {
		e.Near = nearest(e.unknown, p.codes(e.typ))
	}
	return err
}

func (p *parser) oneOf(value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return p.fail(issue.Value, "must be one of %s", strings.Join(allowed, ", "))
}

func (p *parser) count(value string) (used string, err error) {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return "", p.fail(issue.Value, "must be a whole number, 0 or more")
	}
	p.q.count = int(min(n, MaxCount)) // out of range, n is the largest number
	return strconv.Itoa(p.q.count), p.once("_count")
}

// include reads Type:param, Type:param:target, Type:* or *.
func (p *parser) include(reverse bool, mod, value string) error {
	in := include{reverse: reverse}
	switch mod {
	case "":
	case "iterate", "recurse": // STU3 called it recurse
		in.iterate = true
	default:
		return p.fail(issue.Invalid, "unknown modifier")
	}
	parts := strings.Split(value, ":")
	source, ok := p.names[parts[0]]
	switch {
	case value == "*" && (reverse || in.iterate || p.q.contained.inside): // containers are of any type
		for t, plan := range p.types {
			if plan != nil {
				in.params = p.references(in.params, schema.TypeID(t))
			}
		}
	case value == "*":
		for _, t := range p.q.types {
			in.params = p.references(in.params, t)
		}
	case len(parts) < 2 || len(parts) > 3:
		return p.fail(issue.Value, "must be Type:parameter, Type:parameter:target or *")
	case !ok:
		return p.fail(issue.Value, "unknown resource type")
	case parts[1] == "*":
		in.params = p.references(nil, source)
	default:
		found, ok := p.find(source, parts[1])
		if !ok {
			e := p.unknown(source, parts[1])
			if e.ignorable {
				e.Code, e.ignorable = issue.Value, false // lenient handling ignores parameters, not wrong values
			}
			return e
		}
		if found.row.Type != schema.ParamReference {
			return p.fail(issue.Invalid, "not a reference parameter")
		}
		in.params = []*param{found}
	}
	if len(parts) == 3 {
		if in.target, ok = p.names[parts[2]]; !ok {
			return p.fail(issue.Value, "unknown resource type")
		}
	}
	p.q.includes = append(p.q.includes, in)
	return nil
}

// references appends the reference parameters of a type.
func (p *parser) references(list []*param, source schema.TypeID) []*param {
	for _, code := range p.codes(source) {
		if found, _ := p.find(source, code); found.row.Type == schema.ParamReference {
			list = append(list, found)
		}
	}
	return list
}
