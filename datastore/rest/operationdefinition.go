package rest

import (
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/go-json-experiment/json"
)

// hl7Definition is how the URLs of the operations begin that FHIR R4 defines.
const hl7Definition = "http://hl7.org/fhir/OperationDefinition/"

// ownDefinition is how the URLs of this project's operations begin.
const ownDefinition = "https://github.com/fhirlake/fhirlake/OperationDefinition/"

// A definition is the OperationDefinition of an operation that R4 does not define.
type definition struct {
	id, url string
	version string // its meta.versionId: another one where the definition is another
	json    []byte
}

// newDefinition makes the OperationDefinition of an operation. Its id is made as those of
// R4 are: the name, behind the resource type if there is one alone. base is how the URL
// begins of an operation that names none, and at is when it was last updated.
func (ops *operations) newDefinition(o *Operation, base string, at time.Time) definition {
	d := definition{id: o.Name, url: o.URL}
	resources := o.Resources
	if !o.Type && !o.Instance {
		resources = nil
	} else if resources == nil {
		resources = []string{"Resource"}
	}
	if len(resources) == 1 {
		d.id = resources[0] + "-" + o.Name
	}
	for n, id := 2, d.id; ops.definition(d.id) != nil; n++ {
		d.id = id + "-" + strconv.Itoa(n)
	}
	if d.url == "" {
		d.url = base + d.id
	}
	var list []parameterDefinition
	for _, p := range o.Parameters {
		if !p.absent {
			list = append(list, p.definition(use(&p)))
		}
	}
	name := ""
	for _, word := range strings.FieldsFunc(d.id, func(c rune) bool { return c == '-' || c == '.' }) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	made := operationDefinition{
		ResourceType: definitionType, ID: d.id, URL: d.url, Name: name, Status: "active", Kind: "operation",
		Description: o.Description, AffectsState: o.AffectsState, Code: o.Name, Resource: resources,
		System: o.System, Type: o.Type, Instance: o.Instance, Parameter: list,
	}
	d.json, _ = json.Marshal(made) // what cannot be written is found by err
	sum := crc32.ChecksumIEEE(d.json)
	d.version = strconv.FormatUint(uint64(sum>>2|1), 10)
	made.Meta = &metaPart{d.version, at.Format(time.RFC3339Nano)}
	d.json, _ = json.Marshal(made)
	return d
}

// err returns what is wrong with the definition as a resource.
func (d *definition) err() error { return fhirjson.Parse(d.json, new(fhirjson.Document), nil) }

// The parts of an OperationDefinition that are used here, in FHIR's order.
type (
	operationDefinition struct {
		ResourceType string                `json:"resourceType"`
		ID           string                `json:"id"`
		Meta         *metaPart             `json:"meta,omitempty"`
		URL          string                `json:"url"`
		Name         string                `json:"name"`
		Status       string                `json:"status"`
		Kind         string                `json:"kind"`
		Description  string                `json:"description,omitempty"`
		AffectsState bool                  `json:"affectsState"`
		Code         string                `json:"code"`
		Resource     []string              `json:"resource,omitempty"`
		System       bool                  `json:"system"`
		Type         bool                  `json:"type"`
		Instance     bool                  `json:"instance"`
		Parameter    []parameterDefinition `json:"parameter,omitempty"`
	}
	metaPart struct {
		VersionID   string `json:"versionId"`
		LastUpdated string `json:"lastUpdated"`
	}
	parameterDefinition struct {
		Name          string                `json:"name"`
		Use           string                `json:"use"`
		Min           int                   `json:"min"`
		Max           string                `json:"max"`
		Documentation string                `json:"documentation,omitempty"`
		Type          string                `json:"type,omitempty"`
		SearchType    string                `json:"searchType,omitempty"`
		Part          []parameterDefinition `json:"part,omitempty"`
	}
)

func use(p *Parameter) string {
	if p.Out {
		return "out"
	}
	return "in"
}

func (p *Parameter) definition(use string) parameterDefinition {
	d := parameterDefinition{Name: p.Name, Use: use, Min: p.Min, Max: p.max(), Documentation: p.Documentation, Type: p.Type, SearchType: p.SearchType}
	for i := range p.Parts {
		d.Part = append(d.Part, p.Parts[i].definition(use))
	}
	return d
}

// max is how often the parameter may be there, in the words of a definition.
func (p *Parameter) max() string {
	if p.Many {
		return "*"
	}
	return "1"
}

// definition returns the definition of an id, nil for none.
func (ops *operations) definition(id string) *definition {
	i := slices.IndexFunc(ops.definitions, func(d definition) bool { return d.id == id })
	if i < 0 {
		return nil
	}
	return &ops.definitions[i]
}
