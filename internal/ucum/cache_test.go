package ucum_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/ucum"
)

func TestCacheKeepsWhatIsUsed(t *testing.T) {
	c := ucum.NewCache(4)
	first, err := c.Parse("mg/dL")
	require.NoError(t, err)
	for i := range 100 {
		_, err := c.Parse("m" + strconv.Itoa(i+2))
		require.NoError(t, err)
		again, err := c.Parse("mg/dL")
		require.NoError(t, err)
		require.Same(t, first, again)
	}
	_, err = c.Parse("lbs")
	require.Error(t, err)
}

func TestCanonicalize(t *testing.T) {
	for _, q := range [][2]string{{"5.4", "g"}, {"5400", "mg"}, {"0.0054", "kg"}} {
		value, unit, err := ucum.Canonicalize(q[0], q[1])
		require.NoError(t, err)
		require.Equal(t, []string{"5.4", "g"}, []string{value, unit})
	}
	value, unit, err := ucum.Canonicalize("37", "Cel")
	require.NoError(t, err)
	require.Equal(t, []string{"310.15", "K"}, []string{value, unit})
	_, _, err = ucum.Canonicalize("5", "lbs")
	require.Error(t, err)
	_, _, err = ucum.Canonicalize("five", "g")
	require.ErrorIs(t, err, ucum.ErrNumber)
}

func TestCacheIsShared(t *testing.T) {
	c := ucum.NewCache(2)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 1000 {
				u, err := c.Parse("m" + strconv.Itoa(i%7+1))
				if err != nil || u.Canonical() == "1" {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
