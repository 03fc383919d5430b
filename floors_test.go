package fhirlake_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/fhirlake/fhirlake"

// floors is the architecture of docs/design.md: a package may import packages of
// lower floors, and those of its own floor that come before it in the list.
var floors = [][]string{
	{"internal/cputime", "internal/golden", "internal/longrun", "internal/durable", "internal/decimal", "internal/fhirtime", "internal/schema", "internal/etag", "internal/quote", "internal/urlquery", "issue", "access", "internal/fhirjson", "internal/fhirjson/fhirjsontest", "internal/fhirxml", "internal/fhirproto", "internal/jsonpatch", "internal/pagetoken", "internal/retry", "internal/virtual", "internal/pdf", "internal/ucum", "internal/pack", "internal/killpoint", "internal/seal", "internal/txlog", "internal/txlog/txlogtest"},
	{"internal/index", "internal/terminology", "internal/terminology/terms", "internal/synth", "internal/fhirpath/syntax", "internal/fhirpath", "fhirpath", "internal/pathpatch"},
	{"nlp", "nlp/attachment", "nlp/annotator", "internal/clinical/pieces", "internal/clinical/note", "internal/clinical/assertion", "internal/clinical/dosage", "internal/clinical/vocabulary", "internal/clinical/lexicon", "internal/clinical/value", "internal/clinical/phi", "nlp/clinical", "nlp/comprehend", "nlp/httpnlp", "search", "internal/search/param", "internal/search/extract", "internal/search/custom", "internal/search/query", "internal/search/exec"},
	{"internal/engine", "internal/bundle", "datastore", "datastore/repair", "internal/storetest"},
	{"internal/jobs", "jobs", "ingest", "ingest/bucket", "ingest/bulk", "export"},
	{"datastore/rest/internal/browse", "datastore/rest", "datastore/rest/smart", "datastore/rest/telemetry", "datastore/rest/serve"},
	{"examples/internal/bar", "examples/quickstart", "examples/server", "examples/admin", "examples/analytics", "examples/bench", "examples/notes"},
}

// protoPackages may import google/fhir: floor 3 and above, and the generator of the
// schema tables, which nothing imports.
var protoPackages = map[string]bool{"internal/schema/gen": true}

// Each package tells in its doc.go what it is for. Programs that generate tables, and the
// examples, tell it in their main.go.
func TestEveryPackageHasDoc(t *testing.T) {
	for _, floor := range floors {
		for _, name := range floor {
			if !strings.HasPrefix(name, "examples/") {
				require.FileExists(t, filepath.Join(name, "doc.go"))
			}
		}
	}
}

func TestImportsPointDown(t *testing.T) {
	rank := map[string]int{"": 1 << 20, "internal/schema/gen": 1 << 20, "internal/ucum/gen": 1 << 20, "internal/pack/gen": 1 << 20}
	for floor, packages := range floors {
		for i, p := range packages {
			rank[p] = floor*100 + i
			if floor >= 3 {
				protoPackages[p] = true
			}
		}
	}
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	require.NoError(t, err)
	for in := json.NewDecoder(strings.NewReader(string(out))); in.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		require.NoError(t, in.Decode(&p))
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		from, known := rank[name]
		require.True(t, known, "%s has no floor: add it to docs/design.md and here", name)
		for _, i := range p.Imports {
			if rest, ours := strings.CutPrefix(i, module+"/"); ours {
				require.Less(t, rank[rest], from, "%s imports %s", name, rest)
			}
			if strings.HasPrefix(i, "github.com/google/fhir/") {
				require.True(t, protoPackages[name], "%s imports %s: protos appear on floor 3 and above", name, i)
			}
		}
	}
}
