package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/pack"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/synth"
)

const (
	output   = "internal/pack/builtin.dict"
	examples = "../shared/data/fhir-r4/examples.ndjson.gz"

	learnSeed, practiceSeed         = 1, 2
	learnPatients, practicePatients = 60, 15

	// exampleWeight is what an example counts beside a synthetic resource, since there
	// are fewer, of more types.
	exampleWeight = 3
	// maxExample leaves out terminology, whose resources are long and seldom written.
	maxExample = 20_000
)

func main() {
	check := flag.Bool("check", false, "compare, and write nothing")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	learn, practice := newSamples(), newSamples()
	if err := addExamples(learn, practice); err != nil {
		return err
	}
	if err := learn.addPatients(learnSeed, learnPatients); err != nil {
		return err
	}
	if err := practice.addPatients(practiceSeed, practicePatients); err != nil {
		return err
	}
	content := pack.Make(learn.bodies, learn.values, practice.bodies)
	if _, err := pack.Parse(content); err != nil {
		return err
	}
	if !check {
		return os.WriteFile(output, content, 0o644)
	}
	// The same dictionary may be compressed in another way by another version of Go.
	if !pack.Same(content, pack.Builtin()) {
		return errors.New("the built-in dictionary is out of date")
	}
	return nil
}

// samples are the bodies and values of resources.
type samples struct {
	bodies, values []pack.Sample
	engine         *exec.Engine
	doc            fhirjson.Document
	builder        index.Builder
}

func newSamples() *samples { return &samples{engine: exec.New(nil, exec.Options{})} }

// add adds a resource, as a store would keep it.
func (s *samples) add(resource []byte, weight int) error {
	if err := fhirjson.Parse(resource, &s.doc, &fhirjson.Options{MaxBytes: math.MaxInt}); err != nil {
		return err
	}
	s.builder.Reset()
	if err := s.engine.Extract(&s.doc, &s.builder); err != nil {
		return err
	}
	s.bodies = append(s.bodies, pack.Sample{Text: fhirjson.AppendStored(nil, &s.doc, s.doc.ID()), Weight: weight})
	s.values = append(s.values, pack.Sample{Text: bytes.Clone(s.builder.Payload()), Weight: weight})
	return nil
}

func (s *samples) addPatients(seed uint64, patients int) error {
	for _, line := range synth.New(seed, patients).Lines() {
		if err := s.add(line, 1); err != nil {
			return err
		}
	}
	return nil
}

// addExamples adds HL7's examples; the few that are not valid are left out.
func addExamples(to ...*samples) error {
	f, err := os.Open(examples)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if len(lines.Bytes()) > maxExample {
			continue
		}
		for _, s := range to {
			_ = s.add(lines.Bytes(), exampleWeight)
		}
	}
	return lines.Err()
}
