package main

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/stretchr/testify/require"
)

// The committed tables are what the definitions and the protos give.
func TestTablesAreCurrent(t *testing.T) {
	err := run("../../../../shared/data/fhir-r4", "..", true)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the R4 definitions are absent: the tables cannot be made anew:", err)
	}
	require.NoError(t, err)
}

func TestSplitUnion(t *testing.T) {
	require.Equal(t, []string{"A.b", "(A.c | A.d).e", "A.f.where(x = '|')"},
		splitUnion("A.b | (A.c | A.d).e|A.f.where(x = '|')"))
	require.Equal(t, "B.x | (B.y as date)", onBase("A.x | B.x | (B.y as date)", "B"))
	require.Equal(t, "name | alias", onBase("name | alias", "InsurancePlan"))
}

// Lookup and the generator hash alike, or no field would be found.
func TestHashAgrees(t *testing.T) {
	require.Equal(t, schema.Lookup(schema.TypePatient, "birthDate").Field().Name, "birthDate")
}
