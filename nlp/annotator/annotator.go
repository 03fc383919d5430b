package annotator

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/attachment"
)

// DefaultMaxEntities is how many entities one text may have.
const DefaultMaxEntities = 10_000

// Options say how documents are annotated. The zero value of each field is its default.
type Options struct {
	// MaxCharacters is the length of a text, in Unicode code points, beyond which it is
	// VALIDATION_ERROR: no limit by default.
	MaxCharacters int
	// MaxEntities is how many entities of each kind a text may have before it is
	// VALIDATION_ERROR: DefaultMaxEntities by default.
	MaxEntities int
	// WithoutDerived derives no resources.
	WithoutDerived bool
	// Attachments are the bounds of reading attachments; nil is the default.
	Attachments *attachment.Options
}

// New returns the annotator of a detector. It may be used by many goroutines at once, if
// the detector may.
func New(detector nlp.Detector, options *Options) nlp.Annotator {
	a := &annotator{detector: detector}
	if options != nil {
		a.options = *options
	}
	if a.options.MaxEntities == 0 {
		a.options.MaxEntities = DefaultMaxEntities
	}
	return a
}

type annotator struct {
	detector nlp.Detector
	options  Options
}

// Annotate implements [nlp.Annotator]. It fails only if ctx ends: the extension tells every
// other failure.
func (a *annotator) Annotate(ctx context.Context, doc *nlp.Document) (*nlp.Annotation, error) {
	out := new(nlp.Annotation)
	var all []*nlp.Findings
	for i := range doc.Attachments {
		found, err := a.read(ctx, &doc.Attachments[i])
		if ended := ctx.Err(); ended != nil {
			return nil, ended
		}
		in := func(err error) error { return fmt.Errorf("content[%d]: %w", doc.Attachments[i].Content, err) }
		if err != nil {
			err = in(err)
		}
		if found != nil {
			x, long := extension(found, err)
			if long == nil {
				out.Extensions, all = append(out.Extensions, x), append(all, found)
				continue
			}
			err = in(long)
		}
		if err != nil {
			out.Extensions = append(out.Extensions, nlp.Failure(err))
		}
	}
	if !a.options.WithoutDerived {
		derive(out, doc, all)
	}
	return out, nil
}

// read returns the findings in an attachment, nil if it has no text. If a part of the
// detector fails, read returns the findings of the others with the error.
func (a *annotator) read(ctx context.Context, of *nlp.Attachment) (*nlp.Findings, error) {
	switch {
	case errors.Is(of.Err, nlp.ErrElsewhere):
		return nil, nil
	case of.Err != nil:
		return nil, of.Err
	case !attachment.Readable(of.ContentType):
		return nil, nil
	}
	text, err := attachment.Text(ctx, of.ContentType, of.Data, a.options.Attachments)
	if err != nil {
		return nil, err
	}
	if limit := a.options.MaxCharacters; limit > 0 && utf8.RuneCountInString(text) > limit {
		return nil, fmt.Errorf("nlp: the text has more than %d characters", limit)
	}
	found, err := nlp.Annotate(ctx, bounded{a.detector, a.options.MaxEntities}, text)
	if found == nil || errors.Is(err, nlp.ErrFindings) {
		return nil, err
	}
	return found, err
}

// bounded is a detector that fails if it finds too much.
type bounded struct {
	nlp.Detector
	limit int
}

func (b bounded) Detect(ctx context.Context, text string) (*nlp.Findings, error) {
	found, err := b.Detector.Detect(ctx, text)
	if found != nil && max(len(found.Entities), len(found.ICD10CM), len(found.RxNorm)) > b.limit {
		return nil, fmt.Errorf("nlp: the text has more than %d entities", b.limit)
	}
	return found, err
}
