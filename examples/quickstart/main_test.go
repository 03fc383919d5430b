package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// The program runs to its end and says what it promises.
func TestQuickstart(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), &out, ""))
	for _, line := range []string{
		`\d+ of \d+ resources in`, `100  Patient\?_has:Observation:patient:code=8302-2`, `born 19\d\d`, `refused\n`,
		`\n +[1-9]\d*  CarePlan\?_text=`, `Observation encounter.class: by join`, `version 3 .* deleted`, `resources of 22 types as ldjson`, `with the key: 100 patients`, `with a wrong key: refused`,
	} {
		require.Regexp(t, line, out.String())
	}
}

func TestQuickstartWithData(t *testing.T) {
	const data = "../../../shared/data/synthea"
	if _, err := os.Stat(data); err != nil {
		t.Skip("the Synthea patients are absent:", err)
	}
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), &out, data))
	require.Contains(t, out.String(), "27861 of 27861 resources in")
	require.Contains(t, out.String(), "27861 resources of 16 types")
}

func TestQuickstartWithoutLdjson(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "notes.txt"), nil, 0o600))
	err := run(context.Background(), new(bytes.Buffer), folder)
	require.ErrorContains(t, err, "ingest: no input")
}
