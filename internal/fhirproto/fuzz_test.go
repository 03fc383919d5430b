package fhirproto_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirproto"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// maxGrowth is how many bytes of JSON one byte of a message may become. The most is
// base64 under a stride of one, where each of four digits for three bytes has eight
// characters of white space after it, each escaped; and a message of two bytes that
// is empty, with the longest name, 33 letters.
const maxGrowth = 32

// requireSane checks what holds for any bytes whatever: an error, or JSON of
// bounded size, and if that is a resource, the way to a proto and back changes it
// no more.
func requireSane(tb testing.TB, wire []byte, id schema.TypeID) {
	tb.Helper()
	text, err := fhirproto.AppendJSON(nil, wire, id)
	if err != nil {
		require.Nil(tb, text)
		require.NotEmpty(tb, err.Error())
		return
	}
	require.LessOrEqual(tb, len(text), maxGrowth*len(wire)+100)
	require.True(tb, json.Valid(text), "%s", text)
	var doc fhirjson.Document
	if fhirjson.Parse(text, &doc, structure) != nil {
		return
	}
	again, err := fhirproto.AppendWire(nil, &doc)
	if err != nil {
		return
	}
	once, err := fhirproto.AppendJSON(nil, again, id)
	require.NoError(tb, err)
	require.NoError(tb, fhirjson.Parse(once, &doc, structure))
	again, err = fhirproto.AppendWire(again[:0], &doc)
	require.NoError(tb, err)
	twice, err := fhirproto.AppendJSON(nil, again, id)
	require.NoError(tb, err)
	require.Equal(tb, string(once), string(twice))
}

// Bytes of good messages changed, cut and put in.
func TestDamage(t *testing.T) {
	for _, id := range resourceTypes() {
		m := &maker{Rand: rand.New(rand.NewPCG(7, uint64(id))), full: true}
		wire, err := proto.Marshal(toProto(t, []byte(m.resource(id, 0))))
		require.NoError(t, err)
		for range 50 {
			damaged := append([]byte(nil), wire...)
			for range 1 + m.IntN(3) {
				at := m.IntN(len(damaged))
				switch m.IntN(3) {
				case 0:
					damaged[at] = byte(m.Uint32())
				case 1:
					damaged[at] ^= 1 << m.IntN(8)
				default:
					damaged = append(damaged[:at:at], damaged[min(len(damaged), at+m.IntN(4)):]...)
				}
				if len(damaged) == 0 {
					break
				}
			}
			requireSane(t, damaged, id)
		}
	}
}

// Messages nested without end are an error, not a full stack.
func TestDepth(t *testing.T) {
	var wire []byte
	nest := func(number int32) {
		wire = slices.Concat(protowire.AppendTag(nil, protowire.Number(number), protowire.BytesType),
			protowire.AppendVarint(nil, uint64(len(wire))), wire)
	}
	for range 10_000 {
		nest(schema.Lookup(schema.TypeExtension, "extension").Field().Proto)
	}
	nest(schema.Lookup(schema.TypePatient, "extension").Field().Proto)
	_, err := fhirproto.AppendJSON(nil, wire, schema.TypePatient)
	require.ErrorContains(t, err, "nesting is too deep")
}

func FuzzAppendJSON(f *testing.F) {
	types := resourceTypes()
	for i, id := range types {
		m := &maker{Rand: rand.New(rand.NewPCG(1, uint64(id)))}
		wire, err := proto.Marshal(toProto(f, []byte(m.resource(id, 0))))
		require.NoError(f, err)
		f.Add(wire, uint8(i))
	}
	f.Fuzz(func(t *testing.T, wire []byte, i uint8) {
		requireSane(t, wire, types[int(i)%len(types)])
	})
}

// Any resource that parses either has a proto or is refused, and that proto is one
// that the protobuf library reads.
func FuzzAppendWire(f *testing.F) {
	for _, c := range oracleRefuses {
		f.Add([]byte(c))
	}
	for _, c := range oracleLoses {
		f.Add([]byte(c))
	}
	for _, c := range changed {
		f.Add([]byte(`{"resourceType":"Patient",` + c.json + `}`))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var doc fhirjson.Document
		if fhirjson.Parse(src, &doc, structure) != nil {
			return
		}
		wire, err := fhirproto.AppendWire(nil, &doc)
		if err != nil {
			return
		}
		require.NoError(t, proto.Unmarshal(wire, newProto(t, doc.Type())))
		requireSane(t, wire, doc.Type())
		once, err := fhirproto.AppendJSON(nil, wire, doc.Type())
		require.NoError(t, err)
		kept := fhirproto.AppendKept(nil, &doc, parse(t, once))
		require.Equal(t, canonical(t, src), canonical(t, kept))
	})
}
