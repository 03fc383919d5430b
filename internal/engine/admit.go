package engine

import (
	"fmt"

	"github.com/fhirlake/fhirlake/internal/index"
)

// admit reports ErrFull where the items of a commit would not fit into the index any
// more, after those of the group so far. The limits are package index's.
func (e *Engine) admit(group, items []index.Item) error {
	last := uint64(e.index.View().Last())
	if last+uint64(len(group)+len(items)) >= uint64(index.MaxOrdinal) {
		return fmt.Errorf("%w: no more versions", ErrFull)
	}
	return nil
}
