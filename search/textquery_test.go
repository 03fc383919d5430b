package search_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/search"
)

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
		q, err := search.Parse(patient, "_text="+url.QueryEscape(text), search.ParseOptions{})
		if err != nil {
			var e *search.QueryError
			if !errors.As(err, &e) || len(e.Reason) > 100 {
				t.Fatalf("untyped or long error: %v", err)
			}
			return
		}
		again, err := search.Parse(patient, q.Self(), search.ParseOptions{})
		require.NoError(t, err)
		require.Equal(t, q.Self(), again.Self())
		if strings.Trim(text, ",") == "" {
			require.Empty(t, q.Self())
		}
	})
}
