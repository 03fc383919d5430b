package engine

import (
	"cmp"
	"runtime"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// mentions calls a function with each resource that a version names other than its own.
func (r *reach) mentions(o index.Ordinal, each func(key)) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	if err := r.engine.Document(o, &c.doc); err != nil {
		return err
	}
	t, id := r.view.Key(o)
	self := key{schema.TypeID(t), id}
	m := param.NewMentioner(param.R4())
	for t, id := range m.Mentions(&c.doc, false) {
		if k := (key{t, id}); k != self {
			k.id = strings.Clone(id)
			each(k)
		}
	}
	return nil
}

// mentioning returns the versions that name a resource, except swept ones: of a resource of a
// linked type all of them, and otherwise Bundles and Binaries.
func (r *reach) mentioning(k key) index.Posting {
	return r.view.Posting(r.view.Terms().Reference(param.R4().Mentions.ID, index.TypeID(k.typ), k.id))
}

// linked adds resources of linked types that are reached only from erased versions.
func (r *reach) linked() error {
	candidates, err := r.candidates()
	if err != nil || len(candidates) == 0 {
		return err
	}
	if err := r.keepNamed(candidates); err != nil {
		return err
	}
	// What names a resource of somebody else stays, and what it names stays with it.
	for changed := true; changed; {
		changed = false
		for k, c := range candidates {
			if c.stays(r, candidates) {
				delete(candidates, k)
				r.stayed[k] = c
				changed = true
			}
		}
	}
	for _, c := range candidates {
		for _, o := range c.versions {
			if err := r.take(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// A candidate is a resource of linked types that is erased if nobody else is concerned.
type candidate struct {
	versions []index.Ordinal // but for deletions
	names    map[key]bool    // resources that these name
	namedBy  map[key]bool    // other candidates that name it
	kept     bool            // something that stays names it
}

// stays reports whether a candidate must stay: something that stays names it, or it names
// something in a compartment that stays.
func (c *candidate) stays(r *reach, candidates map[key]*candidate) bool {
	if c.kept {
		return true
	}
	for k := range c.namedBy {
		if candidates[k] == nil {
			return true
		}
	}
	for k := range c.names {
		if patientStreams()[k.typ] == nil && k.typ != schema.TypePatient || candidates[k] != nil {
			continue
		}
		if k.typ == schema.TypePatient && k.id == r.patient {
			continue
		}
		if o, ok := r.view.Find(k.typ, k.id); ok && !r.erases(o) {
			return true
		}
	}
	return false
}

// erases reports whether the newest version of a resource, or the one before its deletion,
// is erased.
func (r *reach) erases(o index.Ordinal) bool {
	for ok := true; ok && r.view.Deleted(o); {
		o, ok = r.view.Previous(o)
	}
	return r.versions.Contains(uint32(o))
}

// candidates finds resources of linked types that have no patient and that name, or are
// named by, what is erased.
func (r *reach) candidates() (map[key]*candidate, error) {
	wanted := map[key]bool{}
	types := map[schema.TypeID]bool{}
	for _, name := range param.LinkedTypes {
		t, _ := schema.ResourceType(name)
		types[t] = true
	}
	entities := roaring.New()
	for it := r.versions.Iterator(); it.HasNext(); {
		entities.Add(uint32(r.view.EntityOf(index.Ordinal(it.Next()))))
	}
	err := r.eachOf(r.versions, func(_ index.Ordinal, names []key) {
		for _, k := range names {
			wanted[k] = types[k.typ]
		}
	})
	if err != nil {
		return nil, err
	}
	for it := r.view.Referring(entities).Iterator(); it.HasNext(); {
		t, id := r.view.Key(index.Ordinal(it.Next()))
		wanted[key{schema.TypeID(t), id}] = types[schema.TypeID(t)]
	}
	// What a Bundle has, and for whom a Binary is, is mentioned and no more.
	for it := entities.Iterator(); it.HasNext(); {
		t, id := r.view.EntityKey(index.Entity(it.Next()))
		for o := range r.mentioning(key{schema.TypeID(t), id}).All() {
			t, id := r.view.Key(index.Ordinal(o))
			wanted[key{schema.TypeID(t), id}] = types[schema.TypeID(t)]
		}
	}
	swept := roaring.New()
	for t := range types {
		swept.Or(r.view.OfType(index.TypeID(t)).Intersect(r.engine.index.Swept()))
	}
	err = r.eachOf(swept, func(o index.Ordinal, names []key) {
		for _, k := range names {
			if e, ok := r.view.Entity(index.TypeID(k.typ), k.id); ok && entities.Contains(uint32(e)) {
				t, id := r.view.Key(o)
				wanted[key{schema.TypeID(t), id}] = true
			}
		}
	})
	if err != nil {
		return nil, err
	}
	found := map[key]*candidate{}
	var next func(k key) error
	next = func(k key) error {
		if found[k] != nil || !types[k.typ] {
			return nil
		}
		c, err := r.candidate(k)
		if c == nil || err != nil {
			return err
		}
		found[k] = c
		for named := range c.names { // a Binary of a document that has no patient
			if err := next(named); err != nil {
				return err
			}
		}
		return nil
	}
	for k, is := range wanted {
		if !is {
			continue
		}
		if err := next(k); err != nil {
			return nil, err
		}
	}
	for k, c := range found {
		for named := range c.names {
			if other := found[named]; other != nil {
				other.namedBy[k] = true
			}
		}
	}
	return found, nil
}

// candidate returns a resource as a candidate, nil if it is none: it is not there, or one
// of its versions has a patient.
func (r *reach) candidate(k key) (*candidate, error) {
	c := &candidate{names: map[key]bool{}, namedBy: map[key]bool{}}
	for o, ok := r.view.Find(k.typ, k.id); ok; o, ok = r.view.Previous(o) {
		if r.view.Deleted(o) {
			continue
		}
		if patientStreams()[k.typ] != nil {
			patient, several, err := r.patientOf(k.typ, o)
			if err != nil {
				return nil, err
			}
			if several || patient != "" {
				return nil, nil
			}
		}
		c.versions = append(c.versions, o)
		if err := r.mentions(o, func(k key) { c.names[k] = true }); err != nil {
			return nil, err
		}
	}
	if len(c.versions) == 0 {
		return nil, nil
	}
	return c, nil
}

// eachOf calls a function, for one at a time, with each version of a set and the resources
// that it names. It reads the bodies, on all cores.
func (r *reach) eachOf(versions *roaring.Bitmap, look func(o index.Ordinal, names []key)) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(r.ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	const step = 1024
	for it := versions.ManyIterator(); ; {
		some := make([]uint32, step)
		some = some[:it.NextMany(some)]
		if len(some) == 0 || ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			for _, v := range some {
				o := index.Ordinal(v)
				if r.view.Hole(o) || r.view.Deleted(o) {
					continue
				}
				var names []key
				if err := cmp.Or(ctx.Err(), r.mentions(o, func(k key) { names = append(names, k) })); err != nil {
					return err
				}
				mu.Lock()
				look(o, names)
				mu.Unlock()
			}
			return nil
		})
	}
	return cmp.Or(g.Wait(), r.ctx.Err())
}

// keepNamed marks the candidates that something names which stays. The index finds it, but
// for what was swept: of that all bodies are read.
func (r *reach) keepNamed(candidates map[key]*candidate) error {
	of := r.engine.index.Swept().Clone()
	entities := roaring.New()
	for k := range candidates {
		if e, ok := r.view.Entity(index.TypeID(k.typ), k.id); ok {
			entities.Add(uint32(e))
		}
		for o := range r.mentioning(k).All() {
			of.Add(uint32(o))
		}
	}
	of.Or(r.view.Referring(entities))
	of.AndNot(r.versions)
	for k := range candidates {
		for o, ok := r.view.Find(k.typ, k.id); ok; o, ok = r.view.Previous(o) {
			of.Remove(uint32(o))
		}
	}
	return r.eachOf(of, func(_ index.Ordinal, names []key) {
		for _, k := range names {
			if c := candidates[k]; c != nil {
				c.kept = true
			}
		}
	})
}
