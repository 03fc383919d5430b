package nlp

import (
	"context"
	"errors"
)

// Annotate returns the findings in a text, without a store: it calls the detector, whose
// panic is an error, and removes findings that do not fit the text. If a part of the
// detector fails, Annotate returns its error with the findings of the other parts, or with
// nil. If it removed findings, the error is [ErrFindings].
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
