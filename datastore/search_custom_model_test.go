package datastore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A modelPatient is what the custom parameters of the model look at.
type modelPatient struct {
	eye      string
	given    []string
	year     int
	contacts []modelContact
	deleted  bool
}

type modelContact struct{ gender, family, organization string }

func drawPatient(t *rapid.T) modelPatient {
	p := modelPatient{
		eye:   rapid.SampledFrom([]string{"", "blue", "brown", "Black"}).Draw(t, "eye"),
		given: rapid.SliceOfN(rapid.SampledFrom([]string{"ann", "bea", "zoe"}), 0, 3).Draw(t, "given"),
		year:  rapid.IntRange(1998, 2003).Draw(t, "year"),
	}
	for range rapid.IntRange(0, 2).Draw(t, "contacts") {
		p.contacts = append(p.contacts, modelContact{
			rapid.SampledFrom([]string{"male", "female"}).Draw(t, "gender"),
			rapid.SampledFrom([]string{"X", "Y"}).Draw(t, "family"),
			rapid.SampledFrom([]string{"o1", "o2"}).Draw(t, "organization"),
		})
	}
	return p
}

func (p *modelPatient) json(id string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"resourceType":"Patient","id":"%s","birthDate":"%d"`, id, p.year)
	if p.eye != "" {
		fmt.Fprintf(&b, `,"extension":[{"url":"http://example.org/eye","valueString":"%s"}]`, p.eye)
	}
	if len(p.given) > 0 {
		fmt.Fprintf(&b, `,"name":[{"given":["%s"]}]`, strings.Join(p.given, `","`))
	}
	for i, c := range p.contacts {
		b.WriteString(map[bool]string{true: `,"contact":[`, false: ","}[i == 0])
		fmt.Fprintf(&b, `{"gender":"%s","name":{"family":"%s"},"organization":{"reference":"Organization/%s"}}`, c.gender, c.family, c.organization)
	}
	if len(p.contacts) > 0 {
		b.WriteString("]")
	}
	return b.String() + "}"
}

// A modelParameter is a custom parameter with queries whose answers the model knows
// by itself.
type modelParameter struct {
	json  []byte
	asked map[string]func(p *modelPatient) bool
}

const individual = "http://hl7.org/fhir/SearchParameter/individual-"

var modelParameters = []modelParameter{
	{custom("p0", "Patient", "string", "Patient.extension.where(url='http://example.org/eye').value.ofType(string)"), map[string]func(*modelPatient) bool{
		"p0=b":            func(p *modelPatient) bool { return p.eye != "" },
		"p0:exact=blue":   func(p *modelPatient) bool { return p.eye == "blue" },
		"p0:missing=true": func(p *modelPatient) bool { return p.eye == "" },
	}},
	{custom("p1", "Patient", "number", "Patient.name.given.count()"), map[string]func(*modelPatient) bool{
		"p1=2":   func(p *modelPatient) bool { return len(p.given) == 2 },
		"p1=0":   func(p *modelPatient) bool { return len(p.given) == 0 },
		"p1=gt1": func(p *modelPatient) bool { return len(p.given) > 1 },
	}},
	{custom("p2", "DomainResource", "token", "Patient.contact.gender"), map[string]func(*modelPatient) bool{
		"p2=male": func(p *modelPatient) bool {
			return slices.ContainsFunc(p.contacts, func(c modelContact) bool { return c.gender == "male" })
		},
		"p2:not=male": func(p *modelPatient) bool {
			return !slices.ContainsFunc(p.contacts, func(c modelContact) bool { return c.gender == "male" })
		},
	}},
	{custom("p3", "Patient,Person", "date", "Patient.birthDate | Person.birthDate"), map[string]func(*modelPatient) bool{
		"p3=2000":          func(p *modelPatient) bool { return p.year == 2000 },
		"p3=gt2000,lt1999": func(p *modelPatient) bool { return p.year > 2000 || p.year < 1999 },
	}},
	{custom("p4", "Patient", "reference", "Patient.contact.organization"), map[string]func(*modelPatient) bool{
		"p4=Organization/o1": func(p *modelPatient) bool {
			return slices.ContainsFunc(p.contacts, func(c modelContact) bool { return c.organization == "o1" })
		},
		"p4.name=two": func(p *modelPatient) bool {
			return slices.ContainsFunc(p.contacts, func(c modelContact) bool { return c.organization == "o2" })
		},
	}},
	{custom("p5", "Patient", "composite", "Patient.contact", `"component":[{"definition":"`+individual+`gender","expression":"gender"},{"definition":"`+individual+`family","expression":"name.family"}]`),
		map[string]func(*modelPatient) bool{
			"p5=male$x": func(p *modelPatient) bool {
				return slices.ContainsFunc(p.contacts, func(c modelContact) bool { return c.gender == "male" && c.family == "X" })
			},
		}},
	// The code of the first, with another meaning.
	{custom("p0", "Patient", "token", "Patient.name.given.first() | Patient.name.given.last()"), map[string]func(*modelPatient) bool{
		"p0=ann": func(p *modelPatient) bool {
			return len(p.given) > 0 && (p.given[0] == "ann" || p.given[len(p.given)-1] == "ann")
		},
	}},
}

// TestCustomModel writes patients and defines and deletes custom parameters, in any
// order and without waiting. Whenever they are complete their answers are those of
// the model, which looks at each patient.
func TestCustomModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		store := storetest.Open(t, nil)
		for _, line := range []string{`{"resourceType":"Organization","id":"o1","name":"one"}`, `{"resourceType":"Organization","id":"o2","name":"two"}`} {
			_, err := store.Update(ctx, []byte(line))
			require.NoError(t, err)
		}
		patients := map[string]*modelPatient{}
		defined := map[string]*modelParameter{} // by id
		write := func() {
			_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
				for range rapid.IntRange(1, 40).Draw(t, "writes") {
					id := fmt.Sprint("p", rapid.IntRange(0, 60).Draw(t, "id"))
					if p := patients[id]; p != nil && !p.deleted && rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
						p.deleted = true
						if err := tx.Delete(datastore.Ref{Type: "Patient", ID: id}); err != nil {
							return err
						}
						continue
					}
					p := drawPatient(t)
					patients[id] = &p
					if _, err := tx.Update(ctx, []byte(p.json(id))); err != nil {
						return err
					}
				}
				return nil
			})
			require.NoError(t, err)
		}
		check := func() {
			require.NoError(t, store.WaitIndexed(ctx))
			require.Len(t, store.SearchParameters(), len(defined))
			for _, parameter := range defined {
				for query, holds := range parameter.asked {
					page, err := store.Search(ctx, "Patient", query+"&_sort=_id&_count=1000")
					require.NoError(t, err, query)
					var want []string
					for id, p := range patients {
						if !p.deleted && holds(p) {
							want = append(want, id)
						}
					}
					slices.Sort(want)
					require.Equal(t, strings.Join(want, " "), idsOf(page.Matches), query)
				}
			}
		}
		for range rapid.IntRange(3, 15).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				write()
			case 2:
				parameter := &modelParameters[rapid.IntRange(0, len(modelParameters)-1).Draw(t, "parameter")]
				v, err := store.Update(ctx, parameter.json)
				require.NoError(t, err)
				defined[v.ID] = parameter
			case 3:
				for _, id := range []string{"sp-p0", "sp-p1", "sp-p2", "sp-p3", "sp-p4", "sp-p5"} {
					if defined[id] != nil && rapid.Bool().Draw(t, "drop") {
						require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "SearchParameter", ID: id}))
						delete(defined, id)
					}
				}
			default:
				check()
			}
		}
		check()
		require.NoError(t, store.Verify(ctx))
	})
}
