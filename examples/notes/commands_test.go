package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnnotate(t *testing.T) {
	lines := []string{
		`"Denies asthma <b> & takes Lipitor 20 mg."`,
		``,
		`{"no": "string"}`,
		`null`,
		`"cut`,
		`"\ud800 asthma \udc00\ud83d\ude00 gout"`,
		"  \"\"  \r",
		`"` + strings.Repeat("x", 1<<20) + ` gout"`,
		`"gout"`, // without a line end
	}
	var out bytes.Buffer
	require.NoError(t, annotate(nil, strings.NewReader(strings.Join(lines, "\n")), &out))
	answers := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, answers, len(lines))
	read := make([]map[string]any, len(answers))
	for i, a := range answers {
		require.NoError(t, json.Unmarshal([]byte(a), &read[i]))
		for _, key := range []string{"Entities", "ICD10CM", "RxNorm"} {
			require.IsType(t, []any{}, read[i][key], i)
		}
		require.Equal(t, 1 <= i && i <= 4, read[i]["Error"] != nil, i)
	}
	entity := func(i, k int) map[string]any { return read[i]["Entities"].([]any)[k].(map[string]any) }
	require.Equal(t, "asthma", entity(0, 0)["Text"])
	require.Equal(t, 2.0, entity(5, 0)["BeginOffset"])
	require.Equal(t, 12.0, entity(5, 1)["BeginOffset"])
	require.Empty(t, read[6]["Entities"])
	require.Equal(t, float64(1<<20+1), entity(7, 0)["BeginOffset"])
	require.Equal(t, "gout", entity(8, 0)["Text"])
	icd := read[0]["ICD10CM"].([]any)[0].(map[string]any)
	require.Equal(t, "NEGATION", icd["Traits"].([]any)[1].(map[string]any)["Name"])
	require.Len(t, read[0]["RxNorm"].([]any)[0].(map[string]any)["RxNormConcepts"], 2)

	out.Reset()
	require.NoError(t, annotate(nil, strings.NewReader(""), &out))
	require.Empty(t, out.String())
}

func TestVocabulary(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, vocabulary(nil, nil, &out))
	kinds := map[string]int{}
	for line := range strings.Lines(out.String()) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		require.Len(t, columns, 5)
		require.Equal(t, columns[2] == "-", columns[3] == "", line)
		kinds[columns[0]]++
	}
	require.Len(t, kinds, 5)
	require.GreaterOrEqual(t, kinds["condition"], 1500)
	require.GreaterOrEqual(t, kinds["medication"], 800)
	require.GreaterOrEqual(t, kinds["test"]+kinds["procedure"], 300)
	require.GreaterOrEqual(t, kinds["anatomy"], 150)
}

func TestShow(t *testing.T) {
	dir := t.TempDir()
	file, page := filepath.Join(dir, "note.txt"), filepath.Join(dir, "page.html")
	require.NoError(t, os.WriteFile(file, []byte("Denies asthma.\x1b[2J <script>\nLipitor 20 mg."), 0o600))
	var out bytes.Buffer
	require.NoError(t, show([]string{file}, nil, &out))
	require.Contains(t, out.String(), "Denies [asthma].")
	require.Contains(t, out.String(), "J45.909")
	require.Contains(t, out.String(), "negation: denies")
	require.NotContains(t, out.String(), "\x1b")
	_, derived, found := strings.Cut(out.String(), "a store derives")
	require.True(t, found)
	require.Contains(t, derived, "MedicationStatement")
	require.Contains(t, derived, "Linkage")
	require.NotContains(t, derived, "Condition", "what is negated yields none")

	out.Reset()
	require.NoError(t, show([]string{"-"}, strings.NewReader("gout"), &out))
	require.Contains(t, out.String(), "[gout]")

	out.Reset()
	require.NoError(t, show(nil, nil, &out))
	require.Contains(t, out.String(), "synthetic note 1")

	require.NoError(t, show([]string{"-html", page, file}, nil, &out))
	html, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(html), `<mark class="condition absent"`)
	require.Contains(t, string(html), "<td>MedicationStatement<td>Lipitor")
	require.NotContains(t, string(html), "<script>")
	for _, outside := range []string{"http://", "https://", "src=", "<link"} {
		require.NotContains(t, string(html), outside)
	}

	require.ErrorIs(t, show([]string{"-nonsense"}, nil, &out), errUsage)
	require.Error(t, show([]string{filepath.Join(dir, "none")}, nil, &out))
}
