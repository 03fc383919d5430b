package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

// TestCustomParametersAreImported imports search parameters among the resources that
// they are about.
func TestCustomParametersAreImported(t *testing.T) {
	parameter := func(code, expression string) string {
		return fmt.Sprintf(`{"resourceType":"SearchParameter","id":"%s","url":"http://example.org/%s","name":"%s","status":"active","description":"d","code":"%s","base":["Patient"],"type":"string","expression":"%s"}`,
			code, code, code, code, expression)
	}
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintln(&text, patient(fmt.Sprint("p", i), fmt.Sprint("Family", i%10)))
		switch i {
		case 100:
			fmt.Fprintln(&text, parameter("house", "Patient.name.family.substring(6)"))
		case 200:
			fmt.Fprintln(&text, parameter("wrong", "Patient.nmae"))
		}
	}
	store := open(t, nil)
	result, err := run(t, store, ingest.Options{Reader: strings.NewReader(text.String())})
	require.NoError(t, err)
	require.EqualValues(t, 501, result.Imported)
	require.EqualValues(t, 1, result.Failed())
	require.NoError(t, store.WaitIndexed(ctx))
	page, err := store.Search(ctx, "Patient", "house=7&_count=0")
	require.NoError(t, err)
	require.Equal(t, 50, page.Total)
}
