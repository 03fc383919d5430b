package httpnlp

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/clinical/pieces"
	"github.com/fhirlake/fhirlake/internal/retry"
	"github.com/fhirlake/fhirlake/nlp"
	"golang.org/x/sync/errgroup"
)

// A Detector asks a service. It may be used by many goroutines at once.
type Detector struct {
	options Options
	client  http.Client
	policy  retry.Policy
	running chan struct{} // has an element for each request that runs
}

var _ nlp.Detector = (*Detector)(nil)

// New returns a Detector, which calls nobody yet. It reports everything that is wrong with
// the options.
func New(options Options) (*Detector, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	d := &Detector{options: o, running: make(chan struct{}, o.Parallel)}
	d.policy = retry.Policy{Attempts: o.Attempts, First: o.Pause, Max: o.MaxPause, Patience: o.Patience}
	if o.Client != nil {
		d.client = *o.Client
	}
	d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return d, nil
}

// Detect implements [nlp.Detector]. It fails if one request fails at all its attempts, by
// [ErrRefused], [ErrUnavailable], [ErrAnswer], [ErrTooLarge] or ctx's error. Findings that
// do not fit the text are removed; the others then come with an error.
func (d *Detector) Detect(ctx context.Context, text string) (*nlp.Findings, error) {
	if !utf8.ValidString(text) {
		text = strings.Map(func(c rune) rune { return c }, text) // makes each invalid byte U+FFFD
	}
	urls := []string{d.options.URL, d.options.ICD10CM, d.options.RxNorm}
	cut := pieces.Cut(text, d.options.MaxCharacters)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(d.options.Parallel)
	answers := make([][]answer, len(urls))
	for i, url := range urls {
		if url == "" {
			continue
		}
		answers[i] = make([]answer, len(cut))
		for j, piece := range cut {
			if !piece.Blank() {
				group.Go(func() (err error) {
					answers[i][j], err = d.ask(within, url, piece)
					return err
				})
			}
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	found := d.join(answers)
	return found, found.Clean(text)
}

// join puts the answers for the pieces together.
func (d *Detector) join(answers [][]answer) *nlp.Findings {
	found := &nlp.Findings{}
	var versions []string
	for i, each := range answers {
		for _, a := range each {
			switch i {
			case 0:
				found.Entities = append(found.Entities, a.Entities...)
				if d.options.ICD10CM == "" {
					found.ICD10CM = append(found.ICD10CM, a.icd10cm()...)
				}
				if d.options.RxNorm == "" {
					found.RxNorm = append(found.RxNorm, a.rxnorm()...)
				}
			case 1:
				found.ICD10CM = append(found.ICD10CM, a.Entities...)
			case 2:
				found.RxNorm = append(found.RxNorm, a.Entities...)
			}
			if a.ModelVersion != "" && !slices.Contains(versions, a.ModelVersion) && len(versions) < 8 {
				versions = append(versions, a.ModelVersion)
			}
		}
	}
	found.ModelVersion = strings.Join(versions, ", ")
	return found
}

// ask sends one request when it is its turn.
func (d *Detector) ask(ctx context.Context, url string, piece pieces.Piece) (answer, error) {
	select {
	case d.running <- struct{}{}:
		defer func() { <-d.running }()
	case <-ctx.Done():
		return answer{}, context.Cause(ctx)
	}
	a, err := d.post(ctx, url, piece.Text)
	if err != nil {
		return answer{}, err
	}
	piece.Move(a.Entities)
	piece.Move(a.ICD10CM)
	piece.Move(a.RxNorm)
	return a, nil
}
