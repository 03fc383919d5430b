package clinical

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/fhirlake/fhirlake/internal/clinical/lexicon"
	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// ErrTooLong is returned when a text has more characters than Options.MaxCharacters.
var ErrTooLong = errors.New("clinical: the text is too long")

// ErrVocabulary is returned when a vocabulary of Options cannot be read.
var ErrVocabulary = errors.New("clinical: a vocabulary cannot be read")

// Options are the options of a Detector. The zero value of each field is its default.
type Options struct {
	// Vocabularies are read by New and come before the embedded one: if both know a term,
	// the concepts of the first vocabulary come first. None by default.
	Vocabularies []Vocabulary

	// WithoutEmbedded leaves the embedded vocabulary out.
	WithoutEmbedded bool

	// MaxCharacters is the number of Unicode code points that a text may have. 0 means
	// no limit.
	MaxCharacters int

	// WithoutPHI leaves protected health information out of the findings. Names are
	// recognized all the same, so that they are not taken for conditions.
	WithoutPHI bool
}

// A Vocabulary is a source of terms for Options.
type Vocabulary struct {
	read func() ([]vocabulary.Entry, error)
}

// ICD10CMOrder returns the vocabulary of an ICD-10-CM order file
// (icd10cm-order-YYYY.txt): codes with short and long titles. name stands in errors.
func ICD10CMOrder(name string, r io.Reader) Vocabulary {
	return Vocabulary{func() ([]vocabulary.Entry, error) { return lexicon.ICD10CMOrder(name, r) }}
}

// ICD10CMTabular returns the vocabulary of an ICD-10-CM tabular list
// (icd10cm-tabular-YYYY.xml): codes with titles and inclusion terms. name stands in errors.
func ICD10CMTabular(name string, r io.Reader) Vocabulary {
	return Vocabulary{func() ([]vocabulary.Entry, error) { return lexicon.ICD10CMTabular(name, r) }}
}

// RxNorm returns the vocabulary of an RxNorm release: RXNCONSO.RRF anywhere in folder,
// and RXNREL.RRF for the ingredients of brands.
func RxNorm(folder fs.FS) Vocabulary {
	return Vocabulary{func() ([]vocabulary.Entry, error) { return lexicon.RxNorm(folder) }}
}

// SNOMED returns the vocabulary of a SNOMED CT release in format RF2: the snapshot of
// English descriptions anywhere in folder, and the extended map to ICD-10-CM for codes.
func SNOMED(folder fs.FS) Vocabulary {
	return Vocabulary{func() ([]vocabulary.Entry, error) { return lexicon.SNOMED(folder) }}
}

// CSV returns a vocabulary of comma-separated values with a header line that names the
// columns term, kind, code, synonyms and flags; only term is needed (docs/nlp.md). name
// stands in errors.
func CSV(name string, r io.Reader) Vocabulary {
	return Vocabulary{func() ([]vocabulary.Entry, error) { return lexicon.CSV(name, r) }}
}

// entries reads all vocabularies.
func (o *Options) entries() ([]vocabulary.Entry, error) {
	var all []vocabulary.Entry
	var failed []error
	for _, v := range o.Vocabularies {
		if v.read == nil {
			failed = append(failed, fmt.Errorf("%w: it was not made by a function of the package", ErrVocabulary))
			continue
		}
		entries, err := v.read()
		if err != nil {
			failed = append(failed, fmt.Errorf("%w: %w", ErrVocabulary, err))
		}
		all = append(all, entries...)
	}
	if o.MaxCharacters < 0 {
		failed = append(failed, errors.New("clinical: Options.MaxCharacters is negative; 0 means no limit"))
	}
	if !o.WithoutEmbedded {
		all = append(all, vocabulary.Entries()...)
	}
	return all, errors.Join(failed...)
}
