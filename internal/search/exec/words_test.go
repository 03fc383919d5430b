package exec_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
)

// A family name of very many words is found, and does not fill the index.
func TestWordsOfFamilyNames(t *testing.T) {
	var doc fhirjson.Document
	require.NoError(t, fhirjson.Parse([]byte(`{"resourceType":"Patient","id":"p","name":[{"family":"`+strings.Repeat("de la ", 100_000)+`Cruz"}]}`), &doc, nil))
	var b index.Builder
	require.NoError(t, exec.New(nil, exec.Options{}).Extract(&doc, &b))
	assert.Less(t, b.Len(), 100)
}
