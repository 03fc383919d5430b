package index

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2"
)

// A Span holds the smallest and the largest value of a version, for sorting.
type Span[T any] struct{ Min, Max T }

// A textID numbers a distinct folded text of a param, from 1.
type textID uint32

// A textStore holds the folded texts of all params with their postings.
// Index.mu guards the table and payloads; a text never changes.
type textStore struct {
	table termTable // from hashes to numbers of texts
	n     uint32
	texts chunked[storedText]
	empty *[chunkSize]storedText // in the place of all chunks whose texts are gone
}

type storedText struct {
	text    string // empty too where no version has it any more
	payload uint32 // as in a termTable
	param   Param
}

func (s *textStore) add(p Param, text string) textID {
	s.n++
	s.texts.grow(s.n + 1)
	t := s.texts.at(s.n)
	t.text, t.param = text, p
	return textID(s.n)
}

// Texts holds the folded texts of a parameter.
type Texts struct {
	view    View
	param   Param
	entries column[textID]
}

// Texts returns the texts of a parameter.
func (v View) Texts(p Param) Texts {
	return Texts{v, p, snapshot(v, p, func(c *paramColumns) column[textID] { return c.texts })}
}

// walkBatch is how many texts are looked at under one lock.
const walkBatch = 128

// Keys iterates upwards over the ordinals of set that have a text, with their smallest
// and largest text in byte order.
func (t Texts) Keys(set *roaring.Bitmap) iter.Seq2[Ordinal, Span[string]] {
	texts := &t.view.x.mu.texts.texts
	return spans(t.entries, set, func(s *Span[string], id *textID, first bool) {
		text := texts.at(uint32(*id)).text
		if first || text < s.Min {
			s.Min = text
		}
		if first || text > s.Max {
			s.Max = text
		}
	})
}
