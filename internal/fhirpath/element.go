package fhirpath

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// elementFunctions are functions of one item that FHIR adds (FHIR R4 §2.9.1.5).
var elementFunctions = map[string]*scalar{
	"comparable": {input: kindMeasurable, args: []kinds{kindMeasurable}, least: 1, result: yields(sortBoolean), eval: evalComparable},
	"conformsTo": {input: kindAny, args: []kinds{kindString}, least: 1, asks: true, result: yields(sortBoolean), eval: evalConformsTo},
	"memberOf":   {input: kindString | kindObject, args: []kinds{kindString}, least: 1, asks: true, cost: costOfTerminology, result: yields(sortBoolean), eval: evalMemberOf},
	"subsumes": {
		input: kindString | kindObject, args: []kinds{kindString | kindObject}, least: 1, asks: true, result: yields(sortBoolean),
		eval: func(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
			return v.subsumes(in, args[0], pos)
		},
	},
	"subsumedBy": {
		input: kindString | kindObject, args: []kinds{kindString | kindObject}, least: 1, asks: true, result: yields(sortBoolean),
		eval: func(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
			return v.subsumes(args[0], in, pos)
		},
	},
}

// reduceHasValue tells whether there is one item, and it has a value of its own and
// not only extensions.
func reduceHasValue(v *Evaluator, base, _ int) error {
	has := len(v.stack) == base+1 && v.typeOf(v.stack[base]) != sortNothing && v.classOf(v.stack[base]) != classObject
	v.replace(base, booleanItem(has), true)
	return nil
}

// reduceGetValue yields the value of one primitive as FHIRPath's own type.
func reduceGetValue(v *Evaluator, base, pos int) error {
	if len(v.stack) != base+1 {
		v.stack = v.stack[:base]
		return nil
	}
	it := v.stack[base]
	sort := v.typeOf(it)
	if sort == sortNothing || v.classOf(it) == classObject {
		v.stack = v.stack[:base]
		return nil
	}
	own, err := v.own(it, sort, pos)
	v.replace(base, own, err == nil)
	return err
}

// own returns a primitive as a value of FHIRPath's own type.
func (v *Evaluator) own(it item, sort itemSort, pos int) (item, error) {
	switch {
	case it.sort != sortNode:
		return it, nil
	case sort == sortBoolean:
		return booleanItem(v.truthOf(it)), nil
	case sort == sortInteger:
		n, _ := v.integerOf(it)
		return integerItem(int32(n)), nil
	default:
		return v.addText(sort, v.string(it), pos)
	}
}

// reduceType yields the type of each item.
func reduceType(v *Evaluator, base, pos int) error {
	for i := base; i < len(v.stack); i++ {
		it := v.stack[i]
		x := value{text: "System"}
		if it.sort == sortNode {
			x = value{text: "FHIR", unit: v.node(it).Type.String()}
		} else {
			x.unit = strings.TrimPrefix(systemNames[it.sort], "System.")
		}
		v.stack[i] = v.addValue(sortType, x)
		if err := v.visit(1, pos); err != nil {
			return err
		}
	}
	return nil
}

// reduceHTMLChecks tells whether one item is XHTML that FHIR R4 allows in a narrative
// (§2.6.1). The parser has checked it.
func reduceHTMLChecks(v *Evaluator, base, _ int) error {
	items := v.stack[base:]
	if len(items) == 0 {
		return nil
	}
	is := len(items) == 1 && items[0].sort == sortNode && v.document(items[0].doc).BrokenRule(fhirjson.Index(items[0].ref)) == ""
	v.replace(base, booleanItem(is), true)
	return nil
}

// evalComparable tells whether two quantities have a common dimension.
func evalComparable(v *Evaluator, in item, args []item, _ int) (item, bool, error) {
	var x, y quantity
	if !v.comparandOf(&x, in) || !v.comparandOf(&y, args[0]) {
		return item{}, false, nil
	}
	_, how := v.compareQuantities(&x, &y)
	return booleanItem(how == quantitiesOrdered), true, nil
}

// baseProfile is the start of the canonical URLs of FHIR's own types.
const baseProfile = "http://hl7.org/fhir/StructureDefinition/"

// evalConformsTo knows FHIR's own types without help.
func evalConformsTo(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	profile := v.string(args[0])
	if v.Conforms != nil {
		conforms, known, err := v.Conforms(v.ctx, v.export(in), profile)
		if err != nil || known {
			return booleanItem(conforms), known, err
		}
	}
	if name, ok := strings.CutPrefix(profile, baseProfile); ok {
		if t, ok := schema.TypeOf(name); ok {
			return booleanItem(in.sort == sortNode && v.node(in).Type.Is(t)), true, nil
		}
	}
	return item{}, false, v.fail(ErrEvaluation, pos, "profile is not known")
}

// evalMemberOf knows the value sets of R4's required bindings without help. An unknown
// value set yields nothing.
func evalMemberOf(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	codings := v.codings(in)
	if codings == nil {
		return item{}, false, nil
	}
	if err := v.visit(costOfEntry*len(codings), pos); err != nil {
		return item{}, false, err
	}
	valueSet := v.string(args[0])
	if v.MemberOf != nil {
		member, known, err := v.MemberOf(v.ctx, valueSet, codings)
		if err != nil || known {
			return booleanItem(member), known, err
		}
	}
	url, _, _ := strings.Cut(valueSet, "|")
	for i := range schema.Bindings {
		if b := &schema.Bindings[i]; b.ValueSet == url && b.Codes != nil {
			return booleanItem(anyBound(b, codings)), true, nil
		}
	}
	return item{}, false, nil
}

func anyBound(b *schema.Binding, codings []Coding) bool {
	for _, c := range codings {
		if row := b.Find(c.Code); row != nil && (c.System == "" || c.System == row.System) {
			return true
		}
	}
	return false
}

// codings returns the codes of a code, Coding or CodeableConcept; nil for any other
// item.
func (v *Evaluator) codings(it item) []Coding {
	if v.classOf(it) == classString {
		return []Coding{{Code: v.string(it)}}
	}
	if it.sort != sortNode {
		return nil
	}
	doc, n := v.document(it.doc), fhirjson.Index(it.ref)
	switch doc.Nodes[n].Type {
	case schema.TypeCoding:
		return []Coding{codingOf(doc, n)}
	case schema.TypeCodeableConcept:
		field := schema.Lookup(schema.TypeCodeableConcept, "coding")
		codings := []Coding{}
		for c := range doc.Children(n) {
			if doc.Nodes[c].Field == field {
				codings = append(codings, codingOf(doc, c))
			}
		}
		return codings
	default:
		return nil
	}
}

func codingOf(doc *fhirjson.Document, n fhirjson.Index) Coding {
	return Coding{System: textOf(doc, n, "system"), Version: textOf(doc, n, "version"), Code: textOf(doc, n, "code")}
}

// subsumes tells whether a code is another or more general. A code subsumes itself in
// any code system; only a service knows more.
func (v *Evaluator) subsumes(general, special item, pos int) (item, bool, error) {
	a, b := v.codings(general), v.codings(special)
	if a == nil || b == nil {
		return item{}, false, v.fail(ErrEvaluation, pos, "subsumes takes codes, Codings and CodeableConcepts")
	}
	allKnown := true
	for _, x := range a {
		if err := v.visit(1+len(b), pos); err != nil {
			return item{}, false, err
		}
		for _, y := range b {
			if x.System == y.System && x.Code == y.Code {
				return booleanItem(true), true, nil
			}
			known := false
			if v.Subsumes != nil {
				var is bool
				var err error
				if is, known, err = v.Subsumes(v.ctx, x, y); err != nil {
					return item{}, false, err
				}
				if is && known {
					return booleanItem(true), true, nil
				}
			}
			allKnown = allKnown && known
		}
	}
	return booleanItem(false), allKnown, nil
}
