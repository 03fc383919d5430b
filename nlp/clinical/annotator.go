package clinical

import (
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/annotator"
)

// Annotator returns an annotator for datastore.Options that reads documents with a
// Detector of these options; nil is the default for both. It reports what New does.
func Annotator(opts *Options, of *annotator.Options) (nlp.Annotator, error) {
	detector, err := New(opts)
	if err != nil {
		return nil, err
	}
	detector.most = annotator.DefaultMaxEntities // more would be refused once they are made
	if of != nil && of.MaxEntities != 0 {
		detector.most = of.MaxEntities
	}
	return annotator.New(detector, of), nil
}
