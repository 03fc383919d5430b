package retry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/fhirlake/fhirlake/internal/retry"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	errPassing = errors.New("passing")
	errFinal   = errors.New("final")
)

func verdict(err error) (bool, time.Duration) { return !errors.Is(err, errFinal), 0 }

func TestDoTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, calls := time.Now(), 0
		err := retry.Policy{Attempts: 5, First: time.Second, Max: 4 * time.Second}.Do(t.Context(), verdict, func(context.Context) error {
			if calls++; calls < 5 {
				return errPassing
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 5, calls)
		pauses := 1 + 2 + 4 + 4
		require.GreaterOrEqual(t, time.Since(began), time.Duration(pauses)*time.Second/2)
		require.LessOrEqual(t, time.Since(began), time.Duration(pauses)*time.Second)
	})
}

func TestDoGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		count := func(err error) func(context.Context) error {
			calls = 0
			return func(context.Context) error { calls++; return err }
		}
		require.ErrorIs(t, retry.Policy{}.Do(t.Context(), verdict, count(errFinal)), errFinal)
		require.Equal(t, 1, calls)
		require.ErrorIs(t, retry.Policy{Attempts: 3}.Do(t.Context(), verdict, count(errPassing)), errPassing)
		require.Equal(t, 3, calls)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, retry.Policy{Attempts: 100}.Do(ctx, verdict, count(errPassing)), context.DeadlineExceeded)
	})
}

func TestDoWaitsAsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for asked, waits := range map[time.Duration]time.Duration{7 * time.Second: 7 * time.Second, time.Hour: 20 * time.Second} {
			began, calls := time.Now(), 0
			err := retry.Policy{}.Do(t.Context(), func(error) (bool, time.Duration) { return true, asked }, func(context.Context) error {
				if calls++; calls == 1 {
					return errPassing
				}
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, waits, time.Since(began))
		}
	})
}

func TestDoEndsSlowAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		err := retry.Policy{Attempts: 2, Patience: time.Second}.Do(t.Context(), verdict, func(ctx context.Context) error {
			calls++
			<-ctx.Done()
			return ctx.Err()
		})
		require.ErrorIs(t, err, retry.ErrSlow)
		require.Equal(t, 2, calls)
	})
}

// A body gives its text and then its error.
func body(text []byte, err error) io.ReadCloser {
	return io.NopCloser(io.MultiReader(bytes.NewReader(text), iotest.ErrReader(err)))
}

func TestReaderGoesOnWhereItFailed(t *testing.T) {
	text := make([]byte, 1000)
	for i := range text {
		text[i] = byte(i * i)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := retry.NewReader(context.Background(), retry.Policy{Attempts: 4, First: 1}, verdict, func(_ context.Context, offset int64, _ func()) (io.ReadCloser, error) {
			if rapid.IntRange(0, 9).Draw(t, "refused") == 0 {
				return nil, errPassing
			}
			n := min(offset+rapid.Int64Range(100, 400).Draw(t, "n"), int64(len(text)))
			if n == int64(len(text)) {
				return io.NopCloser(bytes.NewReader(text[offset:])), nil
			}
			return body(text[offset:n], io.ErrUnexpectedEOF), nil
		})
		defer r.Close()
		got, err := io.ReadAll(r)
		require.Equal(t, text[:len(got)], got)
		if err == nil {
			require.Len(t, got, len(text))
		} else {
			require.True(t, errors.Is(err, errPassing) || errors.Is(err, io.ErrUnexpectedEOF), err)
		}
	})
}

// However often a body is cut, a reader that gets on does not give up.
func TestReaderCountsFailuresInARow(t *testing.T) {
	const piece, pieces = 100 << 10, 50
	opened := 0
	r := retry.NewReader(t.Context(), retry.Policy{Attempts: 2, First: 1}, verdict, func(_ context.Context, offset int64, _ func()) (io.ReadCloser, error) {
		opened++
		if offset == piece*pieces {
			return io.NopCloser(bytes.NewReader(nil)), nil
		}
		return body(make([]byte, piece), errPassing), nil
	})
	n, err := io.Copy(io.Discard, r)
	require.NoError(t, err)
	require.EqualValues(t, piece*pieces, n)
	require.Equal(t, pieces+1, opened)
	require.NoError(t, r.Close())
}

func TestReaderEnds(t *testing.T) {
	for name, final := range map[string]error{"final": errFinal, "too often": errPassing} {
		t.Run(name, func(t *testing.T) {
			r := retry.NewReader(t.Context(), retry.Policy{Attempts: 3, First: 1}, verdict, func(_ context.Context, offset int64, _ func()) (io.ReadCloser, error) {
				if offset == 0 {
					return body([]byte("half"), io.ErrUnexpectedEOF), nil
				}
				return nil, fmt.Errorf("it: %w", final)
			})
			got, err := io.ReadAll(r)
			require.ErrorIs(t, err, final)
			require.Equal(t, "half", string(got))
			_, again := r.Read(make([]byte, 1))
			require.Equal(t, err, again)
		})
	}
}

// trickle gives a byte a second, and none once its context has ended.
type trickle struct{ ctx context.Context }

func (b trickle) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		return copy(p, "."), nil
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
}

func (trickle) Close() error { return nil }

func TestReaderLeavesASlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, patience := range []time.Duration{500 * time.Millisecond, time.Minute} {
			began := time.Now()
			r := retry.NewReader(t.Context(), retry.Policy{Attempts: 2, Patience: patience}, verdict, func(ctx context.Context, _ int64, _ func()) (io.ReadCloser, error) {
				return trickle{ctx}, nil
			})
			_, err := io.Copy(io.Discard, r)
			require.ErrorIs(t, err, retry.ErrSlow)
			require.Less(t, time.Since(began), 3*patience)
		}
	})
}

func TestReaderLeavesASlowOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := retry.NewReader(t.Context(), retry.Policy{Attempts: 2}, verdict, func(ctx context.Context, _ int64, _ func()) (io.ReadCloser, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		require.ErrorIs(t, r.Start(), retry.ErrSlow)
	})
}

// A reader whose own reader is slow is not to blame.
func TestReaderWaitsForItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := 0
		r := retry.NewReader(t.Context(), retry.Policy{}, verdict, func(context.Context, int64, func()) (io.ReadCloser, error) {
			opened++
			return io.NopCloser(bytes.NewReader(make([]byte, 10))), nil
		})
		for {
			_, err := r.Read(make([]byte, 1))
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			time.Sleep(time.Hour) // of the bubble's clock
		}
		require.Equal(t, 1, opened)
	})
}

func TestReaderEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := retry.NewReader(ctx, retry.Policy{First: time.Hour, Max: time.Hour}, verdict, func(context.Context, int64, func()) (io.ReadCloser, error) {
		cancel()
		return nil, errPassing
	})
	require.ErrorIs(t, r.Start(), context.Canceled)
}

// An Open that takes long but gets on is waited for.
func TestReaderWaitsForAnOpenThatIsAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := retry.NewReader(t.Context(), retry.Policy{Attempts: 1}, verdict, func(ctx context.Context, _ int64, alive func()) (io.ReadCloser, error) {
			for range 10 {
				time.Sleep(50 * time.Second) // of the bubble's clock
				alive()
			}
			return io.NopCloser(bytes.NewReader(nil)), ctx.Err()
		})
		require.NoError(t, r.Start())
		require.NoError(t, r.Close())
	})
}

// Close ends a Read that waits, also in the pause before the next attempt.
func TestCloseEndsARead(t *testing.T) {
	for name, open := range map[string]retry.Open{
		"body":  func(ctx context.Context, _ int64, _ func()) (io.ReadCloser, error) { return trickle{ctx}, nil },
		"pause": func(context.Context, int64, func()) (io.ReadCloser, error) { return nil, errPassing },
	} {
		t.Run(name, func(t *testing.T) {
			r := retry.NewReader(t.Context(), retry.Policy{First: time.Hour, Max: time.Hour}, verdict, open)
			ended := make(chan error)
			go func() { _, err := io.Copy(io.Discard, r); ended <- err }()
			require.NoError(t, r.Close())
			require.Error(t, <-ended)
		})
	}
}
