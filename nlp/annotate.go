package nlp

import (
	"context"
	"errors"
)

// Annotate finds what a text speaks of, without a store: it calls the detector, whose
// panic is an error, and checks what it found ([Findings.Check]).
func Annotate(ctx context.Context, detector Detector, text string) (found *Findings, err error) {
	defer func() {
		if recover() != nil {
			found, err = nil, errors.New("nlp: the detector panicked")
		}
	}()
	if found, err = detector.Detect(ctx, text); err != nil {
		return nil, err
	}
	if found == nil {
		return new(Findings), nil
	}
	return found, found.Check(text)
}
