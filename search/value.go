package search

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/ucum"
)

// value reads one alternative, whose escapes still stand.
func (p *parser) value(on *param, mod modifier, s string) (value, error) {
	v := value{text: unescape(s)}
	switch {
	case mod == modText:
		if v.folded = Fold(v.text); v.folded == "" {
			return v, p.fail(issue.Value, "no letter, digit or symbol that the texts of codes are searched by")
		}
		return v, nil
	case mod == modIdentifier:
		return v, p.token(&v, s)
	case mod == modOfType:
		return v, p.ofType(&v, s)
	}
	switch on.row.Type {
	case schema.ParamString:
		v.folded = Fold(v.text)
		v.written = v.folded == ""
	case schema.ParamToken:
		if mod == modIn || mod == modNotIn {
			return v, nil
		}
		if err := p.tokenOf(&v, on, s); err != nil || !mod.ranked() || v.system != "" && v.code != "" {
			return v, err
		}
		return v, p.fail(issue.Value, "must be system|code")
	case schema.ParamReference:
		v.reference = p.readReference(v.text, p.opts.Base)
		v.bare = v.reference.typ == 0 && validID(v.text)
		if mod.ranked() {
			return v, p.inHierarchy(&v, on)
		}
	case schema.ParamDate:
		return v, p.date(&v, s)
	case schema.ParamNumber:
		return v, p.number(&v, v.text)
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

// uri checks a uri. It refuses a version where the elements are no canonicals:
// a ValueSet's own url has none (FHIR R4 §3.1.1.4.9).
func (p *parser) uri(v *value, on *param, mod modifier, s string) error {
	if mod == modAbove && strings.Count(v.text, "/") > maxSegments {
		return p.fail(issue.TooCostly, "a path of more than %d segments", maxSegments)
	}
	canonical := func(s *stream) bool { return s.kind == leafCanonical }
	if len(splitEscaped(s, '|')) > 1 && !slices.ContainsFunc(on.streams, canonical) {
		return p.fail(issue.Invalid, "%s has no version after a |", on.row.Code)
	}
	return nil
}

// tokenOf reads a token for a parameter, and refuses a system where its elements
// have none.
func (p *parser) tokenOf(v *value, on *param, s string) error {
	if err := p.token(v, s); err != nil {
		return err
	}
	if !v.hasSystem {
		return nil
	}
	for _, stream := range on.streams {
		if !stream.kind.noSystem() {
			return nil
		}
	}
	return p.fail(issue.Invalid, "%s has no system", on.row.Code)
}

// token reads code, system|code, |code or system| (FHIR R4 §3.1.1.4.10).
func (p *parser) token(v *value, s string) error {
	parts := splitEscaped(s, '|')
	switch len(parts) {
	case 1:
		v.code = unescape(parts[0])
	case 2:
		v.system, v.code, v.hasSystem = unescape(parts[0]), unescape(parts[1]), true
	default:
		return p.fail(issue.Value, "more than one unescaped | in a token")
	}
	if v.system == "" && v.code == "" {
		return p.fail(issue.Value, "neither system nor code")
	}
	return nil
}

// ofType reads system|code|value: the type of an identifier, and its value.
func (p *parser) ofType(v *value, s string) error {
	parts := splitEscaped(s, '|')
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return p.fail(issue.Value, "must be system|code|value")
	}
	v.system, v.hasSystem = unescape(parts[0]), true
	v.code = typedIdentifier(foldCode(unescape(parts[1]), schema.CaseSensitive(v.system)), unescape(parts[2]))
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

func (p *parser) date(v *value, s string) error {
	prefix, rest := prefixed(unescape(s))
	// A plus of a time zone that was not percent-encoded has become a space.
	if i := strings.LastIndexByte(rest, ' '); i > len("2013-04-02T09") {
		rest = rest[:i] + "+" + rest[i+1:]
	}
	t, err := fhirtime.ParseSearch(rest)
	if err != nil {
		return p.fail(issue.Value, "not a date")
	}
	v.prefix = prefix
	v.low, v.high = t.Range(p.opts.Zone)
	return nil
}

func (p *parser) number(v *value, s string) error {
	prefix, rest := prefixed(s)
	n, ok := readNumber(rest)
	switch {
	case !ok && wholeNumber.MatchString(rest):
		return p.fail(issue.Value, "the number is beyond the limits of a query: %d characters, and a last digit from 1e-%d to 1e%d", maxDigits, maxExponent, maxExponent)
	case !ok:
		return p.fail(issue.Value, "not a number")
	}
	v.prefix, v.number = prefix, n
	return nil
}

// quantity reads n, n|system|code or n||code (FHIR R4 §3.1.1.4.11).
func (p *parser) quantity(v *value, s string) error {
	parts := splitEscaped(s, '|')
	switch len(parts) {
	case 1:
	case 3:
		v.system, v.code = unescape(parts[1]), unescape(parts[2])
		switch {
		case v.system != "":
			v.unit = unitSystem
			if v.system == ucumSystem {
				v.measure, _ = ucum.Parse(v.code) // what is no unit is compared as it is written
			}
		case v.code != "":
			v.unit = unitCode
		}
	default:
		return p.fail(issue.Value, "must be number, number|system|code or number||code")
	}
	return p.number(v, unescape(parts[0]))
}

// composite reads the parts of a composite, joined by $ (FHIR R4 §3.1.1.4.13). Those of a
// custom parameter may be joined by | as well, as AWS HealthLake has it, where that alone
// gives as many parts as it has components.
func (p *parser) composite(v *value, on *param, s string) error {
	parts := splitEscaped(s, '$')
	components := on.composites[0].components // the parts are alike at each place
	if on.custom != nil && len(parts) == 1 {
		if barred := splitEscaped(s, '|'); len(barred) == len(components) {
			parts = barred
		}
	}
	if len(parts) != len(components) {
		return p.fail(issue.Value, "must have %d parts joined by $", len(components))
	}
	for i, part := range parts {
		if part == "" {
			return p.fail(issue.Value, "a part is empty")
		}
		read, err := p.value(components[i].param, plain, part)
		if err != nil {
			return err
		}
		v.parts = append(v.parts, read)
	}
	return nil
}
