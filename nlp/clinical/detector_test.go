package clinical_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/fhirlake/fhirlake/nlp/clinical"
	"github.com/stretchr/testify/require"
)

func TestLook(t *testing.T) {
	d, err := clinical.New(nil)
	require.NoError(t, err)
	f, err := d.Detect(context.Background(), "Dr. Burns: Patient denies left knee pain. BP 130/80 mmHg. Mother had a heart attack in 2015. Lipitor 20 mg daily for high cholesterol. Depression screening done.")
	require.NoError(t, err)
	for _, e := range f.Entities {
		b, _ := json.Marshal(e)
		t.Log(string(b))
	}
	for _, e := range append(f.ICD10CM, f.RxNorm...) {
		t.Log(e.Text, e.ICD10CMConcepts, e.RxNormConcepts)
	}
}
