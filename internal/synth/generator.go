package synth

import (
	"bytes"
	"io"
	"iter"
	"slices"
	"sync"
)

// Generator makes one data set. It is safe for concurrent use: it does not change after
// New, and appends to slices of the caller.
type Generator struct {
	seed      uint64
	patients  int
	directory *directory
	charts    sync.Pool // of *chart: scratch space only, never state
}

// New returns the generator of the data set that seed and patients name: the
// same arguments give the same bytes, forever. A negative number of patients
// is taken as none.
func New(seed uint64, patients int) *Generator {
	g := &Generator{seed: seed, patients: max(patients, 0)}
	g.directory = newDirectory(seed, groupsFor(g.patients))
	g.charts.New = func() any { return new(chart) }
	return g
}

// Patients returns the number of patients of the data set.
func (g *Generator) Patients() int { return g.patients }

// Types returns the resource types that the data set may hold, sorted. The
// slice is the caller's.
func (g *Generator) Types() []string { return slices.Clone(kindNames[:]) }

// AppendShared appends the lines of the resources that all patients share
// (Organization, Location, Practitioner, PractitionerRole) to dst and returns it. Their
// number grows with the square root of the number of patients.
func (g *Generator) AppendShared(dst []byte) []byte {
	w := writer{dst}
	g.directory.write(&w)
	return w.b
}

// AppendPatient appends the lines of patient i and of the patient's record to dst and
// returns it: about 370 resources and 600 kB. It depends on the seed and i alone, so
// patients may be made in any order and in parallel.
//
// i must be in [0, Patients()), otherwise AppendPatient panics.
func (g *Generator) AppendPatient(dst []byte, i int) []byte {
	if i < 0 || i >= g.patients {
		panic("synth: patient out of range")
	}
	c := g.charts.Get().(*chart)
	defer g.charts.Put(c)
	c.b = dst
	c.reset(g, i)
	c.plan()
	c.write()
	dst, c.b = c.b, nil
	return dst
}

// appendPart appends the nth part of the data set: the directory, then the
// patients one by one. It reports whether there is such a part.
func (g *Generator) appendPart(dst []byte, n int) ([]byte, bool) {
	switch {
	case n == 0:
		return g.AppendShared(dst), true
	case n <= g.patients:
		return g.AppendPatient(dst, n-1), true
	default:
		return dst, false
	}
}

// WriteTo writes the whole data set: the directory, then the patients in order.
// It holds one patient in memory at a time and makes one Write a patient. It
// implements io.WriterTo.
func (g *Generator) WriteTo(w io.Writer) (int64, error) {
	var total int64
	var buffer []byte
	for n := 0; ; n++ {
		part, ok := g.appendPart(buffer[:0], n)
		if !ok {
			return total, nil
		}
		written, err := w.Write(part)
		total += int64(written)
		if err != nil {
			return total, err
		}
		buffer = part
	}
}

// NewReader returns a reader over the bytes that WriteTo writes. It holds one
// patient in memory at a time. It is for one goroutine; several readers of one
// Generator do not disturb each other.
func (g *Generator) NewReader() io.Reader { return &reader{generator: g} }

type reader struct {
	generator *Generator
	next      int    // part
	buffer    []byte // of the current part
	rest      []byte // of the buffer, not yet read
}

func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(r.rest) == 0 {
		part, ok := r.generator.appendPart(r.buffer[:0], r.next)
		if !ok {
			return 0, io.EOF
		}
		r.next++
		r.buffer, r.rest = part, part
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Lines iterates over the data set's resources in the order of WriteTo: the
// type, and the JSON without the newline, which is valid until the next step.
func (g *Generator) Lines() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		var buffer []byte
		for n := 0; ; n++ {
			part, ok := g.appendPart(buffer[:0], n)
			if !ok {
				return
			}
			buffer = part
			for line := range bytes.Lines(part) {
				line = line[:len(line)-1]
				if !yield(typeOf(line), line) {
					return
				}
			}
		}
	}
}

// typeOf returns the resource type that a line of this package begins with.
func typeOf(line []byte) string {
	rest := line[len(`{"resourceType":"`):]
	name := rest[:bytes.IndexByte(rest, '"')]
	i, _ := slices.BinarySearchFunc(kindNames[:], name, func(known string, name []byte) int {
		return bytes.Compare([]byte(known), name)
	})
	return kindNames[i]
}
