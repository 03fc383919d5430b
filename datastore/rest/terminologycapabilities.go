package rest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// The parts of a TerminologyCapabilities that are used here, in FHIR's order.
type (
	terminologyCapabilities struct {
		ResourceType   string         `json:"resourceType"`
		Name           string         `json:"name"`
		Title          string         `json:"title"`
		Status         string         `json:"status"`
		Date           string         `json:"date"`
		Kind           string         `json:"kind"`
		Software       software       `json:"software"`
		Implementation implementation `json:"implementation"`
		CodeSystem     []codeSystem   `json:"codeSystem,omitempty"`
		Expansion      expansionPart  `json:"expansion"`
		CodeSearch     string         `json:"codeSearch"`
		ValidateCode   struct {
			Translations bool `json:"translations"`
		} `json:"validateCode"`
		Translation struct {
			NeedsMap bool `json:"needsMap"`
		} `json:"translation"`
		Closure struct {
			Translation bool `json:"translation"`
		} `json:"closure"`
	}
	codeSystem struct {
		URI         string              `json:"uri"`
		Version     []codeSystemVersion `json:"version,omitempty"`
		Subsumption bool                `json:"subsumption"`
	}
	codeSystemVersion struct {
		Code      string `json:"code,omitempty"`
		IsDefault bool   `json:"isDefault"`
	}
	expansionPart struct {
		Hierarchical bool            `json:"hierarchical"`
		Paging       bool            `json:"paging"`
		Incomplete   bool            `json:"incomplete"`
		Parameter    []expansionName `json:"parameter"`
		TextFilter   string          `json:"textFilter"`
	}
	expansionName struct {
		Name string `json:"name"`
	}
)

// terminology answers GET metadata?mode=terminology with the TerminologyCapabilities: what
// the terminology operations know, by the CodeSystems of the store.
func (x *exchange) terminology() error {
	view, err := x.store.At()
	if err != nil {
		return err
	}
	defer view.Close()
	t := terminologyCapabilities{
		ResourceType: "TerminologyCapabilities", Name: "fhirlake", Title: "fhirlake FHIR R4 server", Status: "active",
		Date: time.Now().UTC().Format(time.RFC3339), Kind: "instance",
		Software: software{"fhirlake", softwareVersion()}, Implementation: implementation{"A FHIR R4 data store", x.options.BaseURL},
		Expansion:  expansionPart{Hierarchical: true, Paging: true, TextFilter: "A code is found if every word of the filter is part of the code, of its display or of a designation, whatever the case."},
		CodeSearch: "all",
	}
	t.ValidateCode.Translations, t.Translation.NeedsMap = true, true
	for _, o := range x.operations.list {
		if o.Name != "expand" {
			continue
		}
		for _, p := range o.Parameters {
			if !p.Out && !p.absent {
				t.Expansion.Parameter = append(t.Expansion.Parameter, expansionName{p.Name})
			}
		}
	}
	for v, err := range view.SearchAll(x.r.Context(), "CodeSystem", "") {
		if err != nil {
			return err
		}
		var s struct {
			URL              string `json:"url"`
			Version          string `json:"version"`
			Content          string `json:"content"`
			HierarchyMeaning string `json:"hierarchyMeaning"`
		}
		if json.Unmarshal(v.JSON, &s) != nil || s.URL == "" || s.Content == "supplement" || s.Content == "not-present" {
			continue
		}
		i := slices.IndexFunc(t.CodeSystem, func(c codeSystem) bool { return c.URI == s.URL })
		if i < 0 {
			i = len(t.CodeSystem)
			t.CodeSystem = append(t.CodeSystem, codeSystem{URI: s.URL, Subsumption: s.HierarchyMeaning == "" || s.HierarchyMeaning == "is-a"})
		}
		c := &t.CodeSystem[i]
		if !slices.ContainsFunc(c.Version, func(v codeSystemVersion) bool { return v.Code == s.Version }) {
			c.Version = append(c.Version, codeSystemVersion{Code: s.Version})
		}
	}
	slices.SortFunc(t.CodeSystem, func(a, b codeSystem) int { return strings.Compare(a.URI, b.URI) })
	for i := range t.CodeSystem {
		versions := t.CodeSystem[i].Version
		best := 0
		for n := range versions {
			if laterVersion(versions[n].Code, versions[best].Code) {
				best = n
			}
		}
		versions[best].IsDefault = true
		if len(versions) > 1 { // one without a code cannot be told apart (tcp-1)
			t.CodeSystem[i].Version = slices.DeleteFunc(versions, func(v codeSystemVersion) bool { return v.Code == "" })
		}
	}
	answer, err := json.Marshal(t)
	if err != nil {
		return err
	}
	x.send(http.StatusOK, answer)
	return nil
}
