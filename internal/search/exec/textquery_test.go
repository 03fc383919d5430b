package exec_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
)

// A phrase is looked for in the documents that all else leaves, however it is written.
func TestPhraseReadsFew(t *testing.T) {
	s := newStore(t)
	for i := range 50 {
		s.put(fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","name":[{"text":"a common phrase, rare%d"}]}`, i, i/2))
	}
	read := 0
	engine := exec.New(s.index, exec.Options{Documents: func(o index.Ordinal, doc *fhirjson.Document) error {
		read++
		return fhirjson.Parse(s.sources[o], doc, nil)
	}})
	for query, want := range map[string]struct{ read, found int }{
		`_content="common phrase" rare7`: {2, 2}, `_content="common phrase" AND NOT "phrase common" AND rare7`: {4, 2},
		`_content="common phrase"&_content=rare7`: {2, 2}, `_content="common phrase"&_id=p3`: {1, 1}, `_content="common phrase"`: {50, 50},
		`_content="common phrase missing"`: {0, 0}, `_content=rare7`: {0, 2}, `_content=common-phrase OR rare7`: {50, 50},
	} {
		read = 0
		q, err := engine.Parse(typeOf(t, "Patient"), strings.ReplaceAll(query, " ", "+"), false)
		require.NoError(t, err, query)
		r, err := engine.Search(t.Context(), s.index.View(), q)
		require.NoError(t, err, query)
		require.Equal(t, want.read, read, query)
		require.Equal(t, want.found, r.Total, query)
	}
	_, err := exec.New(s.index, exec.Options{}).Search(t.Context(), s.index.View(), mustParse(t, `_content="common+phrase"`))
	require.ErrorContains(t, err, "Options.Documents is not set")
	limited := exec.New(s.index, exec.Options{CostLimit: 1000, Documents: func(o index.Ordinal, doc *fhirjson.Document) error {
		return fhirjson.Parse(s.sources[o], doc, nil)
	}})
	_, err = limited.Search(t.Context(), s.index.View(), mustParse(t, `_content="common+phrase"`))
	require.ErrorIs(t, err, exec.ErrTooCostly)
}

func mustParse(t *testing.T, query string) *syntax.Query {
	q, err := syntax.Read(param.R4(), typeOf(t, "Patient"), query, syntax.ParseOptions{})
	require.NoError(t, err)
	return q
}

// FuzzText wants every _text to be refused with a reason that is free of the value,
// or to be read again alike.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		`(bone OR liver) and metastases`, `"of the bone" NOT "x\, y",z`, `NOT NOT (a b) OR c`, `((`, `a)`, `"`, `*`, `a AND`, `,,`, `x-ray O'Hara 7.5`, `糖尿病 "`, `""`, "\\", `a"b"c(d)e`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		patient := typeOf(t, "Patient")
		q, err := syntax.Read(param.R4(), patient, "_text="+url.QueryEscape(text), syntax.ParseOptions{})
		if err != nil {
			var e *param.QueryError
			if !errors.As(err, &e) || len(e.Reason) > 100 {
				t.Fatalf("untyped or long error: %v", err)
			}
			return
		}
		again, err := syntax.Read(param.R4(), patient, q.Self(), syntax.ParseOptions{})
		require.NoError(t, err)
		require.Equal(t, q.Self(), again.Self())
		if strings.Trim(text, ",") == "" {
			require.Empty(t, q.Self())
		}
	})
}
