package exec_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// A world makes resources of twelve types that refer to each other and whose values
// meet often: a few ids of each type, a few codes, names and dates. Its choices are
// even, which those of rapid are not; rapid draws how many resources and searches
// there are, and the seed of each.
type world struct {
	*rand.Rand
	ids int // how many each type has, those that are asked for by what they say twice as many
}

func newWorld(seed, number uint64, ids int) world {
	return world{rand.New(rand.NewPCG(seed, number)), ids}
}

// An object is a resource or an element while it is made. Members that are nil are
// left out.
type object = map[string]any

func (w world) n(below int) int { return w.IntN(below) }

func (w world) coin() bool { return w.n(2) == 0 }

func (w world) pick(of ...string) string { return one(w, of) }

func one[T any](w world, of []T) T { return of[w.n(len(of))] }

// maybe returns a value in two of three cases.
func (w world) maybe(value func() any) any {
	if w.n(3) == 0 {
		return nil
	}
	return value()
}

// some returns up to max values, nil for none.
func (w world) some(max int, value func() any) any {
	var all []any
	for range w.n(max + 1) {
		all = append(all, value())
	}
	if all == nil {
		return nil
	}
	return all
}

// worldTypes are the types of a world's resources: those of care, and terminology.
var (
	worldTypes = []string{"Patient", "Practitioner", "Organization", "Location", "Encounter", "Observation", "Condition", "List", "Questionnaire", "QuestionnaireResponse", "CodeSystem", "ValueSet"}
	careTypes  = worldTypes[:10]
)

// terms is how many CodeSystems and ValueSets there are.
const terms = 4

// id draws an id of a resource of a type.
func (w world) id(typ string) string {
	if typ == "CodeSystem" || typ == "ValueSet" {
		return fmt.Sprint(w.n(terms))
	}
	return fmt.Sprint(w.n(w.ids))
}

// resource draws a resource.
func (w world) resource() []byte {
	if w.n(3) == 0 {
		return w.resourceOf(w.pick("Observation", "Condition"), fmt.Sprint(w.n(2*w.ids)))
	}
	typ := w.pick(worldTypes...)
	return w.resourceOf(typ, w.id(typ))
}

func (w world) resourceOf(typ, id string) []byte {
	var r object
	switch typ {
	case "Patient":
		r = object{"name": w.names(), "identifier": w.identifiers(), "gender": w.maybe(func() any { return w.pick("male", "female") }), "birthDate": w.maybe(func() any { return w.date()[:7] }),
			"generalPractitioner": w.references("Practitioner", "Organization"), "managingOrganization": w.reference("Organization"),
			"link": w.some(1, func() any { return object{"type": "seealso", "other": w.link("Patient")} })}
	case "Practitioner":
		r = object{"name": w.names(), "identifier": w.identifiers(), "gender": w.maybe(func() any { return w.pick("male", "female") })}
	case "Organization":
		r = object{"name": w.name(), "partOf": w.reference("Organization")}
	case "Location":
		r = object{"name": w.name(), "partOf": w.reference("Location"), "managingOrganization": w.reference("Organization"), "position": w.maybe(func() any {
			return object{"latitude": w.n(4), "longitude": w.n(4)}
		})}
	case "Encounter":
		r = object{"status": "finished", "class": object{"system": "urn:class", "code": w.pick("amb", "AMB", "imp")}, "subject": w.reference("Patient"),
			"location": w.some(2, func() any { return object{"location": w.link("Location")} }), "partOf": w.reference("Encounter"), "period": w.maybe(w.period),
			"participant": w.some(1, func() any { return object{"individual": w.link("Practitioner")} })}
	case "Observation":
		r = object{"status": w.pick("final", "amended"), "code": w.concept(), "subject": w.reference("Patient", "Location"), "encounter": w.reference("Encounter"), "performer": w.references("Practitioner", "Organization", "Patient"),
			"effectivePeriod": w.maybe(w.period), "valueQuantity": w.maybe(w.quantity), "hasMember": w.references("Observation"),
			"component": w.some(2, func() any { return object{"code": w.concept(), "valueQuantity": w.quantity()} })}
	case "Condition":
		r = object{"code": w.maybe(func() any { return w.concept() }), "subject": w.link("Patient"), "encounter": w.reference("Encounter"), "onsetDateTime": w.maybe(func() any { return w.date() })}
	case "List":
		r = object{"status": "current", "mode": "working", "subject": w.reference("Patient"),
			"entry": w.some(3, func() any { return object{"item": w.link(careTypes...)} })}
	case "Questionnaire":
		r = object{"status": "active", "url": w.questionnaire(), "version": w.maybe(func() any { return w.pick("1", "1.2", "1.20") }), "name": w.name()}
	case "QuestionnaireResponse":
		r = object{"status": "completed", "questionnaire": w.maybe(func() any { return w.canonical() }), "subject": w.reference("Patient")}
	case "CodeSystem":
		r = w.codeSystem(id)
	default:
		r = w.valueSet(id)
	}
	r["resourceType"], r["id"], r["meta"] = typ, id, w.maybe(w.meta)
	return compact(r)
}

// compact writes an object without the members that are nil.
func compact(r object) []byte {
	var without func(v any) any
	without = func(v any) any {
		switch v := v.(type) {
		case object:
			for name, member := range v {
				if member == nil {
					delete(v, name)
				} else {
					v[name] = without(member)
				}
			}
		case []any:
			for i := range v {
				v[i] = without(v[i])
			}
		}
		return v
	}
	text, err := json.Marshal(without(r))
	if err != nil {
		panic(err)
	}
	return text
}

func (w world) meta() any {
	return object{
		"tag":     []any{object{"system": "urn:tag", "code": w.pick("x", "X", "y")}},
		"profile": w.some(2, func() any { return w.uri() + w.pick("", "|1", "|1.2", "|1.20") }),
		"source":  w.maybe(func() any { return w.uri() }),
	}
}

func (w world) uri() string {
	return "http://x.org" + w.pick("/a", "/a/b", "/a/bc", "/a/b/", "/a/b/c")
}

func (w world) questionnaire() string { return "http://x.org/a/" + w.pick("q1", "q2") }

// canonical draws what leads to Questionnaires: by url, with a version or without, or by
// address.
func (w world) canonical() string {
	if w.n(6) == 0 {
		return fmt.Sprint("https://example.org/fhir/Questionnaire/", w.n(w.ids))
	}
	return w.questionnaire() + w.pick("", "", "|1", "|1.2", "|1.20", "|2")
}

func (w world) name() string {
	return w.pick("Ann", "Änne", "O'Hara, MD", "van der Berg", "ohara", `Ann "Bo" $1`)
}

func (w world) names() any {
	return w.some(2, func() any {
		return object{"family": w.name(), "given": w.some(1, func() any { return w.name() })}
	})
}

func (w world) identifiers() any {
	return w.some(2, func() any {
		return object{"system": w.pick("urn:a", "urn:b"), "value": w.pick("K1", "k1", "K2,3"), "type": w.maybe(func() any {
			return object{"text": w.pick("Record", "Número"), "coding": []any{object{"system": "urn:type", "code": w.pick("MR", "mr", "SS")}}}
		})}
	})
}

// link draws a reference: relative, absolute, to a version, logical, or to what is
// in another place.
func (w world) link(types ...string) any {
	to := w.pick(types...) + "/" + fmt.Sprint(w.n(w.ids+1))
	switch w.n(12) {
	case 0:
		return object{"reference": "https://example.org/fhir/" + to}
	case 1:
		return object{"reference": to + "/_history/1"}
	case 2:
		return object{"reference": "https://elsewhere.org/" + to}
	case 3:
		return object{"identifier": object{"system": "urn:a", "value": w.pick("K1", "k2")}}
	}
	return object{"reference": to}
}

func (w world) reference(types ...string) any {
	return w.maybe(func() any { return w.link(types...) })
}

func (w world) references(types ...string) any {
	return w.some(2, func() any { return w.link(types...) })
}

func (w world) date() string {
	return w.pick("2020-02", "2020-02-29", "2020-02-29T10:00:00Z", "2021-01-01T00:30:00+01:00", "2020-12-31T23:30:00.5-01:00", "2021-06-01")
}

func (w world) period() any {
	period := object{"start": w.maybe(func() any { return w.date() }), "end": w.maybe(func() any { return w.date() })}
	if period["start"] == nil && period["end"] == nil {
		return nil
	}
	return period
}

func (w world) quantity() any {
	q := object{"value": json.Number(w.pick("1", "1.50", "2", "-3", "2e1"))}
	switch w.n(5) {
	case 0:
		q["unit"], q["system"] = "grams", "http://unitsofmeasure.org"
		if q["code"] = "g"; w.coin() {
			q["code"], q["value"] = "mg", json.Number(w.pick("1000", "1500", "2000.0"))
		}
	case 3:
		q["unit"] = "puffs"
	case 1:
		q["unit"], q["system"], q["code"] = "a puff", "urn:units", w.pick("p", "q")
	case 2:
		q["comparator"] = w.pick("<", ">=")
	}
	return q
}

// worldCodes are the codes that each of the CodeSystems has.
const worldCodes = "abcdef"

func (w world) concept() any {
	return object{"text": w.maybe(func() any { return w.name() }), "coding": []any{w.coding()}}
}

func (w world) coding() any {
	c := object{"code": w.code()}
	switch w.n(6) {
	case 0:
	case 1:
		c["system"] = "urn:open"
	default:
		c["system"] = fmt.Sprint("urn:cs", w.n(2))
	}
	if w.n(5) == 0 {
		c["code"] = strings.ToUpper(c["code"].(string))
	}
	return c
}

func (w world) code() string { i := w.n(len(worldCodes)); return worldCodes[i : i+1] }
