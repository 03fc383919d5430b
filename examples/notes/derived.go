package main

import (
	"encoding/json"
	"strings"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/annotator"
)

// A derivative is a resource that a store would derive from a document.
type derivative struct {
	Type, Code, Name, Text, Says string
}

// derived lists the resources that a store would derive from the document.
func (d *document) derived() ([]derivative, error) {
	var all []derivative
	for _, source := range annotator.Derived(&nlp.Document{ID: "note", Subject: "Patient/p"}, d.Findings) {
		type concept struct {
			Text   string
			Coding []struct{ Code, Display string }
		}
		var r struct {
			ResourceType              string
			Code                      concept
			MedicationCodeableConcept concept
			VerificationStatus        concept
			Dosage                    []struct{ Text string }
			Note                      []struct{ Text string }
			Item                      []struct{}
		}
		if err := json.Unmarshal(source, &r); err != nil {
			return nil, err
		}
		made := derivative{Type: r.ResourceType}
		what := r.Code
		if len(what.Coding) == 0 {
			what = r.MedicationCodeableConcept
		}
		made.Text = strings.Join(strings.Fields(what.Text), " ")
		if len(what.Coding) > 0 {
			made.Code, made.Name = what.Coding[0].Code, what.Coding[0].Display
		}
		var says []string
		for _, c := range r.VerificationStatus.Coding {
			says = append(says, c.Code)
		}
		for _, s := range r.Dosage {
			says = append(says, strings.Join(strings.Fields(s.Text), " "))
		}
		for _, n := range r.Note {
			says = append(says, label(n.Text))
		}
		if r.ResourceType == "Linkage" {
			made.Text = "all of these with the document"
		}
		made.Says = strings.Join(says, ", ")
		all = append(all, made)
	}
	return all, nil
}
