package clinical

import (
	"context"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/clinical/assertion"
	"github.com/fhirlake/fhirlake/internal/clinical/lexicon"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/phi"
	"github.com/fhirlake/fhirlake/nlp"
)

// A Detector finds entities in notes. It is an nlp.Detector. Many goroutines may use it.
type Detector struct {
	dictionary *lexicon.Dictionary
	terms      []term // by the number of a sense
	version    string
	limit      int
	withoutPHI bool
	most       int       // entities that a text may have; 0 is no limit
	memory     sync.Pool // of *scratch
}

// New makes a Detector. It reads the vocabularies of opts, which may be nil, and
// reports everything that is wrong with them at once (ErrVocabulary).
func New(opts *Options) (*Detector, error) {
	if opts == nil {
		opts = &Options{}
	}
	entries, err := opts.entries()
	if err != nil {
		return nil, err
	}
	d := &Detector{
		dictionary: lexicon.New(entries),
		terms:      newTerms(entries),
		version:    "fhirlake-clinical-1",
		limit:      opts.MaxCharacters,
		withoutPHI: opts.WithoutPHI,
	}
	if len(opts.Vocabularies) > 0 {
		d.version += fmt.Sprintf("+%d", len(opts.Vocabularies))
	}
	return d, nil
}

// Detect finds the entities of a text. It reports ErrTooLong if the text is longer than
// Options.MaxCharacters, and the error of ctx if that ends first. Bytes that are not UTF-8
// count as one code point each.
func (d *Detector) Detect(ctx context.Context, text string) (*nlp.Findings, error) {
	if d.limit > 0 && len(text) > d.limit && utf8.RuneCountInString(text) > d.limit {
		return nil, fmt.Errorf("%w: more than %d characters", ErrTooLong, d.limit)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	memory, _ := d.memory.Get().(*scratch)
	if memory == nil {
		memory = &scratch{}
	}
	defer func() {
		memory.reset()
		d.memory.Put(memory)
	}()
	r := reading{Detector: d, ctx: ctx, note: note.Parse(text), scratch: memory}
	for _, step := range []func(){
		func() { r.private = phi.Find(r.note) },
		func() { r.matches = d.dictionary.Find(r.note) },
		func() { r.context = assertion.Parse(r.note) },
		r.read,
		r.social,
	} {
		if step(); ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if n := len(r.mentions) + len(r.times); d.most > 0 && n > d.most {
		return nil, fmt.Errorf("clinical: the text has more than %d entities", d.most)
	}
	return r.findings(), nil
}
