package exec_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

func TestParameters(t *testing.T) {
	for id := range schema.Types {
		typ := schema.TypeID(id)
		all := exec.New(nil, exec.Options{}).Parameters(typ)
		if row := typ.Type(); row.Kind != schema.KindResource || row.Abstract {
			assert.Empty(t, all, row.Name)
			continue
		}
		assert.NotEmpty(t, all, typ)
		for i, p := range all {
			assert.True(t, i == 0 || all[i-1].Code < p.Code, "%s: %s", typ, p.Code)
			_, err := syntax.Read(param.R4(), typ, p.Code+":missing=true", syntax.ParseOptions{})
			bare := p.Type == "composite" || p.Code == "_text" || p.Code == "_content"
			assert.Equal(t, bare, err != nil, "%s: %s", typ, p.Code)
			assert.Equal(t, p.Type == "reference", len(p.Targets) > 0, "%s: %s", typ, p.Code)
		}
	}
	assert.Empty(t, exec.New(nil, exec.Options{}).Parameters(schema.TypeID(len(schema.Types))))
	var codes []string
	for _, p := range exec.New(nil, exec.Options{}).Parameters(typeOf(t, "Location")) {
		codes = append(codes, p.Code)
	}
	assert.Subset(t, codes, []string{"_id", "_lastUpdated", "_tag", "_text", "_content", "address", "partof"})
	assert.False(t, slices.Contains(codes, "_query"), "not supported")
	subject := exec.New(nil, exec.Options{}).Parameters(typeOf(t, "Observation"))
	at := slices.IndexFunc(subject, func(p search.Parameter) bool { return p.Code == "subject" })
	assert.Equal(t, "http://hl7.org/fhir/SearchParameter/Observation-subject", subject[at].URL)
	assert.Contains(t, subject[at].Targets, "Patient")
}
