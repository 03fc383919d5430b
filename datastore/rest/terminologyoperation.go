package rest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/terminology/terms"
	"github.com/fhirlake/fhirlake/issue"
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

// service returns the service that answers the call.
func (c *Call) service() *terms.Service { return &terms.Service{Source: c.definitions()} }

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
// call names none. The version is zero for one that comes along.
func (c *Call) definition(ctx context.Context, parameter, versionParameter string) (text []byte, of datastore.Version, err error) {
	if c.Subject.ID != "" {
		v, err := c.View.Read(ctx, c.Subject)
		return v.JSON, v, err
	}
	if a, ok := c.Argument(parameter); ok {
		return a.Value, of, nil
	}
	a, ok := c.Argument("url")
	if !ok {
		return nil, of, nil
	}
	canonical, version, _ := strings.Cut(a.Text(), "|")
	version = cmp.Or(version, c.Text(versionParameter))
	found, ok, err := c.definitions().find(ctx, c.Subject.Type, canonical, version)
	if err == nil && !ok {
		err = parameterNotFound("the store has no " + c.Subject.Type + " of that url")
	}
	if err != nil {
		return nil, of, err
	}
	text, err = c.View.AppendJSON(nil, found.Ordinal)
	return text, found, err
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
