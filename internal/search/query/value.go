package query

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/ucum"
	"github.com/fhirlake/fhirlake/issue"
)

// value reads one alternative, whose escapes still stand.
func (p *Parser) value(on *param.Param, mod param.Modifier, s string) (Value, error) {
	v := Value{Text: unescape(s)}
	switch {
	case mod == param.ModText:
		if v.Folded = param.Fold(v.Text); v.Folded == "" {
			return v, p.Fail(issue.Value, "no letter, digit or symbol that the texts of codes are searched by")
		}
		return v, nil
	case mod == param.ModIdentifier:
		return v, p.token(&v, s)
	case mod == param.ModOfType:
		return v, p.ofType(&v, s)
	}
	switch on.Row.Type {
	case schema.ParamString:
		v.Folded = param.Fold(v.Text)
		v.Written = v.Folded == ""
	case schema.ParamToken:
		if mod == param.ModIn || mod == param.ModNotIn {
			return v, nil
		}
		if err := p.tokenOf(&v, on, s); err != nil || !mod.Ranked() || v.System != "" && v.Code != "" {
			return v, err
		}
		return v, p.Fail(issue.Value, "must be system|code")
	case schema.ParamReference:
		v.Reference = p.ReadReference(v.Text, p.opts.Base)
		v.Bare = v.Reference.Type == 0 && param.ValidID(v.Text)
		if mod.Ranked() {
			return v, p.inHierarchy(&v, on)
		}
	case schema.ParamDate:
		return v, p.date(&v, s)
	case schema.ParamNumber:
		return v, p.number(&v, v.Text)
	case schema.ParamQuantity:
		return v, p.quantity(&v, s)
	case schema.ParamURI:
		return v, p.uri(&v, on, mod, s)
	case schema.ParamComposite:
		return v, p.composite(&v, on, s)
	case schema.ParamSpecial:
		return v, p.near(&v, s)
	}
	return v, nil
}

// maxSegments bounds the lookups of :above, one for each segment of a path.
const maxSegments = 256

// uri checks a uri. It refuses a version if the elements are no canonicals: a
// ValueSet's own url has none (FHIR R4 §3.1.1.4.9).
func (p *Parser) uri(v *Value, on *param.Param, mod param.Modifier, s string) error {
	if mod == param.ModAbove && strings.Count(v.Text, "/") > maxSegments {
		return p.Fail(issue.TooCostly, "a path of more than %d segments", maxSegments)
	}
	canonical := func(s *param.Stream) bool { return s.Kind == param.LeafCanonical }
	if len(splitEscaped(s, '|')) > 1 && !slices.ContainsFunc(on.Streams, canonical) {
		return p.Fail(issue.Invalid, "%s has no version after a |", on.Row.Code)
	}
	return nil
}

// tokenOf reads a token for a parameter, and refuses a system if its elements have
// none.
func (p *Parser) tokenOf(v *Value, on *param.Param, s string) error {
	if err := p.token(v, s); err != nil {
		return err
	}
	if !v.HasSystem {
		return nil
	}
	for _, stream := range on.Streams {
		if !stream.Kind.NoSystem() {
			return nil
		}
	}
	return p.Fail(issue.Invalid, "%s has no system", on.Row.Code)
}

// token reads code, system|code, |code or system| (FHIR R4 §3.1.1.4.10).
func (p *Parser) token(v *Value, s string) error {
	parts := splitEscaped(s, '|')
	switch len(parts) {
	case 1:
		v.Code = unescape(parts[0])
	case 2:
		v.System, v.Code, v.HasSystem = unescape(parts[0]), unescape(parts[1]), true
	default:
		return p.Fail(issue.Value, "more than one unescaped | in a token")
	}
	if v.System == "" && v.Code == "" {
		return p.Fail(issue.Value, "neither system nor code")
	}
	return nil
}

// ofType reads system|code|value: the type of an identifier, and its value.
func (p *Parser) ofType(v *Value, s string) error {
	parts := splitEscaped(s, '|')
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return p.Fail(issue.Value, "must be system|code|value")
	}
	v.System, v.HasSystem = unescape(parts[0]), true
	v.Code = param.TypedIdentifier(param.FoldCode(unescape(parts[1]), schema.CaseSensitive(v.System)), unescape(parts[2]))
	return nil
}

// prefixed cuts a prefix off a number or date.
func prefixed(s string) (Prefix, string) {
	if len(s) > 2 {
		if prefix, ok := prefixOf(s[:2]); ok {
			return prefix, s[2:]
		}
	}
	return Equal, s
}

func (p *Parser) date(v *Value, s string) error {
	prefix, rest := prefixed(unescape(s))
	// A plus of a time zone that was not percent-encoded has become a space.
	if i := strings.LastIndexByte(rest, ' '); i > len("2013-04-02T09") {
		rest = rest[:i] + "+" + rest[i+1:]
	}
	t, err := fhirtime.ParseSearch(rest)
	if err != nil {
		return p.Fail(issue.Value, "not a date")
	}
	v.Prefix = prefix
	v.Low, v.High = t.Range(p.opts.Zone)
	return nil
}

func (p *Parser) number(v *Value, s string) error {
	prefix, rest := prefixed(s)
	n, ok := readNumber(rest)
	switch {
	case !ok && param.WholeNumber.MatchString(rest):
		return p.Fail(issue.Value, "the number is beyond the limits of a query: %d characters, and a last digit from 1e-%d to 1e%d", param.MaxDigits, param.MaxExponent, param.MaxExponent)
	case !ok:
		return p.Fail(issue.Value, "not a number")
	}
	v.Prefix, v.Number = prefix, n
	return nil
}

// quantity reads n, n|system|code or n||code (FHIR R4 §3.1.1.4.11).
func (p *Parser) quantity(v *Value, s string) error {
	parts := splitEscaped(s, '|')
	switch len(parts) {
	case 1:
	case 3:
		v.System, v.Code = unescape(parts[1]), unescape(parts[2])
		switch {
		case v.System != "":
			v.Unit = UnitSystem
			if v.System == param.UCUM {
				v.Measure, _ = ucum.Parse(v.Code) // what is no unit is compared as it is written
			}
		case v.Code != "":
			v.Unit = UnitCode
		}
	default:
		return p.Fail(issue.Value, "must be number, number|system|code or number||code")
	}
	return p.number(v, unescape(parts[0]))
}

// composite reads the components of a composite's value, joined by $ (FHIR R4
// §3.1.1.4.17). For a custom parameter, | may join them too, as in AWS HealthLake, if
// only that gives the right number of components.
func (p *Parser) composite(v *Value, on *param.Param, s string) error {
	parts := splitEscaped(s, '$')
	components := on.Composites[0].Components // the parts are alike at each place
	if on.Custom != nil && len(parts) == 1 {
		if barred := splitEscaped(s, '|'); len(barred) == len(components) {
			parts = barred
		}
	}
	if len(parts) != len(components) {
		return p.Fail(issue.Value, "must have %d parts joined by $", len(components))
	}
	for i, part := range parts {
		if part == "" {
			return p.Fail(issue.Value, "a part is empty")
		}
		read, err := p.value(components[i].Param, param.Plain, part)
		if err != nil {
			return err
		}
		v.Parts = append(v.Parts, read)
	}
	return nil
}

// inHierarchy checks a value of :above or :below on a reference.
func (p *Parser) inHierarchy(v *Value, on *param.Param) error {
	switch {
	case v.Bare:
	case v.Reference.Type != 0 && p.Hierarchy(v.Reference.Type) == nil:
		return p.Fail(issue.Invalid, "%s has no hierarchy", v.Reference.Type)
	case v.Reference.Type == 0 && !slices.ContainsFunc(on.Streams, (*param.Stream).Canonical):
		return p.Fail(issue.Invalid, "must be a resource of this server")
	}
	return nil
}

// Canonical reports whether a reference names no resource of this store by type and id.
func (v *Value) Canonical() bool { return v.Reference.Type == 0 && !v.Bare }

// MayLeadTo reports whether a reference that is only text may lead to the modifier's
// type.
func (v *Value) MayLeadTo(r *param.Registry) bool {
	t := r.TypeOfReference(v.Reference.Text)
	return v.Target == 0 || t == 0 || t == v.Target
}
