package index

import (
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

// A TextQuery is a condition on the folded texts of a parameter.
type TextQuery struct {
	// Prefix is what the texts begin with, "" for any beginning.
	Prefix string
	// Holds reports whether a text with the prefix satisfies the condition. It is called
	// under the index's lock and must not use the index.
	Holds func(text string) bool
	// Charge counts work: the texts looked at, those of them that hold, and the ordinals
	// that have these. An error ends the match.
	Charge func(texts, holding, ordinals int) error
}

// textsLookup is how many texts of the dictionary are looked at in the time of looking up
// the text of one ordinal.
const textsLookup = 2

// Match returns the ordinals that have a text for which q holds, among set, or among all
// ordinals if set is nil. Superseded versions are included. The result is the caller's.
//
// It walks the dictionary from the prefix on. If that has more texts than are worth it for
// a small set, it looks up the texts of the set instead.
func (t Texts) Match(set *roaring.Bitmap, q TextQuery) (*roaring.Bitmap, error) {
	left := t.distinct()
	if set != nil {
		most := textsLookup * int(set.GetCardinality())
		if q.Prefix == "" && left > most {
			return t.matchFew(set, &q)
		}
		left = min(left, most)
	}
	w := textWalks.Get().(*textWalk)
	defer w.giveBack()
	w.found.reset(uint32(t.view.s.last))
	for w.from, w.more = q.Prefix, true; w.more; {
		if left <= 0 && set != nil {
			return t.matchFew(set, &q)
		}
		w.step(t, &q, min(max(left, 1), walkBatch))
		left -= w.looked
		ordinals := 0
		for _, p := range w.holding {
			ordinals += p.Len()
			w.found.add(p)
		}
		if err := q.Charge(w.looked, len(w.holding), ordinals); err != nil {
			return nil, err
		}
	}
	all := w.found.bitmap()
	if set != nil {
		all.And(set)
	}
	return all, nil
}

// distinct returns how many distinct texts the dictionary has.
func (t Texts) distinct() int {
	t.view.x.mu.RLock()
	defer t.view.x.mu.RUnlock()
	if columns := t.view.x.columnsLocked(t.param); columns != nil {
		return columns.sorted.Len()
	}
	return 0
}

// A textWalk goes through the dictionary in steps, each under one lock. Walks are borrowed
// from a pool.
type textWalk struct {
	from    string    // the first possible text of the next step
	more    bool      // there may be texts behind the last step
	looked  int       // texts, in the last step
	holding []Posting // of the texts that hold, in the last step
	found   gathered
}

var textWalks = sync.Pool{New: func() any { return new(textWalk) }}

// giveBack gives the walk back, without what keeps memory of an index alive.
func (w *textWalk) giveBack() {
	clear(w.holding)
	w.from, w.holding = "", w.holding[:0]
	w.found.reset(0)
	textWalks.Put(w)
}

// step looks at the next n texts.
func (w *textWalk) step(t Texts, q *TextQuery, n int) {
	x := t.view.x
	w.more, w.looked, w.holding = false, 0, w.holding[:0]
	x.mu.RLock()
	defer x.mu.RUnlock()
	columns := x.columnsLocked(t.param)
	if columns == nil {
		return
	}
	columns.sorted.Ascend(w.from, func(text string, id textID) bool {
		switch {
		case !strings.HasPrefix(text, q.Prefix):
			return false
		case w.looked == n:
			w.from, w.more = text, true
			return false
		case q.Holds(text):
			w.holding = append(w.holding, t.view.postingLocked(x.mu.texts.texts.at(uint32(id)).payload))
		}
		w.looked++
		return true
	})
}

// matchFew looks up the texts of the ordinals of a set.
func (t Texts) matchFew(set *roaring.Bitmap, q *TextQuery) (*roaring.Bitmap, error) {
	var found []uint32
	texts := &t.view.x.mu.texts.texts
	looked, holding := 0, 0
	for o, id := range t.entries.entries(set) {
		if looked == walkBatch {
			if err := q.Charge(looked, 0, holding); err != nil {
				return nil, err
			}
			looked, holding = 0, 0
		}
		looked++
		if text := texts.at(uint32(*id)).text; strings.HasPrefix(text, q.Prefix) && q.Holds(text) {
			holding++
			found = appendRising(found, uint32(o))
		}
	}
	if err := q.Charge(looked, 0, holding); err != nil {
		return nil, err
	}
	return bitmapOfRising(found), nil
}
