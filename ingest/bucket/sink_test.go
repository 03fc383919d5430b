package bucket_test

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/fhirlake/fhirlake/ingest/bucket"
	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/stretchr/testify/require"
)

// small has files of 24 MiB written in parts.
var small = bucket.Options{Attempts: 5, Pause: time.Microsecond, MaxPause: time.Millisecond, PartSize: 5 << 20, Parts: 2, FailBody: true}

// patient is a retryer of the SDK that hardly waits.
func patient() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff, o.RateLimiter = 6, time.Millisecond, unlimited{}
	})
}

type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (unlimited) AddTokens(uint) error { return nil }

func TestWriting(t *testing.T) {
	for _, c := range []struct {
		name     string
		size     int
		requests int
	}{
		{"nothing", 0, 1}, {"a little", 100, 1}, {"one part", 5 << 20, 1}, {"parts", 24 << 20, 7}, // begin, five parts, complete
	} {
		for _, fault := range []struct {
			name string
			f    func(http.ResponseWriter, *http.Request)
		}{
			{"", nil},
			{"throttled", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, "SlowDown") }},
			{"broken connections", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		} {
			t.Run(c.name+" "+fault.name, func(t *testing.T) {
				s := newService(t)
				b := s.openWith(t, small, patient())
				if fault.f != nil {
					s.failing(everyOther("PUT", fault.f))
				}
				text := long(c.size)
				require.NoError(t, write(t, b.Sink(background, "out"), "Patient/a.ndjson", []byte(text)))
				got, ok := s.get(t, "out/Patient/a.ndjson")
				require.True(t, ok)
				require.True(t, text == got)
				if fault.f == nil {
					require.Len(t, s.requests(), c.requests)
				}
			})
		}
	}
}

func TestNothingAppearsBeforeClose(t *testing.T) {
	for _, size := range []int{100, 24 << 20} {
		s := newService(t)
		s.put(t, map[string]string{"a": "before"})
		to := s.open(t, small).Sink(background, "")
		w, err := to.Create("a")
		require.NoError(t, err)
		_, err = io.WriteString(w, long(size))
		require.NoError(t, err)
		require.NoError(t, jobs.Abort(w))
		require.Error(t, w.Close())
		_, err = w.Write([]byte("x"))
		require.Error(t, err)
		got, _ := s.get(t, "a")
		require.Equal(t, "before", got)
		requireNoUploads(t, s)
	}
}

// requireNoUploads checks that no parts are left behind, which would be paid for.
func requireNoUploads(t *testing.T, s *service) {
	t.Helper()
	began, ended := 0, 0
	for _, r := range s.requests() {
		switch {
		case strings.HasPrefix(r, "POST ") && strings.Contains(r, "?uploads"):
			began++
		case strings.HasPrefix(r, "DELETE ") && strings.Contains(r, "uploadId="):
			ended++
		}
	}
	require.Equal(t, began, ended)
}

func TestWritingIsCancelled(t *testing.T) {
	for _, size := range []int{100, 24 << 20} {
		s := newService(t)
		ctx, cancel := context.WithCancel(background)
		w, err := s.open(t, small).Sink(ctx, "").Create("a")
		require.NoError(t, err)
		_, err = io.WriteString(w, long(size))
		require.NoError(t, err)
		cancel()
		require.ErrorIs(t, w.Close(), context.Canceled)
		_, ok := s.get(t, "a")
		require.False(t, ok)
		requireNoUploads(t, s)
	}
}

// A Write that waits for a service that hangs ends with its context.
func TestWritingIsCancelledWhileItWaits(t *testing.T) {
	opts := small
	opts.Patience = 100 * time.Millisecond
	s := newService(t)
	ctx, cancel := context.WithCancel(background)
	s.failing(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.RawQuery, "partNumber") {
			return false
		}
		cancel()
		return s.hang(w, r)
	})
	err := write(t, s.open(t, opts).Sink(ctx, ""), "a", []byte(long(80<<20)))
	require.ErrorIs(t, err, context.Canceled)
}

func TestWritingFails(t *testing.T) {
	for _, size := range []int{100, 24 << 20} {
		s := newService(t)
		b := s.open(t, small)
		s.failing(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == "PUT" {
				io.Copy(io.Discard, r.Body)
				refuse(w, 403, "AccessDenied")
			}
			return r.Method == "PUT"
		})
		err := write(t, b.Sink(background, ""), "a", []byte(long(size)))
		require.ErrorIs(t, err, fs.ErrPermission)
		require.NotContains(t, err.Error(), "127.0.0.1")
		_, ok := s.get(t, "a")
		require.False(t, ok)
	}
}

func TestWritingHangs(t *testing.T) {
	opts := small
	opts.Patience = 10 * time.Millisecond
	s := newService(t)
	s.failing(func(w http.ResponseWriter, r *http.Request) bool {
		return strings.Contains(r.URL.RawQuery, "partNumber") && s.hang(w, r)
	})
	require.ErrorIs(t, write(t, s.open(t, opts).Sink(background, ""), "a", []byte(long(40<<20))), bucket.ErrSlow)
}

func TestSinkNamesStayInside(t *testing.T) {
	for _, b := range []*bucket.Bucket{newService(t).open(t, quick), bucket.Folder(t.TempDir(), nil)} {
		for _, name := range []string{"", ".", "..", "../a", "/a", "a//b"} {
			_, err := b.Sink(background, "in").Create(name)
			require.ErrorIs(t, err, fs.ErrInvalid, name)
		}
	}
}

func TestGivingUpInMemory(t *testing.T) {
	b, err := bucket.Open(background, "mem://", &bucket.Options{PartSize: 10})
	require.NoError(t, err)
	defer b.Close()
	w, err := b.Sink(background, "").Create("a")
	require.NoError(t, err)
	_, err = io.WriteString(w, long(100))
	require.NoError(t, err)
	require.NoError(t, jobs.Abort(w))
	require.Empty(t, read(t, b.FS(background, "")))
}
