package engine

import (
	"slices"
	"sync"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// patientStreams are the streams by which resources of each type are in the compartments
// of patients (FHIR R4 §3.3). Types that are in none have none.
var patientStreams = sync.OnceValue(func() map[schema.TypeID][]index.Param {
	streams := map[schema.TypeID][]index.Param{}
	for i := range schema.Compartments {
		c := &schema.Compartments[i]
		if c.Type != schema.TypePatient {
			continue
		}
		for _, m := range c.Members {
			for _, id := range m.Params {
				p, ok := param.R4().Find(m.Type, id.Param().Code)
				if !ok {
					continue
				}
				for _, s := range p.Streams {
					if !slices.Contains(streams[m.Type], s.ID) {
						streams[m.Type] = append(streams[m.Type], s.ID)
					}
				}
			}
		}
	}
	return streams
})

// patientOf returns the id of the one patient in whose compartment a version is: of a
// Patient, itself. It is "" if there are none, and several says whether there are more.
func patientOf(t schema.TypeID, id string, values *index.Prepared) (patient string, several bool) {
	if t == schema.TypePatient {
		return id, false
	}
	streams := patientStreams()[t]
	if streams == nil {
		return "", false
	}
	for p, target := range values.Targets(index.TypeID(schema.TypePatient)) {
		switch {
		case target == patient || !slices.Contains(streams, p):
		case patient != "":
			return "", true
		default:
			patient = target
		}
	}
	return patient, false
}
