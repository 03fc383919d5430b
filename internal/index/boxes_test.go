package index

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Boxes hold a range exactly if one of the windows does, however they grow.
func TestBoxesOfWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(-3, 3)
		windows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) DateWindow {
			w := AnyDate()
			for _, end := range []*int64{&w.FromMin, &w.FromMax, &w.ToMin, &w.ToMax} {
				if rapid.Bool().Draw(t, "limited") {
					*end = limit.Draw(t, "limit")
				}
			}
			return w
		}), 0, 5).Draw(t, "windows")
		boxes := boxesOf(windows)
		require.LessOrEqual(t, len(boxes), len(windows))
		for from := int64(-5); from <= 5; from++ {
			for to := int64(-5); to <= 5; to++ {
				one, other := false, false
				for _, w := range windows {
					b := w.box()
					one = one || b.contains(from, to)
				}
				for _, b := range boxes {
					other = other || b.contains(from, to)
				}
				require.Equal(t, one, other, "%d, %d", from, to)
			}
		}
	})
}
