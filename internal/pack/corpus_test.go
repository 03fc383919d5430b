package pack_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/pack"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/synth"
)

// A corpus is the bodies and values of resources.
type corpus struct{ bodies, values [][]byte }

// shared returns the resources of shared test data.
func shared(tb testing.TB, pattern string) corpus {
	tb.Helper()
	return prepare(tb, fhirjsontest.Lines(tb, pattern))
}

// synthetic returns resources of the project's own making, of another seed than the
// built-in dictionary's.
func synthetic(tb testing.TB, patients int) corpus {
	tb.Helper()
	var lines [][]byte
	for _, line := range synth.New(99, patients).Lines() {
		lines = append(lines, bytes.Clone(line))
	}
	return prepare(tb, lines)
}

// prepare makes of resources what a store keeps, and leaves out invalid ones.
func prepare(tb testing.TB, lines [][]byte) (c corpus) {
	tb.Helper()
	engine := exec.New(nil, exec.Options{})
	var doc fhirjson.Document
	var builder index.Builder
	for _, line := range lines {
		if err := fhirjson.Parse(line, &doc, &fhirjson.Options{MaxBytes: math.MaxInt}); err != nil {
			continue
		}
		builder.Reset()
		require.NoError(tb, engine.Extract(&doc, &builder))
		c.bodies = append(c.bodies, fhirjson.AppendStored(nil, &doc, doc.ID()))
		c.values = append(c.values, bytes.Clone(builder.Payload()))
	}
	return c
}

// dictionary is the number of the built-in dictionary in tests.
const dictionary = 3

func newPacker(tb testing.TB) (*pack.Packer, *pack.Dictionaries) {
	tb.Helper()
	d, err := pack.Parse(pack.Builtin())
	require.NoError(tb, err)
	return pack.NewPacker(dictionary, d), pack.NewDictionaries(map[uint64]*pack.Dictionary{dictionary: d})
}

// A form is one of a Packer's methods.
type form struct {
	name string
	pack func(p *pack.Packer, dst, text []byte) []byte
}

// texts returns the texts of a corpus that a form is for.
func (f form) texts(c corpus) [][]byte {
	if strings.HasSuffix(f.name, "values") {
		return c.values
	}
	return c.bodies
}

var forms = []form{
	{"body", (*pack.Packer).Body},
	{"values", (*pack.Packer).Values},
	{"dense body", (*pack.Packer).DenseBody},
}
