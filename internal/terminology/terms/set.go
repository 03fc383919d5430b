package terms

import (
	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json"
)

// A Set is a ValueSet.
type Set struct {
	URL       string     `json:"url"`
	Version   string     `json:"version"`
	Language  string     `json:"language"`
	Compose   *compose   `json:"compose"`
	Expansion *expansion `json:"expansion"`
}

type compose struct {
	Inactive *bool       `json:"inactive"`
	Include  []component `json:"include"`
	Exclude  []component `json:"exclude"`
}

type component struct {
	System    string   `json:"system"`
	Version   string   `json:"version"`
	Concepts  []listed `json:"concept"`
	Filters   []filter `json:"filter"`
	ValueSets []string `json:"valueSet"`
}

type listed struct {
	Code         string        `json:"code"`
	Display      string        `json:"display"`
	Designations []Designation `json:"designation"`
}

type filter struct {
	Property string `json:"property"`
	Op       string `json:"op"`
	Value    string `json:"value"`
}

type expansion struct {
	Contains []contained `json:"contains"`
}

type contained struct {
	System       string        `json:"system"`
	Version      string        `json:"version"`
	Code         string        `json:"code"`
	Display      string        `json:"display"`
	Abstract     bool          `json:"abstract"`
	Inactive     bool          `json:"inactive"`
	Designations []Designation `json:"designation"`
	Contains     []contained   `json:"contains"`
}

// ReadSet reads a ValueSet.
func ReadSet(text []byte) (*Set, error) {
	s := &Set{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fail(issue.Structure, "the ValueSet cannot be read: it was stored with faults")
	}
	return s, nil
}
