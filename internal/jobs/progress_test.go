package jobs_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTellTellsOftenAndALastTime(t *testing.T) {
	told := make(chan int)
	n := 0
	stop := jobs.Tell(t.Context(), func() { n++; told <- n })
	require.Equal(t, 1, <-told)
	require.Equal(t, 2, <-told)
	last := make(chan int)
	go func() {
		end := 0
		for n := range told {
			end = n
		}
		last <- end
	}()
	stop()
	close(told)
	require.Equal(t, n, <-last, "the last call is over when stop returns")
	require.Greater(t, n, 2)
}

func TestTellNobody(t *testing.T) { jobs.Tell(t.Context(), nil)() }
