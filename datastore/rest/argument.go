package rest

import (
	"bytes"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
	"github.com/go-json-experiment/json/jsontext"
)

// An unknownParameter is told of each parameter that an operation does not have. It
// returns an error unless the parameter is to be left aside.
type unknownParameter func(name, pointer string) error

// takeQuery adds the parameters of a query to the call.
func (c *Call) takeQuery(o *Operation, query string, unknown unknownParameter) error {
	var searching []string
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, ok := urlquery.Cut(part)
		if !ok {
			return refuseQuery("the query is not percent-encoded")
		}
		switch p := o.takes(name); {
		case name == "_format" || name == "_pretty":
		case name == search.PageParameter && o.paged:
			c.page = value
		case p != nil:
			a, err := p.argument(value)
			if err != nil {
				return err
			}
			c.arguments = append(c.arguments, a)
		case o.searches:
			searching = append(searching, part)
		default:
			if err := unknown(name, ""); err != nil {
				return err
			}
		}
	}
	c.addQuery(searching...)
	return nil
}

func (c *Call) addQuery(parts ...string) {
	for _, part := range parts {
		if c.query != "" {
			c.query += "&"
		}
		c.query += part
	}
}

func refuseQuery(text string) error { return misplacedIn("", "", text) }

// takes returns the parameter of a name that the operation takes, nil for none.
func (o *Operation) takes(name string) *Parameter { return input(o.Parameters, name) }

func input(list []Parameter, name string) *Parameter {
	for i := range list {
		if p := &list[i]; p.Name == name && !p.Out {
			return p
		}
	}
	return nil
}

// argument returns the value that a query has for the parameter.
func (p *Parameter) argument(text string) (Argument, error) {
	t, ok := schema.TypeOf(p.Type)
	if !ok || t.Type().Kind != schema.KindPrimitive {
		return Argument{}, refuseQuery("the parameter " + p.Name + " has no form in a URL: POST it in Parameters")
	}
	if p.Type == "instant" || p.Type == "dateTime" {
		text = strings.Replace(text, " ", "+", 1) // a plus sign that was not escaped
	}
	a := Argument{Name: p.Name, Type: p.Type, Value: literal(p.Type, text)}
	if !holds(valueProperty(p.Type), a.Value) {
		return a, refuseQuery("the parameter " + p.Name + " must be of type " + p.Type)
	}
	return a, nil
}

// literal is a text as JSON of a primitive type.
func literal(typ, text string) []byte {
	switch typ {
	case "boolean", "integer", "positiveInt", "unsignedInt", "decimal":
		if text != "" && !strings.ContainsAny(text, "\"{}[], \t\r\n") {
			return []byte(text)
		}
	}
	return quote.Append(nil, text)
}

// takeBody adds the parameters of a body: of Parameters, or of the resource that is the
// one resource the operation takes (FHIR R4 §3.2.0.1).
func (c *Call) takeBody(o *Operation, body []byte, unknown unknownParameter) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	typ, _, err := identity(body)
	if err != nil {
		return err
	}
	if typ != "Parameters" {
		var only *Parameter
		for i := range o.Parameters {
			if p := &o.Parameters[i]; !p.Out && isResource(p.Type) {
				if only != nil {
					only = nil
					break
				}
				only = p
			}
		}
		if only == nil {
			return misplacedIn(typ, "/resourceType", "the body must be Parameters")
		}
		a, err := only.resource(body, "")
		if err != nil {
			return err
		}
		c.arguments = append(c.arguments, a)
		return nil
	}
	envelope, resources, err := withoutResources(body)
	if err != nil {
		return err
	}
	var doc fhirjson.Document
	if err := parse(envelope, &doc); err != nil {
		return withoutOffsets(err)
	}
	for n := range doc.Members(0, "parameter") {
		p := readParameter(&doc, n)
		place := doc.Pointer(n)
		takes := o.takes(p.name)
		switch {
		case takes != nil:
			a, err := takes.read(&doc, p, resources)
			if err != nil {
				return err
			}
			c.arguments = append(c.arguments, a)
		case o.searches && p.value != 0 && doc.Nodes[p.value].Kind != fhirjson.Object:
			c.addQuery(url.QueryEscape(p.name) + "=" + url.QueryEscape(string(doc.Text(p.value, nil))))
		default:
			if err := unknown(p.name, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// isResource reports whether a name is that of a resource type, or of all.
func isResource(name string) bool {
	_, ok := schema.ResourceType(name)
	return ok || name == "Resource"
}

// withoutResources returns Parameters without the resources in them, and the resources by
// the pointers of their parameters.
func withoutResources(parameters []byte) (envelope []byte, resources map[string][]byte, err error) {
	resources = map[string][]byte{}
	in := jsontext.NewDecoder(bytes.NewBuffer(parameters))
	var out bytes.Buffer
	to := jsontext.NewEncoder(&out)
	malformed := misplaced("", "malformed JSON")
	for {
		token, err := in.ReadToken()
		if err == io.EOF {
			return out.Bytes(), resources, nil
		}
		if err != nil {
			return nil, nil, malformed
		}
		kind, length := in.StackIndex(in.StackDepth())
		if kind == '{' && length%2 == 1 && token.Kind() == '"' && token.String() == "resource" {
			place := strings.TrimSuffix(string(in.StackPointer()), "/resource")
			if strings.HasPrefix(place, "/parameter/") && onlyParts(place) {
				value, err := in.ReadValue()
				if err != nil {
					return nil, nil, malformed
				}
				resources[place] = slices.Clone(value)
				continue
			}
		}
		if err := to.WriteToken(token); err != nil {
			return nil, nil, malformed
		}
	}
}

// onlyParts reports whether a pointer leads to a parameter, or to a part of one.
func onlyParts(pointer string) bool {
	steps := strings.Split(pointer, "/")[1:]
	for i := 0; i < len(steps); i += 2 {
		if want := "part"; i > 0 && steps[i] != want {
			return false
		}
	}
	return len(steps)%2 == 0
}

// read returns the value that Parameters have for the parameter.
func (p *Parameter) read(doc *fhirjson.Document, given parameter, resources map[string][]byte) (Argument, error) {
	place := doc.Pointer(given.at)
	a := Argument{Name: p.Name, Type: p.Type, pointer: place}
	wrong := misplacedIn("Parameters", place, "the parameter "+p.Name+" must be of type "+p.Type)
	resource, has := resources[place]
	switch {
	case p.Parts != nil:
		if has || given.value != 0 {
			return a, misplacedIn("Parameters", place, "the parameter "+p.Name+" must have parts")
		}
		for _, n := range given.parts {
			part := readParameter(doc, n)
			takes := input(p.Parts, part.name)
			if takes == nil {
				return a, misplacedIn("Parameters", doc.Pointer(n), "the parameter "+p.Name+" has no part of that name")
			}
			value, err := takes.read(doc, part, resources)
			if err != nil {
				return a, err
			}
			a.Parts = append(a.Parts, value)
		}
		return a, checkCounts(p.Parts, a.Parts, place)
	case isResource(p.Type):
		if !has || given.value != 0 || given.parts != nil {
			return a, wrong
		}
		return p.resource(resource, place)
	case has || given.parts != nil || given.value == 0:
		return a, wrong
	}
	node := &doc.Nodes[given.value]
	typ := node.Type.Type()
	if node.Kind == fhirjson.Object && typ.Kind != schema.KindPrimitive {
		if a.Type = typ.Name; p.Type != a.Type && p.Type != "Element" {
			return a, wrong
		}
		a.Value = fhirjson.AppendCanonical(nil, doc, given.value)
		return a, nil
	}
	if !doc.HasValue(given.value) {
		return a, misplacedIn("Parameters", place, "the parameter "+p.Name+" has no value")
	}
	if p.Type == "Element" {
		a.Type = typ.Name
	}
	if family(typ.Name) != family(a.Type) {
		return a, wrong
	}
	a.Value = literal(a.Type, string(doc.Text(given.value, nil)))
	if typ.Name != a.Type && !holds(valueProperty(a.Type), a.Value) {
		return a, wrong
	}
	return a, nil
}

// family is the kind of primitives among which clients choose freely: a valueUri is taken
// for a canonical if it is one.
func family(typ string) string {
	switch typ {
	case "uri", "url", "canonical", "code", "id", "oid", "uuid", "markdown":
		return "string"
	case "dateTime", "instant":
		return "date"
	case "positiveInt", "unsignedInt":
		return "integer"
	}
	return typ
}

// resource returns a resource as the value of the parameter.
func (p *Parameter) resource(text []byte, pointer string) (Argument, error) {
	a := Argument{Name: p.Name, Type: p.Type, Value: text, pointer: pointer}
	typ, _, err := identity(text)
	if err == nil && p.Type != "Resource" && typ != p.Type {
		err = misplacedIn(typ, "/resourceType", "the resource must be of type "+p.Type)
	}
	if err == nil && !p.asIs {
		err = parse(text, new(fhirjson.Document))
	}
	if err != nil && pointer != "" {
		err = withoutOffsets(engine.AtIn("Parameters", pointer+"/resource", err))
	}
	if p.Type == "Resource" {
		a.Type = typ
	}
	return a, err
}

// checkCounts checks how often each parameter is there.
func checkCounts(takes []Parameter, given []Argument, pointer string) error {
	for i := range takes {
		p, n := &takes[i], 0
		if p.Out {
			continue
		}
		place := pointer
		for _, a := range given {
			if a.Name == p.Name {
				n, place = n+1, a.pointer
			}
		}
		switch {
		case n < p.Min:
			return parameterError(issue.Required, pointer, "the parameter "+p.Name+" is required")
		case n > 1 && !p.Many:
			return parameterError(issue.Invalid, place, "the parameter "+p.Name+" must be there once")
		case n > 0 && p.absent:
			return notSupported("the parameter " + p.Name + " is not supported here")
		}
	}
	return nil
}

// parameterError is an error about a parameter.
func parameterError(code issue.Code, pointer, text string) error {
	root := "Parameters"
	if pointer == "" {
		root = ""
	}
	return &datastore.Error{Class: datastore.ErrInvalid, Issues: []datastore.Issue{{
		Severity: issue.Error, Code: code, Root: root, Pointer: pointer, Offset: -1, Diagnostics: text,
	}}}
}

// wrongArgument is an error about a value.
func wrongArgument(a Argument, text string) error {
	return parameterError(issue.Value, a.pointer, "the parameter "+a.Name+" "+text)
}

// appendParameters appends a Parameters resource.
func appendParameters(dst []byte, list []Argument) []byte {
	dst = append(dst, `{"resourceType":"Parameters"`...)
	if len(list) > 0 {
		dst = appendArguments(append(dst, `,"parameter":`...), list)
	}
	return append(dst, '}')
}

func appendArguments(dst []byte, list []Argument) []byte {
	for i, a := range list {
		if i == 0 {
			dst = append(dst, '[')
		} else {
			dst = append(dst, ',')
		}
		dst = quote.Append(append(dst, `{"name":`...), a.Name)
		switch {
		case a.Parts != nil:
			dst = appendArguments(append(dst, `,"part":`...), a.Parts)
		case isResource(a.Type):
			dst = append(append(dst, `,"resource":`...), a.Value...)
		case a.Value != nil && a.Type != "":
			dst = append(append(append(dst, `,"`...), valueProperty(a.Type)...), `":`...)
			dst = append(dst, a.Value...)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// text is an argument of a primitive type with a text.
func text(name, typ, value string) Argument {
	return Argument{Name: name, Type: typ, Value: literal(typ, value)}
}
