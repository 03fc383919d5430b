package index

import (
	"iter"
	"strings"
)

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
