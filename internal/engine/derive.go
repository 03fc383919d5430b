package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/nlp"
)

// A derivedType is one of nlp.DerivedTypes.
type derivedType struct {
	typ     schema.TypeID
	subject schema.FieldID // the member that says whom it is about; 0 of a Linkage, which has none
}

var derivedTypes = func() (types [len(nlp.DerivedTypes)]derivedType) {
	for i, name := range nlp.DerivedTypes {
		t, _ := schema.ResourceType(name)
		types[i] = derivedType{t, max(schema.Lookup(t, "subject"), schema.Lookup(t, "patient"))} // it has one of them
	}
	return types
}()

// prepareDerived prepares the resources that an annotator derived from a document. It
// refuses all of them if one is invalid, is of a type that is not derived, has another
// subject than the document, or has an id that does not follow from the document's.
// They get the time that the document brings.
func (e *Engine) prepareDerived(ctx context.Context, sources [][]byte, document *Prepared, subject string) ([]*Prepared, error) {
	if len(sources) > nlp.MaxDerived {
		return nil, fmt.Errorf("nlp: the annotator derived more than %d resources", nlp.MaxDerived)
	}
	prefix := nlp.DerivedPrefix(document.ID)
	numbers := map[schema.TypeID]int{}
	all := make([]*Prepared, 0, len(sources))
	for _, source := range sources {
		how := &How{Check: Check{Level: Strict, WithoutInvariants: true}, Know: true, time: document.brought.time(), Rewrite: func(_ context.Context, doc *fhirjson.Document) ([]byte, error) {
			return nil, checkDerived(doc, subject)
		}}
		p, err := e.Prepare(ctx, source, how)
		if err != nil {
			return nil, fmt.Errorf("nlp: a derived resource is not taken: %w", err)
		}
		if rest, ok := strings.CutPrefix(p.ID, prefix); !ok || rest != strconv.Itoa(numbers[p.Type]) {
			return nil, errors.New("nlp: a derived resource does not have the document's next id of its type")
		}
		numbers[p.Type]++
		all = append(all, p)
	}
	return all, nil
}

// checkDerived checks the type and the subject of a derived resource.
func checkDerived(doc *fhirjson.Document, subject string) error {
	i := slices.IndexFunc(derivedTypes[:], func(d derivedType) bool { return d.typ == doc.Type() })
	if i < 0 {
		return fmt.Errorf("nlp: a %s is not derived from documents", doc.Type())
	}
	field := derivedTypes[i].subject
	if field == 0 {
		return nil
	}
	about := ""
	if n, ok := doc.Child(0, field); ok {
		about = textOf(doc, n, referenceText)
	}
	if about != subject {
		return fmt.Errorf("nlp: a derived %s is not about the document's subject", doc.Type())
	}
	return nil
}

// derive adds the operations on resources derived from a written document: the
// annotation's resources are written, older ones are deleted. A derived resource that
// somebody else wrote or deleted since is left alone. An imported resource may have
// been derived by the other store's annotator; a store without annotator leaves it
// alone too, since it could not derive it again.
func (t *taking) derive(o *Op, old known) error {
	imported := t.engine.annotates(o.Type)
	numbers := map[schema.TypeID]int{}
	for _, p := range o.derived {
		numbers[p.Type]++
		if err := t.deriveOne(p, imported); err != nil {
			return err
		}
	}
	if old.version == 0 && !t.engine.annotates(o.Type) {
		return nil // nothing was derived from an earlier version
	}
	prefix := nlp.DerivedPrefix(o.ID)
	for _, d := range derivedTypes {
		for n := numbers[d.typ]; ; n++ {
			k := key{d.typ, prefix + strconv.Itoa(n)}
			is := t.stateOf(k)
			if is.version == 0 {
				break
			}
			if !is.exists() {
				continue
			}
			deletion := PrepareDeletion(d.typ, k.id)
			if b := o.brought.time(); b.timed {
				if err := deletion.Bring("", true, b.micros); err != nil {
					return err
				}
			}
			if err := t.deriveOne(deletion, imported); err != nil {
				return err
			}
		}
	}
	return nil
}

// deriveOne writes a derived resource, or deletes it, unless its last version is
// somebody else's, or later than the time that the document brings. An imported version
// is somebody else's unless imported is set.
func (t *taking) deriveOne(p *Prepared, imported bool) error {
	k := key{p.Type, p.ID}
	is := t.stateOf(k)
	if is.version > 0 {
		by, err := t.writer(is)
		if err != nil {
			return err
		}
		if by != Derived && !(imported && (by == Import || by == Restore)) {
			return nil
		}
	}
	o := Op{Prepared: p, Interaction: Derived, Condition: Condition{SkipSame: true, SkipRefused: true}}
	t.extra = append(t.extra, o)
	t.versions = append(t.versions, Version{})
	return t.op(len(t.versions)-1, &o)
}

// writer returns what wrote the newest version of a resource.
func (t *taking) writer(is known) (Interaction, error) {
	if is.ordinal == 0 {
		return is.by, nil
	}
	return t.engine.Last().Interaction(is.ordinal)
}

// wasDerived reports whether a version of a resource was derived from a document by this
// store.
func (t *taking) wasDerived(k key, newest known) (bool, error) {
	if newest.derived {
		return true, nil
	}
	view := t.engine.Last()
	for o, ok := view.Find(k.typ, k.id); ok; o, ok = view.Previous(o) {
		if by, err := view.Interaction(o); err != nil || by == Derived {
			return err == nil, err
		}
	}
	return false, nil
}
