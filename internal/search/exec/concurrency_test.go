package exec_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Readers search and extract while one goroutine writes. Each answer must be of
// one record: every record adds one patient of each gender.
func TestReadersBesideAWriter(t *testing.T) {
	const records, readers = 60, 4
	s := newStore(t)
	source := func(i int, gender string) string {
		return fmt.Sprintf(`{"resourceType":"Patient","id":"%s%d","gender":%q,"name":[{"family":"Ünal %d"}],"birthDate":"19%02d"}`, gender, i, gender, i%7, i%90)
	}
	queries := []string{"gender=male", "gender:not=male", "birthdate=ge1900&gender=female", "family=unal&gender=male"}
	var wg sync.WaitGroup
	for reader := range readers {
		wg.Go(func() {
			var doc fhirjson.Document
			var b index.Builder
			for range records {
				view := s.index.View()
				q, err := s.engine.Parse(typeOf(t, "Patient"), queries[reader], false)
				assert.NoError(t, err)
				r, err := s.engine.Search(t.Context(), view, q)
				if assert.NoError(t, err) {
					assert.EqualValues(t, view.Sequence(), r.Total, queries[reader])
				}
				b.Reset()
				assert.NoError(t, fhirjson.Parse([]byte(source(reader, "male")), &doc, nil))
				assert.NoError(t, s.engine.Extract(&doc, &b))
				assert.NotZero(t, b.Len())
			}
		})
	}
	for i := range records {
		s.put(source(i, "male"), source(i, "female"))
	}
	wg.Wait()
	_, r := s.search("Patient", "_count=0")
	assert.Equal(t, 2*records, r.Total)
	assert.NotZero(t, param.Version(typeOf(t, "Patient")))
}
