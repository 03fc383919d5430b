package engine

import (
	"bytes"
	"cmp"
	"regexp"
	"runtime"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// linkedTypes are the types of resources that are about nobody by themselves, and are
// erased if they are reached only from erased versions.
var linkedTypes = []string{"Binary", "Bundle", "DocumentReference", "Linkage"}

// A mention is a reference to a resource of this store in the text of another.
var (
	mention = regexp.MustCompile(`"(?:[^"\\]*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?"`)
	inline  = regexp.MustCompile(`"resourceType":"([A-Z][A-Za-z]+)","id":"([A-Za-z0-9.-]{1,64})"`)
)

// mentions calls a function with each resource that a version names: by a reference, a
// URL that ends like one, or, in a Bundle, by having it.
func (r *reach) mentions(o index.Ordinal, each func(key)) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	var b buffers
	if err := r.engine.stored(o, &b); err != nil {
		return err
	}
	t, id := r.view.Key(o)
	self := key{schema.TypeID(t), id}
	text := b.stored
	if self.typ == schema.TypeBinary {
		text, _, _ = bytes.Cut(text, []byte(`"data":`))
	}
	for _, of := range []*regexp.Regexp{mention, inline} {
		for _, m := range of.FindAllSubmatch(text, -1) {
			if t, ok := schema.ResourceType(string(m[1])); ok {
				if k := (key{t, string(m[2])}); k != self {
					each(k)
				}
			}
		}
	}
	return nil
}

// linked adds resources of linkedTypes that are reached only from erased versions.
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

// A candidate is a resource of linkedTypes that is erased if nobody else is concerned.
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

// candidates finds resources of linkedTypes that have no patient and that name, or are
// named by, what is erased.
func (r *reach) candidates() (map[key]*candidate, error) {
	wanted := map[key]bool{}
	types := map[schema.TypeID]bool{}
	for _, name := range linkedTypes {
		t, _ := schema.ResourceType(name)
		types[t] = true
	}
	entities := roaring.New()
	add := func() error {
		for it := r.versions.Clone().Iterator(); it.HasNext(); {
			o := index.Ordinal(it.Next())
			entities.Add(uint32(r.view.EntityOf(o)))
			if r.view.Deleted(o) {
				continue
			}
			if err := r.mentions(o, func(k key) { wanted[k] = wanted[k] || types[k.typ] }); err != nil {
				return err
			}
		}
		return nil
	}
	if err := add(); err != nil {
		return nil, err
	}
	for it := r.view.Referring(entities).Iterator(); it.HasNext(); {
		t, id := r.view.Key(index.Ordinal(it.Next()))
		wanted[key{schema.TypeID(t), id}] = types[schema.TypeID(t)]
	}
	// What a Bundle has, and for whom a Binary is, is in no column.
	for _, t := range []schema.TypeID{schema.TypeBundle, schema.TypeBinary} {
		for o := range r.view.OfType(index.TypeID(t)).All() {
			if r.view.Hole(o) || r.view.Deleted(o) {
				continue
			}
			_, id := r.view.Key(o)
			err := r.mentions(o, func(k key) {
				if e, ok := r.view.Entity(index.TypeID(k.typ), k.id); ok && entities.Contains(uint32(e)) {
					wanted[key{t, id}] = true
				}
			})
			if err != nil {
				return nil, err
			}
		}
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

// eachNaming calls a function, for one at a time, with each version whose body has the
// name of a candidate's type as references have it. It reads all bodies, on all cores.
func (r *reach) eachNaming(candidates map[key]*candidate, look func(index.Ordinal) error) error {
	names := map[string]bool{}
	for k := range candidates {
		names[k.typ.String()+"/"] = true
	}
	const step = 4096
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(r.ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for first := index.FirstOrdinal; first <= r.view.Last(); first += step {
		g.Go(func() error {
			var b buffers
			for o := first; o < first+step && o <= r.view.Last(); o++ {
				if r.view.Hole(o) || r.view.Deleted(o) {
					continue
				}
				if err := cmp.Or(ctx.Err(), r.engine.stored(o, &b)); err != nil {
					return err
				}
				for name := range names {
					if bytes.Contains(b.stored, []byte(name)) {
						mu.Lock()
						err := look(o)
						mu.Unlock()
						if err != nil {
							return err
						}
						break
					}
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// keepNamed marks the candidates that something names which stays. References are found
// in the index; URLs of attachments are in no index, so that all bodies are read if a
// Binary is a candidate.
func (r *reach) keepNamed(candidates map[key]*candidate) error {
	of, binaries := roaring.New(), false
	for k := range candidates {
		if e, ok := r.view.Entity(index.TypeID(k.typ), k.id); ok {
			of.Add(uint32(e))
		}
		binaries = binaries || k.typ == schema.TypeBinary
	}
	look := func(o index.Ordinal) error {
		if r.view.Hole(o) || r.view.Deleted(o) || r.versions.Contains(uint32(o)) {
			return nil
		}
		t, id := r.view.Key(o)
		if candidates[key{schema.TypeID(t), id}] != nil {
			return nil
		}
		return r.mentions(o, func(k key) {
			if c := candidates[k]; c != nil {
				c.kept = true
			}
		})
	}
	if binaries {
		return r.eachNaming(candidates, look)
	}
	for it := r.view.Referring(of).Iterator(); it.HasNext(); {
		if err := look(index.Ordinal(it.Next())); err != nil {
			return err
		}
	}
	return nil
}
