package exec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/synth"
)

// checkStored checks that the stored form of a resource yields the same values as what
// was sent.
func checkStored(t require.TestingT, e *exec.Engine, source []byte) {
	opts := &fhirjson.Options{Level: fhirjson.Minimal}
	var sent, stored fhirjson.Document
	if err := fhirjson.Parse(source, &sent, opts); err != nil {
		return
	}
	var before, after index.Builder
	require.NoError(t, e.Extract(&sent, &before))
	form := fhirjson.AppendStored(nil, &sent, []byte("given-id"))
	require.NoError(t, fhirjson.Parse(form, &stored, opts), "%s", form)
	require.NoError(t, e.Extract(&stored, &after))
	if !bytes.Equal(before.Payload(), after.Payload()) {
		was, _ := index.Decode(nil, before.Payload())
		is, _ := index.Decode(nil, after.Payload())
		require.Equal(t, was, is, "%s\n%s", source, form)
	}
}

// What the store drops or writes in another way has no part in what it extracts: else
// its values would be others once they are extracted again.
func TestStoredFormHasTheSameValues(t *testing.T) {
	e := exec.New(nil, exec.Options{})
	for _, source := range []string{
		`{"resourceType":"Patient","id":"a","meta":{"_lastUpdated":{"extension":[{"url":"urn:x","valueString":"dropped"}]},"lastUpdated":"2020-01-01T00:00:00Z"}}`,
		`{"resourceType":"Patient","id":"a","meta":{"versionId":"1","_versionId":{"extension":[{"url":"urn:x","valueString":"dropped"}]}}}`,
		`{"resourceType":"Patient","id":"a","_id":{"extension":[{"url":"urn:x","valueString":"dropped"}]}}`,
		`{"resourceType":"Patient","id":"a","contained":[{"resource\u0054ype":"Practitioner","id":"b","name":[{"text":"Ann"}]}],"generalPractitioner":[{"reference":"#b"}]}`,
		`{"resourceType":"Patient","id":"a","contained":[{"\u0069d":"b","resourceType":"Practitioner","na\u006de":[{"text":"A\u006en"}]}],"generalPractitioner":[{"reference":"#\u0062"}]}`,
		`{"resourceType":"Patient","id":"a","contained":[{"resourceType":"Pr\u0061ctitioner","id":"b"}]}`,
		`{"resourceType":"Patient","id":"a","n\u0061me":[{"text":"x"}],"t\u0065xt":{"status":"generated","d\u0069v":"<div xmlns=\"http://www.w3.org/1999/xhtml\">w\u006frds &lt;b&gt;</div>"}}`,
	} {
		checkStored(t, e, []byte(source))
	}
}

func TestStoredFormOfExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	e := exec.New(nil, exec.Options{})
	r := rand.New(rand.NewPCG(1, 2))
	for _, line := range shared(t, "fhir-r4/examples.ndjson.gz") {
		checkStored(t, e, line)
		checkStored(t, e, disguise(r, line))
	}
}

func TestStoredFormOfDisguised(t *testing.T) {
	e := exec.New(nil, exec.Options{})
	life := bytes.Split(bytes.TrimSpace(synth.New(1, 1).AppendPatient(nil, 0)), []byte("\n"))
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		r := rand.New(rand.NewPCG(seed, 1))
		checkStored(t, e, disguise(r, newWorld(seed, 2, 4).resource()))
		checkStored(t, e, disguise(r, life[r.IntN(len(life))]))
	})
}

// disguise writes JSON in another way: members in another order, letters escaped,
// spaces between; and adds what a store drops.
func disguise(r *rand.Rand, source []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(source))
	d.UseNumber()
	var value map[string]any
	if err := d.Decode(&value); err != nil {
		return source
	}
	extension := map[string]any{"extension": []any{map[string]any{"url": "urn:dropped", "valueString": "dropped words"}}}
	meta, _ := value["meta"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
	}
	for _, name := range []string{"lastUpdated", "versionId"} {
		if r.IntN(3) == 0 {
			meta["_"+name] = extension
		}
	}
	if len(meta) > 0 {
		value["meta"] = meta
	}
	if r.IntN(3) == 0 {
		value["_id"] = extension
	}
	if contained, _ := value["contained"].([]any); len(contained) > 0 && r.IntN(2) == 0 {
		if inner, _ := contained[0].(map[string]any); inner["meta"] == nil {
			inner["meta"] = map[string]any{"_lastUpdated": extension}
		}
	}
	if r.IntN(3) == 0 {
		value["notOfFHIR"] = map[string]any{"text": "kept, but no text"}
	}
	var b bytes.Buffer
	writeDisguised(r, &b, value)
	return b.Bytes()
}

func writeDisguised(r *rand.Rand, b *bytes.Buffer, value any) {
	space := func() { b.WriteString(strings.Repeat(" ", r.IntN(8)/7)) }
	space()
	switch v := value.(type) {
	case map[string]any:
		var names []string
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		b.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			space()
			writeString(r, b, name)
			space()
			b.WriteByte(':')
			writeDisguised(r, b, v[name])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeDisguised(r, b, v[i])
		}
		b.WriteByte(']')
	case string:
		writeString(r, b, v)
	default:
		text, _ := json.Marshal(v)
		b.Write(text)
	}
	space()
}

func writeString(r *rand.Rand, b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c < 0x10000 && r.IntN(20) == 0:
			fmt.Fprintf(b, `\u%04x`, c)
		case c == '/' && r.IntN(2) == 0:
			b.WriteString(`\/`)
		default:
			text, _ := json.Marshal(string(c))
			b.Write(text[1 : len(text)-1])
		}
	}
	b.WriteByte('"')
}
