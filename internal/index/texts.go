package index

import (
	"iter"
	"strings"

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

// Len returns the number of values, those of superseded versions included.
func (t Texts) Len() int { return t.entries.n }

// walkBatch is how many texts are copied under one lock.
const walkBatch = 128

type textPosting struct {
	text    string
	posting Posting
}

// WithPrefix iterates in byte order over the distinct texts that start with
// prefix ("" for all) and that a version of the view has, each with its posting.
func (t Texts) WithPrefix(prefix string) iter.Seq2[string, Posting] {
	return func(yield func(string, Posting) bool) {
		var batch []textPosting
		for from := prefix; ; {
			var more bool
			batch, more = t.batch(batch[:0], from, prefix)
			for _, tp := range batch {
				if tp.posting.Len() > 0 && !yield(tp.text, tp.posting) {
					return
				}
			}
			if !more {
				return
			}
			// The next possible text.
			from = batch[len(batch)-1].text + "\x00"
		}
	}
}

// batch appends the next texts, from from on, and returns whether there may be more.
func (t Texts) batch(dst []textPosting, from, prefix string) ([]textPosting, bool) {
	x := t.view.x
	x.mu.RLock()
	defer x.mu.RUnlock()
	columns := x.columnsLocked(t.param)
	if columns == nil {
		return dst, false
	}
	columns.sorted.Ascend(from, func(text string, id textID) bool {
		if !strings.HasPrefix(text, prefix) {
			return false
		}
		dst = append(dst, textPosting{text, t.view.postingLocked(x.mu.texts.texts.at(uint32(id)).payload)})
		return len(dst) < walkBatch
	})
	return dst, len(dst) == walkBatch
}

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
