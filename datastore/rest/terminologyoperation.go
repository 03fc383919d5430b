package rest

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/terminology/terms"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
	"github.com/go-json-experiment/json"
)

// terminologyOperations returns the operations on code systems, value sets and concept maps
// (FHIR R4 terminology-service.html). They know what the store holds.
func terminologyOperations() []Operation {
	verdict := []Parameter{
		{Name: "result", Out: true, Min: 1, Type: "boolean"}, {Name: "message", Out: true, Type: "string"}, {Name: "display", Out: true, Type: "string"},
	}
	return []Operation{
		{
			Name: "expand", URL: hl7Definition + "ValueSet-expand", Type: true, Instance: true, Resources: []string{"ValueSet"}, Handle: expand,
			Parameters: []Parameter{
				{Name: "url", Type: "uri"}, {Name: "valueSet", Type: "ValueSet"}, {Name: "valueSetVersion", Type: "string"},
				{Name: "context", Type: "uri", absent: true}, {Name: "contextDirection", Type: "code", absent: true},
				{Name: "filter", Type: "string"}, {Name: "date", Type: "dateTime", absent: true},
				{Name: "offset", Type: "integer"}, {Name: "count", Type: "integer"},
				{Name: "includeDesignations", Type: "boolean"}, {Name: "designation", Many: true, Type: "string"},
				{Name: "includeDefinition", Type: "boolean"}, {Name: "activeOnly", Type: "boolean"}, {Name: "excludeNested", Type: "boolean"},
				{Name: "excludeNotForUI", Type: "boolean"}, {Name: "excludePostCoordinated", Type: "boolean"}, {Name: "displayLanguage", Type: "code"},
				{Name: "exclude-system", Many: true, Type: "canonical"}, {Name: "system-version", Many: true, Type: "canonical"},
				{Name: "check-system-version", Many: true, Type: "canonical"}, {Name: "force-system-version", Many: true, Type: "canonical"},
				{Name: "return", Out: true, Min: 1, Type: "ValueSet"},
			},
		},
		{
			Name: "validate-code", URL: hl7Definition + "ValueSet-validate-code", Type: true, Instance: true, Resources: []string{"ValueSet"}, Handle: validateInSet,
			Parameters: append([]Parameter{
				{Name: "url", Type: "uri"}, {Name: "context", Type: "uri", absent: true}, {Name: "valueSet", Type: "ValueSet"}, {Name: "valueSetVersion", Type: "string"},
				{Name: "code", Type: "code"}, {Name: "system", Type: "uri"}, {Name: "systemVersion", Type: "string"}, {Name: "display", Type: "string"},
				{Name: "coding", Type: "Coding"}, {Name: "codeableConcept", Type: "CodeableConcept"}, {Name: "date", Type: "dateTime", absent: true},
				{Name: "abstract", Type: "boolean"}, {Name: "displayLanguage", Type: "code"},
			}, verdict...),
		},
		{
			Name: "validate-code", URL: hl7Definition + "CodeSystem-validate-code", Type: true, Instance: true, Resources: []string{"CodeSystem"}, Handle: validateInSystem,
			Parameters: append([]Parameter{
				{Name: "url", Type: "uri"}, {Name: "codeSystem", Type: "CodeSystem"}, {Name: "code", Type: "code"}, {Name: "version", Type: "string"},
				{Name: "display", Type: "string"}, {Name: "coding", Type: "Coding"}, {Name: "codeableConcept", Type: "CodeableConcept"},
				{Name: "date", Type: "dateTime", absent: true}, {Name: "abstract", Type: "boolean"}, {Name: "displayLanguage", Type: "code"},
			}, verdict...),
		},
		{
			Name: "lookup", URL: hl7Definition + "CodeSystem-lookup", Type: true, Resources: []string{"CodeSystem"}, Handle: lookup,
			Parameters: []Parameter{
				{Name: "code", Type: "code"}, {Name: "system", Type: "uri"}, {Name: "version", Type: "string"}, {Name: "coding", Type: "Coding"},
				{Name: "date", Type: "dateTime", absent: true}, {Name: "displayLanguage", Type: "code"}, {Name: "property", Many: true, Type: "code"},
				{Name: "name", Out: true, Min: 1, Type: "string"}, {Name: "version", Out: true, Type: "string"}, {Name: "display", Out: true, Min: 1, Type: "string"},
				{Name: "designation", Out: true, Many: true, Parts: []Parameter{{Name: "language", Type: "code"}, {Name: "use", Type: "Coding"}, {Name: "value", Min: 1, Type: "string"}}},
				{Name: "property", Out: true, Many: true, Parts: []Parameter{
					{Name: "code", Min: 1, Type: "code"}, {Name: "value", Type: "Element"}, {Name: "description", Type: "string"},
					{Name: "subproperty", Many: true, Parts: []Parameter{{Name: "code", Min: 1, Type: "code"}, {Name: "value", Min: 1, Type: "Element"}, {Name: "description", Type: "string"}}},
				}},
			},
		},
		{
			Name: "subsumes", URL: hl7Definition + "CodeSystem-subsumes", Type: true, Instance: true, Resources: []string{"CodeSystem"}, Handle: subsumes,
			Parameters: []Parameter{
				{Name: "codeA", Type: "code"}, {Name: "codeB", Type: "code"}, {Name: "system", Type: "uri"}, {Name: "version", Type: "string"},
				{Name: "codingA", Type: "Coding"}, {Name: "codingB", Type: "Coding"}, {Name: "outcome", Out: true, Min: 1, Type: "code"},
			},
		},
		{
			Name: "translate", URL: hl7Definition + "ConceptMap-translate", Type: true, Instance: true, Resources: []string{"ConceptMap"}, Handle: translate,
			Parameters: []Parameter{
				{Name: "url", Type: "uri"}, {Name: "conceptMap", Type: "ConceptMap"}, {Name: "conceptMapVersion", Type: "string"},
				{Name: "code", Type: "code"}, {Name: "system", Type: "uri"}, {Name: "version", Type: "string"}, {Name: "source", Type: "uri"},
				{Name: "coding", Type: "Coding"}, {Name: "codeableConcept", Type: "CodeableConcept"}, {Name: "target", Type: "uri"}, {Name: "targetsystem", Type: "uri"},
				{Name: "dependency", Many: true, Parts: []Parameter{{Name: "element", Type: "uri"}, {Name: "concept", Type: "CodeableConcept"}}},
				{Name: "reverse", Type: "boolean"},
				{Name: "result", Out: true, Min: 1, Type: "boolean"}, {Name: "message", Out: true, Type: "string"},
				{Name: "match", Out: true, Many: true, Parts: []Parameter{
					{Name: "equivalence", Type: "code"}, {Name: "concept", Type: "Coding"},
					{Name: "product", Many: true, Parts: []Parameter{{Name: "element", Type: "uri"}, {Name: "concept", Type: "Coding"}}}, {Name: "source", Type: "uri"},
				}},
			},
		},
	}
}

// A terminologySource finds definitions in the state of a call.
type terminologySource struct{ view *datastore.Snapshot }

// Find implements [terms.Source].
func (s terminologySource) Find(ctx context.Context, typ, canonical, version string) ([]byte, error) {
	query := "url=" + url.QueryEscape(search.Escape(canonical))
	if version != "" {
		query += "&version=" + url.QueryEscape(search.Escape(version))
	}
	var best []byte
	newest := ""
	for v, err := range s.view.SearchAll(ctx, typ, query) { // the newest first
		if err != nil {
			return nil, err
		}
		var head struct {
			Version string `json:"version"`
		}
		if err := json.Unmarshal(v.JSON, &head); err != nil {
			continue // stored with faults
		}
		if best == nil || laterVersion(head.Version, newest) {
			best, newest = v.JSON, head.Version
		}
	}
	return best, nil
}

// laterVersion reports whether a version of a definition comes after another: by the
// numbers and texts between its points.
func laterVersion(a, b string) bool {
	parts := func(v string) []string {
		return strings.FieldsFunc(v, func(c rune) bool { return c == '.' || c == '-' })
	}
	return slices.CompareFunc(parts(a), parts(b), func(x, y string) int {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
		if digits(x) && digits(y) && len(x) != len(y) {
			return cmp.Compare(len(x), len(y))
		}
		return cmp.Compare(x, y)
	}) > 0
}

// service returns the service that answers the call.
func (c *Call) service() *terms.Service { return &terms.Service{Source: terminologySource{c.View}} }

// asked returns an error of package terms as an error of the call: 404 for what is not
// there, 422 for definitions that cannot be used.
func asked(err error) error {
	var failed *terms.Error
	if !errors.As(err, &failed) {
		return err
	}
	is := datastore.Issue{Severity: issue.Error, Code: failed.Code, Offset: -1, Diagnostics: failed.Reason}
	told := &datastore.Error{Class: datastore.ErrInvalid, Issues: []datastore.Issue{is}}
	switch failed.Code {
	case issue.NotFound:
		told.Class = datastore.ErrNotFound
	case issue.TooCostly:
		told.Class = datastore.ErrTooCostly
	case issue.NotSupported:
		told.Class = datastore.ErrUnsupported
	default:
		return &refusal{422, told}
	}
	return told
}

// definition returns the definition that the call is about: that of its subject, the one
// that comes along as parameter, or the one that the parameter url names. It is nil if the
// call names none.
func (c *Call) definition(ctx context.Context, parameter, versionParameter string) ([]byte, error) {
	if c.Subject.ID != "" {
		v, err := c.View.Read(ctx, c.Subject)
		return v.JSON, err
	}
	if a, ok := c.Argument(parameter); ok {
		return a.Value, nil
	}
	a, ok := c.Argument("url")
	if !ok {
		return nil, nil
	}
	canonical, version, _ := strings.Cut(a.Text(), "|")
	version = cmp.Or(version, c.Text(versionParameter))
	text, err := terminologySource{c.View}.Find(ctx, c.Subject.Type, canonical, version)
	if err == nil && text == nil {
		err = parameterNotFound("the store has no " + c.Subject.Type + " of that url")
	}
	return text, err
}

// codings returns the codes that the call is about: of one of the parameters code with
// system, coding and codeableConcept.
func (c *Call) codings(system, version string) (list []terms.Coding, err error) {
	given := 0
	if a, ok := c.Argument("code"); ok {
		given++
		list = append(list, terms.Coding{System: system, Version: version, Code: a.Text(), Display: c.Text("display")})
	}
	if a, ok := c.Argument("coding"); ok {
		given++
		var one terms.Coding
		if err := json.Unmarshal(a.Value, &one); err != nil {
			return nil, err
		}
		if one.Code == "" {
			return nil, wrongArgument(a, "must have a code")
		}
		list = append(list, one)
	}
	if a, ok := c.Argument("codeableConcept"); ok {
		given++
		var all struct {
			Coding []terms.Coding `json:"coding"`
		}
		if err := json.Unmarshal(a.Value, &all); err != nil {
			return nil, err
		}
		list = append(list, slices.DeleteFunc(all.Coding, func(c terms.Coding) bool { return c.Code == "" })...)
	}
	if given != 1 {
		return nil, parameterError(issue.Required, "", "one of the parameters code, coding and codeableConcept is required, and one alone")
	}
	return list, nil
}

// validateInSet answers $validate-code on value sets.
func validateInSet(ctx context.Context, c *Call) (*Reply, error) {
	text, err := c.definition(ctx, "valueSet", "valueSetVersion")
	if err != nil {
		return nil, err
	}
	if text == nil {
		return nil, parameterError(issue.Required, "", "one of the parameters url and valueSet is required")
	}
	codings, err := c.codings(c.Text("system"), c.Text("systemVersion"))
	if err != nil {
		return nil, err
	}
	set, err := terms.ReadSet(text)
	if err != nil {
		return nil, asked(err)
	}
	service := c.service()
	service.Default = map[string]string{}
	for _, coding := range codings {
		if coding.Version != "" {
			service.Default[coding.System] = coding.Version
		}
	}
	codes, err := service.Expand(ctx, set)
	if err != nil {
		return nil, asked(err)
	}
	return c.judge(codings, "the value set '"+set.URL+"'", func(coding terms.Coding) (*terms.Entry, error) {
		return codes.Find(coding.System, coding.Code), nil
	})
}

// validateInSystem answers $validate-code on code systems.
func validateInSystem(ctx context.Context, c *Call) (*Reply, error) {
	text, err := c.definition(ctx, "codeSystem", "version")
	if err != nil {
		return nil, err
	}
	codings, err := c.codings("", "")
	if err != nil {
		return nil, err
	}
	service := c.service()
	var system *terms.System
	if text != nil {
		if system, err = terms.ReadSystem(text); err != nil {
			return nil, asked(err)
		}
	} else if _, ok := c.Argument("code"); ok {
		return nil, parameterError(issue.Required, "", "one of the parameters url and codeSystem is required with code")
	}
	where := "the code system"
	return c.judge(codings, where, func(coding terms.Coding) (*terms.Entry, error) {
		in := system
		switch {
		case in == nil && coding.System == "":
			return nil, nil
		case in == nil:
			if in, err = service.System(ctx, coding.System, coding.Version); err != nil {
				return nil, asked(err)
			}
		case coding.System != "" && coding.System != in.URL:
			return nil, nil
		}
		return in.Entry(coding.Code), nil
	})
}

// judge answers with the verdict on codings: one that is right is enough.
func (c *Call) judge(codings []terms.Coding, where string, find func(terms.Coding) (*terms.Entry, error)) (*Reply, error) {
	best := terms.Verdict{Message: "No code was given"}
	for i, coding := range codings {
		e, err := find(coding)
		if err != nil {
			return nil, err
		}
		v := e.Judge(coding, where, c.Text("displayLanguage"), c.Text("abstract") == "true")
		if i == 0 || v.Result {
			best = v
		}
		if v.Result {
			break
		}
	}
	reply := &Reply{Parameters: []Argument{text("result", "boolean", map[bool]string{true: "true", false: "false"}[best.Result])}}
	if best.Message != "" {
		reply.Parameters = append(reply.Parameters, text("message", "string", best.Message))
	}
	if best.Display != "" {
		reply.Parameters = append(reply.Parameters, text("display", "string", best.Display))
	}
	return reply, nil
}

// lookup answers $lookup.
func lookup(ctx context.Context, c *Call) (*Reply, error) {
	codings, err := c.codings(c.Text("system"), c.Text("version"))
	if err != nil {
		return nil, err
	}
	coding := codings[0]
	if coding.System == "" {
		return nil, parameterError(issue.Required, "", "a code needs its system")
	}
	system, err := c.service().System(ctx, coding.System, coding.Version)
	if err != nil {
		return nil, asked(err)
	}
	found := system.Concept(coding.Code)
	if found == nil {
		return nil, parameterNotFound("the code is not in the code system")
	}
	var wanted []string
	for _, a := range c.Arguments("property") {
		wanted = append(wanted, a.Text())
	}
	wants := func(name string) bool {
		return wanted == nil || slices.Contains(wanted, name) || slices.Contains(wanted, "*")
	}
	language := c.Text("displayLanguage")
	reply := &Reply{Parameters: []Argument{text("name", "string", cmp.Or(system.Name, system.Title, system.URL))}}
	add := func(a Argument) { reply.Parameters = append(reply.Parameters, a) }
	if system.Version != "" {
		add(text("version", "string", system.Version))
	}
	add(text("display", "string", cmp.Or(system.DisplayIn(found, language), found.Code)))
	for _, d := range found.Designations {
		if !wants("designation") && !slices.Contains(wanted, "lang."+d.Language) || language != "" && d.Language != "" && !strings.HasPrefix(d.Language, language) {
			continue
		}
		a := Argument{Name: "designation"}
		if d.Language != "" {
			a.Parts = append(a.Parts, text("language", "code", d.Language))
		}
		if d.Use != nil {
			a.Parts = append(a.Parts, Argument{Name: "use", Type: "Coding", Value: d.Use})
		}
		a.Parts = append(a.Parts, text("value", "string", d.Value))
		add(a)
	}
	property := func(code string, value Argument, description string) {
		a := Argument{Name: "property", Parts: []Argument{text("code", "code", code), value}}
		if description != "" {
			a.Parts = append(a.Parts, text("description", "string", description))
		}
		add(a)
	}
	if found.Definition != "" && wants("definition") {
		property("definition", text("value", "string", found.Definition), "")
	}
	if wants("inactive") {
		property("inactive", text("value", "boolean", map[bool]string{true: "true", false: "false"}[system.Inactive(found)]), "")
	}
	for _, near := range []struct {
		code string
		list []*terms.Concept
	}{{"parent", found.Parents()}, {"child", found.Children()}} {
		for _, other := range near.list {
			if wants(near.code) {
				property(near.code, text("value", "code", other.Code), other.Display)
			}
		}
	}
	for i := range found.Properties {
		p := &found.Properties[i]
		typ, value := p.Value()
		if value != nil && p.Code != "parent" && p.Code != "child" && p.Code != "inactive" && wants(p.Code) {
			property(p.Code, Argument{Name: "value", Type: typ, Value: value}, "")
		}
	}
	return reply, nil
}

// subsumes answers $subsumes.
func subsumes(ctx context.Context, c *Call) (*Reply, error) {
	var codes [2]terms.Coding
	for i, name := range []string{"A", "B"} {
		code, hasCode := c.Argument("code" + name)
		coding, hasCoding := c.Argument("coding" + name)
		switch {
		case hasCode == hasCoding:
			return nil, parameterError(issue.Required, "", "one of the parameters code"+name+" and coding"+name+" is required, and one alone")
		case hasCode:
			codes[i] = terms.Coding{System: c.Text("system"), Version: c.Text("version"), Code: code.Text()}
		default:
			if err := json.Unmarshal(coding.Value, &codes[i]); err != nil {
				return nil, err
			}
			if given := c.Text("system"); given != "" && codes[i].System == "" {
				codes[i].System = given
			}
		}
	}
	var system *terms.System
	if c.Subject.ID != "" {
		v, err := c.View.Read(ctx, c.Subject)
		if err != nil {
			return nil, err
		}
		if system, err = terms.ReadSystem(v.JSON); err != nil {
			return nil, asked(err)
		}
	} else {
		if codes[0].System == "" {
			return nil, parameterError(issue.Required, "", "the parameter system is required")
		}
		var err error
		if system, err = c.service().System(ctx, codes[0].System, cmp.Or(codes[0].Version, c.Text("version"))); err != nil {
			return nil, asked(err)
		}
	}
	for _, code := range codes {
		if code.System != "" && code.System != system.URL {
			return nil, &refusal{422, parameterError(issue.NotSupported, "", "the codes are of two code systems")}
		}
	}
	outcome, err := system.Subsumes(codes[0].Code, codes[1].Code)
	if err != nil {
		return nil, asked(err)
	}
	return &Reply{Parameters: []Argument{text("outcome", "code", outcome)}}, nil
}
