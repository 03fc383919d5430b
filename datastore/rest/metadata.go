package rest

import (
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
	"github.com/go-json-experiment/json"
)

// metadata answers GET metadata with the CapabilityStatement (FHIR R4 §3.1.0.10).
func (x *exchange) metadata() error {
	if queryValue(x.query, "mode") == "terminology" {
		return x.terminology()
	}
	statement, err := x.capabilities()
	if err != nil {
		return err
	}
	x.send(http.StatusOK, statement)
	return nil
}

// A statement is the CapabilityStatement. It is made again when its custom search
// parameters have changed.
type statement struct {
	sync.Mutex
	json   []byte
	custom []search.ParameterStatus
}

// capabilities returns the present CapabilityStatement.
func (h *handler) capabilities() ([]byte, error) {
	custom := slices.DeleteFunc(h.store.SearchParameters(), func(p search.ParameterStatus) bool { return !p.Complete })
	same := func(a, b search.ParameterStatus) bool {
		return a.URL == b.URL && a.Code == b.Code && a.Type == b.Type && slices.Equal(a.Base, b.Base) && slices.Equal(a.Target, b.Target)
	}
	s := &h.statement
	s.Lock()
	defer s.Unlock()
	if s.json != nil && slices.EqualFunc(s.custom, custom, same) {
		return s.json, nil
	}
	made, err := h.capabilityStatement()
	if err == nil {
		s.json, s.custom = made, custom
	}
	return made, err
}

// The parts of a CapabilityStatement that are used here, in FHIR's order.
type (
	capabilityStatement struct {
		ResourceType   string         `json:"resourceType"`
		Name           string         `json:"name"`
		Title          string         `json:"title"`
		Status         string         `json:"status"`
		Date           string         `json:"date"`
		Kind           string         `json:"kind"`
		Software       software       `json:"software"`
		Implementation implementation `json:"implementation"`
		FHIRVersion    string         `json:"fhirVersion"`
		Format         []string       `json:"format"`
		PatchFormat    []string       `json:"patchFormat"`
		REST           []restPart     `json:"rest"`
	}
	software struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	implementation struct {
		Description string `json:"description"`
		URL         string `json:"url,omitempty"`
	}
	restPart struct {
		Mode        string         `json:"mode"`
		Security    *security      `json:"security,omitempty"`
		Resource    []resourcePart `json:"resource"`
		Interaction []interaction  `json:"interaction"`
		SearchParam []searchParam  `json:"searchParam"`
		Operation   []operation    `json:"operation,omitempty"`
		Compartment []string       `json:"compartment"`
	}
	operation struct {
		Name       string `json:"name"`
		Definition string `json:"definition"`
	}
	interaction struct {
		Code string `json:"code"`
	}
	resourcePart struct {
		Type              string        `json:"type"`
		Profile           string        `json:"profile"`
		Interaction       []interaction `json:"interaction"`
		Versioning        string        `json:"versioning"`
		ReadHistory       bool          `json:"readHistory"`
		UpdateCreate      bool          `json:"updateCreate"`
		ConditionalCreate bool          `json:"conditionalCreate"`
		ConditionalRead   string        `json:"conditionalRead"`
		ConditionalUpdate bool          `json:"conditionalUpdate"`
		ConditionalDelete string        `json:"conditionalDelete"`
		ReferencePolicy   []string      `json:"referencePolicy"`
		SearchInclude     []string      `json:"searchInclude,omitempty"`
		SearchRevInclude  []string      `json:"searchRevInclude,omitempty"`
		SearchParam       []searchParam `json:"searchParam"`
		Operation         []operation   `json:"operation,omitempty"`
	}
	searchParam struct {
		Name       string `json:"name"`
		Definition string `json:"definition"`
		Type       string `json:"type"`
	}
)

// capabilityStatement makes the statement from the routes, the schema tables and the
// store's search parameters. Its date is now.
func (h *handler) capabilityStatement() ([]byte, error) {
	rest := restPart{Mode: "server"}
	for _, o := range h.operations.list {
		if o.System {
			rest.Operation = append(rest.Operation, operation{o.Name, o.URL})
		}
	}
	for _, p := range h.store.Parameters("Basic") {
		if strings.HasPrefix(p.URL, "http://hl7.org/fhir/SearchParameter/Resource-") { // of all types
			rest.SearchParam = append(rest.SearchParam, searchParam{p.Code, p.URL, p.Type})
		}
	}
	for _, c := range schema.Compartments {
		rest.Compartment = append(rest.Compartment, "http://hl7.org/fhir/CompartmentDefinition/"+strings.ToLower(c.Type.String()))
	}
	var perType []interaction
	rest.Security = h.options.Authorization.security()
	for _, r := range h.routes {
		for _, code := range r.interactions {
			if strings.HasPrefix(r.path, "{type}") {
				perType = append(perType, interaction{code})
			} else {
				rest.Interaction = append(rest.Interaction, interaction{code})
			}
		}
	}
	included := map[string][]string{} // by target
	for _, t := range resourceTypes() {
		name := t.String()
		part := resourcePart{
			Type: name, Profile: "http://hl7.org/fhir/StructureDefinition/" + name, Interaction: perType,
			Versioning: "versioned-update", ReadHistory: true, UpdateCreate: true,
			ConditionalCreate: true, ConditionalRead: "full-support", ConditionalUpdate: true, ConditionalDelete: deletes[h.options.ConditionalDelete],
			ReferencePolicy: []string{"literal", "logical"},
		}
		for _, p := range h.store.Parameters(name) {
			part.SearchParam = append(part.SearchParam, searchParam{p.Code, p.URL, p.Type})
			if p.Type != "reference" {
				continue
			}
			via := name + ":" + p.Code
			part.SearchInclude = append(part.SearchInclude, via)
			for _, target := range p.Targets {
				included[target] = append(included[target], via)
			}
		}
		for _, o := range h.operations.list {
			if (o.Type || o.Instance) && o.on(name) {
				part.Operation = append(part.Operation, operation{o.Name, o.URL})
			}
		}
		rest.Resource = append(rest.Resource, part)
	}
	for i, t := range resourceTypes() {
		rest.Resource[i].SearchRevInclude = included[t.String()]
	}
	return json.Marshal(capabilityStatement{
		ResourceType: "CapabilityStatement", Name: "fhirlake", Title: "fhirlake FHIR R4 server",
		Status: "active", Date: time.Now().UTC().Format(time.RFC3339), Kind: "instance",
		Software:       software{Name: "fhirlake", Version: softwareVersion()},
		Implementation: implementation{Description: "A FHIR R4 data store", URL: h.options.BaseURL},
		FHIRVersion:    "4.0.1", Format: []string{fhirJSON, fhirXML, "json", "xml"}, PatchFormat: []string{jsonPatch, fhirJSON, fhirXML}, REST: []restPart{rest},
	})
}

// deletes are the words of a CapabilityStatement for the modes of conditional deletion.
var deletes = map[DeleteMode]string{DeleteSingle: "single", DeleteMultiple: "multiple"}

// resourceTypes returns the concrete resource types, by name.
func resourceTypes() []schema.TypeID {
	var types []schema.TypeID
	for t := range schema.Types {
		if row := &schema.Types[t]; row.Kind == schema.KindResource && !row.Abstract {
			types = append(types, schema.TypeID(t))
		}
	}
	slices.SortFunc(types, func(a, b schema.TypeID) int { return strings.Compare(a.String(), b.String()) })
	return types
}

// softwareVersion is the version of this module in the running program, "" if it was
// built from its own source.
func softwareVersion() string {
	const module = "github.com/fhirlake/fhirlake"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == module && m.Version != "(devel)" {
			return m.Version
		}
	}
	return ""
}
