package search

import (
	"bufio"
	"compress/gzip"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

var rewrite = flag.Bool("rewrite", false, "add new streams to numbers.txt, and raise the versions of what is extracted in another way")

const numbersHead = `# The numbers of streams and types in stored values, and the versions of what is
# extracted. Lines are added and versions rise; nothing else changes. Made by go generate.
#
# type NUMBER NAME VERSION HASH-OF-THE-PLAN HASH-OF-HL7'S-EXAMPLES
# stream NUMBER PLACE KIND
`

// TestNumbers fails if a stream or a type has no number or another than before, and if
// something else than before is extracted of a type whose version is the same.
func TestNumbers(t *testing.T) {
	stored, r := readNumbers(numbersText), parameters()
	next := &numbers{streams: maps.Clone(stored.streams), types: map[string]typeNumbers{}}
	for _, s := range r.streams {
		if s != nil {
			next.streams[s.name] = s.id
		}
	}
	examples := examplesByType(t)
	for name, typ := range r.names {
		before, known := stored.types[name]
		if known {
			require.Equal(t, before.number, int(typ), "%s has another number in package schema", name)
		}
		now := typeNumbers{int(typ), before.version, r.plan(typ), before.examples}
		if !known {
			now.examples = "-"
		}
		changed := now.plan != before.plan
		if of, found := examples[name]; found && of != before.examples {
			changed = changed || before.examples != "-"
			now.examples = of
		}
		if changed {
			now.version++
		}
		next.types[name] = now
	}
	text := next.text()
	if *rewrite {
		require.NoError(t, os.WriteFile("numbers.txt", []byte(text), 0o644))
		return
	}
	require.Equal(t, numbersText, text, "other things are extracted than before: see whether that is meant, and run go generate")
}

func TestNumbersAreApart(t *testing.T) {
	n := readNumbers(numbersText)
	seen := map[index.Param]string{}
	for name, at := range n.streams {
		require.NotZero(t, at)
		require.Less(t, at, firstInside)
		require.Empty(t, seen[at], name)
		seen[at] = name
	}
	for name, typ := range parameters().names {
		require.NotZero(t, Version(typ), name)
	}
}

// text returns the file.
func (n *numbers) text() string {
	var b strings.Builder
	b.WriteString(numbersHead)
	for _, name := range slices.Sorted(maps.Keys(n.types)) {
		t := n.types[name]
		fmt.Fprintln(&b, "type", t.number, name, t.version, t.plan, t.examples)
	}
	byNumber := slices.SortedFunc(maps.Keys(n.streams), func(a, b string) int { return int(n.streams[a]) - int(n.streams[b]) })
	for _, name := range byNumber {
		fmt.Fprintln(&b, "stream", n.streams[name], name)
	}
	return b.String()
}

// plan returns a hash of what is extracted of a type, contained resources left out.
func (r *registry) plan(t schema.TypeID) string {
	digest := fnv.New64a()
	var walk func(n *trieNode)
	walk = func(n *trieNode) {
		for _, l := range n.leaves {
			s := r.streams[l.param]
			fmt.Fprintln(digest, s.id, s.name, s.typ, *l.binding)
		}
		for _, e := range n.edges {
			if e == nil {
				continue
			}
			fmt.Fprintln(digest, e.numbered)
			for _, b := range e.branches {
				walk(b.node)
			}
		}
	}
	walk(r.types[t].root)
	for _, e := range r.types[t].exists {
		fmt.Fprintln(digest, e.stream.id, e.stream.name)
		for _, f := range e.fields {
			fmt.Fprintln(digest, f.Field().Name)
		}
	}
	return fmt.Sprintf("%016x", digest.Sum64())
}

// examplesByType returns hashes of the values of HL7's examples, by the names of their
// types; none without the examples. What is contained counts for its own type.
func examplesByType(t *testing.T) map[string]string {
	files, err := filepath.Glob("../../shared/data/fhir-r4/*.gz")
	require.NoError(t, err)
	r, engine := parameters(), New(nil, Options{})
	values := map[schema.TypeID][]string{}
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		lines := bufio.NewScanner(z)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var doc fhirjson.Document
			if err := fhirjson.Parse(lines.Bytes(), &doc, &fhirjson.Options{Level: fhirjson.Minimal}); err != nil {
				continue
			}
			var b index.Builder
			require.NoError(t, engine.Extract(&doc, &b))
			entries, err := index.Decode(nil, b.Payload())
			require.NoError(t, err)
			at, group := doc.Type(), uint32(0)
			for _, e := range entries {
				if e.Kind == index.KindNote {
					continue
				}
				if inside, ok := r.headed(&e); ok {
					at, group = inside, 0
					continue
				}
				if e.Group != 0 { // groups go on through contained resources
					if group == 0 {
						group = e.Group - 1
					}
					e.Group -= group
				}
				e.Param %= firstInside
				values[at] = append(values[at], fmt.Sprint(e))
			}
		}
		require.NoError(t, lines.Err())
		require.NoError(t, f.Close())
	}
	hashes := map[string]string{}
	for typ, list := range values {
		slices.Sort(list) // whatever order the files are in
		digest := fnv.New64a()
		for _, value := range list {
			fmt.Fprintln(digest, value)
		}
		hashes[typ.String()] = fmt.Sprintf("%016x", digest.Sum64())
	}
	return hashes
}

// What was extracted under other versions is stale, its contained resources included.
func TestStale(t *testing.T) {
	var doc fhirjson.Document
	require.NoError(t, fhirjson.Parse([]byte(`{"resourceType":"Patient","id":"a","contained":[{"resourceType":"Practitioner","id":"b"},{"resourceType":"Practitioner","id":"c"},{"resourceType":"Organization","id":"d","name":"x"}],"generalPractitioner":[{"reference":"#b"},{"reference":"#c"},{"reference":"#d"}]}`), &doc, nil))
	var b index.Builder
	e := New(nil, Options{})
	require.NoError(t, e.Extract(&doc, &b))
	patient := doc.Type()
	require.False(t, Stale(patient, Version(patient), b.Payload()))
	require.True(t, Stale(patient, Version(patient)+1, b.Payload()))
	before := slices.Clone(b.Payload())
	versions := e.registry.versions
	defer func(version uint32) { versions[e.registry.names["Organization"]] = version }(versions[e.registry.names["Organization"]])
	versions[e.registry.names["Organization"]]++
	require.True(t, Stale(patient, Version(patient), before))
	b.Reset()
	require.NoError(t, e.Extract(&doc, &b))
	require.False(t, Stale(patient, Version(patient), b.Payload()))
	require.True(t, Stale(patient, Version(patient), []byte("\x0d\x00\x01\xff")))
	require.False(t, Stale(patient, Version(patient), nil))
}
