package nlp

import (
	"context"
	"errors"
)

// Annotate finds what a text speaks of, without a store: it calls the detector, whose
// panic is an error, and removes from the findings what does not fit to the text. With an
// error of the detector it returns what was found although a part failed, which may be
// nil; that findings had to be removed is an error that is [ErrFindings].
func Annotate(ctx context.Context, detector Detector, text string) (found *Findings, err error) {
	defer func() {
		if recover() != nil {
			found, err = nil, errors.New("nlp: the detector panicked")
		}
	}()
	found, err = detector.Detect(ctx, text)
	if found == nil && err == nil {
		found = new(Findings)
	}
	return found, errors.Join(err, found.Clean(text))
}
