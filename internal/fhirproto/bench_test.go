package fhirproto_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirproto"
)

// A subject is one resource in all its forms.
type subject struct {
	src     []byte
	doc     *fhirjson.Document
	message proto.Message
	wire    []byte
}

// onCorpora runs work over every hundredth resource of the corpora in each round,
// and reports MB/s of JSON, and resources a second.
func onCorpora(b *testing.B, work func(s *subject)) {
	for _, corpus := range []string{"synthea", "synthea-notes"} {
		b.Run(corpus, func(b *testing.B) {
			var all []subject
			size := 0
			for i, src := range lines(b, corpus+"/*.gz") {
				if i%100 != 0 {
					continue
				}
				s := subject{src: src, doc: parse(b, src), message: toProto(b, src)}
				var err error
				s.wire, err = proto.Marshal(s.message)
				require.NoError(b, err)
				all = append(all, s)
				size += len(src)
			}
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				for i := range all {
					work(&all[i])
				}
			}
			b.ReportMetric(float64(len(all))*float64(b.N)/b.Elapsed().Seconds(), "res/s")
		})
	}
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkToProto goes from JSON to a typed proto: the reference, the codec on a
// tape that is there, and the codec with the parse and all its validation.
func BenchmarkToProto(b *testing.B) {
	b.Run("jsonformat", func(b *testing.B) {
		u, err := unmarshaller()
		must(b, err)
		onCorpora(b, func(s *subject) {
			_, err := u.UnmarshalR4(s.src)
			must(b, err)
		})
	})
	// What reading costs before there is a proto: parsing with strict validation.
	b.Run("parse", func(b *testing.B) {
		var doc fhirjson.Document
		onCorpora(b, func(s *subject) { must(b, fhirjson.Parse(s.src, &doc, nil)) })
	})
	b.Run("codec", func(b *testing.B) {
		var wire []byte
		onCorpora(b, func(s *subject) {
			var err error
			wire, err = fhirproto.AppendWire(wire[:0], s.doc)
			must(b, err)
			must(b, proto.Unmarshal(wire, s.message.ProtoReflect().New().Interface()))
		})
	})
	b.Run("parse+codec", func(b *testing.B) {
		var wire []byte
		var doc fhirjson.Document
		onCorpora(b, func(s *subject) {
			must(b, fhirjson.Parse(s.src, &doc, structure))
			var err error
			wire, err = fhirproto.AppendWire(wire[:0], &doc)
			must(b, err)
			must(b, proto.Unmarshal(wire, s.message.ProtoReflect().New().Interface()))
		})
	})
}

// BenchmarkToJSON goes from a typed proto to JSON.
func BenchmarkToJSON(b *testing.B) {
	b.Run("jsonformat", func(b *testing.B) {
		w, err := marshaller()
		must(b, err)
		onCorpora(b, func(s *subject) {
			_, err := w.MarshalResource(s.message)
			must(b, err)
		})
	})
	b.Run("codec", func(b *testing.B) {
		var wire, json []byte
		onCorpora(b, func(s *subject) {
			var err error
			wire, err = proto.MarshalOptions{}.MarshalAppend(wire[:0], s.message)
			must(b, err)
			json, err = fhirproto.AppendJSON(json[:0], wire, s.doc.Type())
			must(b, err)
		})
	})
}

// The codec's own part, without the protobuf library's.

func BenchmarkAppendWire(b *testing.B) {
	var wire []byte
	onCorpora(b, func(s *subject) {
		var err error
		wire, err = fhirproto.AppendWire(wire[:0], s.doc)
		must(b, err)
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	var json []byte
	onCorpora(b, func(s *subject) {
		var err error
		json, err = fhirproto.AppendJSON(json[:0], s.wire, s.doc.Type())
		must(b, err)
	})
}
