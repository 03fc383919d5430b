package comprehend

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/comprehendmedical"
	"github.com/fhirlake/fhirlake/internal/clinical/pieces"
	"github.com/fhirlake/fhirlake/nlp"
	"golang.org/x/sync/errgroup"
)

// A Detector asks Comprehend Medical. It may be used by many goroutines at once.
type Detector struct {
	client     *comprehendmedical.Client
	operations []operation
	running    chan struct{} // has an element for each request that runs
}

var _ nlp.Detector = (*Detector)(nil)

// An operation is one of the service's.
type operation struct {
	name string
	most int // characters of one request
	list func(*nlp.Findings) *[]nlp.Entity
	call func(context.Context, *comprehendmedical.Client, string) (result, error)
}

// A result is what one request found.
type result struct {
	list    []nlp.Entity
	version string // of the service's model
}

// New returns a Detector. It reads the configuration of AWS but calls nobody yet, and
// reports everything that is wrong with the options. nil options are the defaults.
func New(ctx context.Context, options *Options) (*Detector, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	client, err := newClient(ctx, o)
	if err != nil {
		return nil, err
	}
	d := &Detector{client: client, running: make(chan struct{}, o.Parallel)}
	d.operations = []operation{{"DetectEntitiesV2", o.MaxEntitiesText, func(f *nlp.Findings) *[]nlp.Entity { return &f.Entities }, detectEntities}}
	if !o.WithoutICD10CM {
		d.operations = append(d.operations, operation{"InferICD10CM", o.MaxInferText, func(f *nlp.Findings) *[]nlp.Entity { return &f.ICD10CM }, inferICD10CM})
	}
	if !o.WithoutRxNorm {
		d.operations = append(d.operations, operation{"InferRxNorm", o.MaxInferText, func(f *nlp.Findings) *[]nlp.Entity { return &f.RxNorm }, inferRxNorm})
	}
	return d, nil
}

// Detect implements [nlp.Detector]. It fails if one request fails at all its attempts, by
// [ErrRefused], [ErrUnavailable], [ErrTooLarge] or ctx's error. Findings that do not fit
// the text are removed; the others then come with an error.
func (d *Detector) Detect(ctx context.Context, text string) (*nlp.Findings, error) {
	if !utf8.ValidString(text) {
		text = strings.Map(func(c rune) rune { return c }, text) // makes each invalid byte U+FFFD
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(cap(d.running))
	results := make([][]result, len(d.operations))
	for i, o := range d.operations {
		cut := pieces.Cut(text, o.most)
		results[i] = make([]result, len(cut))
		for j, piece := range cut {
			if !piece.Blank() {
				group.Go(func() (err error) {
					results[i][j], err = d.ask(within, o, piece)
					return err
				})
			}
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	found := &nlp.Findings{}
	var versions []string
	for i, o := range d.operations {
		list := o.list(found)
		for _, r := range results[i] {
			*list = append(*list, r.list...)
			if version := o.name + " " + r.version; r.version != "" && !slices.Contains(versions, version) {
				versions = append(versions, version)
			}
		}
	}
	found.ModelVersion = strings.Join(versions, ", ")
	return found, found.Clean(text)
}

// ask sends one request when it is its turn.
func (d *Detector) ask(ctx context.Context, o operation, piece pieces.Piece) (result, error) {
	select {
	case d.running <- struct{}{}:
		defer func() { <-d.running }()
	case <-ctx.Done():
		return result{}, context.Cause(ctx)
	}
	r, err := o.call(ctx, d.client, piece.Text)
	if err != nil {
		return result{}, failure(ctx, o.name, err)
	}
	piece.Move(r.list)
	return r, nil
}
