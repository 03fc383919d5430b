package bulk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/ingest/bulk"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

const first = "000001-Patient.ndjson"

// readFirst reads the first file of a server's manifest.
func readFirst(t *testing.T, s *server, opts *bulk.Options) (string, error) {
	t.Helper()
	text, err := fs.ReadFile(open(t, s.URL+"/manifest", opts).Output(), first)
	return string(text), err
}

func TestManifest(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{
		"/x/manifest": text(`{"transactionTime":"2026-01-02T03:04:05.678Z","request":"https://a/$export","requiresAccessToken":true,"extension":{"y":1},
			"output":[{"type":"Patient","url":"a","count":2},{"type":"Observation","url":"/b"},{"type":"../x","url":"/b"}],
			"deleted":[{"type":"Bundle","url":"d","count":1}],"error":[{"type":"OperationOutcome","url":"e"}]}`),
		"/x/a": text(lines(2)), "/b": text("b"), "/x/d": text("d"), "/x/e": text("e"),
	})
	x := open(t, s.URL+"/x/manifest", quick())
	require.True(t, x.RequiresAccessToken)
	require.Equal(t, "https://a/$export", x.Request)
	require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC), x.TransactionTime)
	files := x.Files()
	require.Len(t, files, 3)
	require.Equal(t, first, files[0].Name)
	require.EqualValues(t, 2, files[0].Count)
	require.EqualValues(t, -1, files[1].Count)
	require.Len(t, s.requests, 1, "nothing is fetched before it is opened")
	require.NoError(t, fstest.TestFS(x.Output(), first, "000002-Observation.ndjson", "000003.ndjson"))
	for _, c := range []struct {
		from       fs.FS
		name, want string
	}{{x.Output(), first, lines(2)}, {x.Output(), "000003.ndjson", "b"}, {x.Deleted(), "000001-Bundle.ndjson", "d"}, {x.Errors(), "000001-OperationOutcome.ndjson", "e"}} {
		got, err := fs.ReadFile(c.from, c.name)
		require.NoError(t, err)
		require.Equal(t, c.want, string(got))
	}
	_, err := x.Output().Open("000001-Observation.ndjson")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestNoManifest(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"no JSON":        {text("<html>"), bulk.ErrManifest},
		"an array":       {text("[]"), bulk.ErrManifest},
		"no output":      {text("{}"), bulk.ErrManifest},
		"wrong types":    {text(`{"output":{"a":1}}`), bulk.ErrManifest},
		"no URL":         {text(`{"output":[{"type":"Patient"}]}`), bulk.ErrManifest},
		"malformed URL":  {text(`{"output":[{"type":"Patient","url":"http://%zz"}]}`), bulk.ErrManifest},
		"too many files": {text(`{"output":[` + strings.Repeat(`{"type":"Patient","url":"a"},`, 5) + `{"type":"Patient","url":"a"}]}`), bulk.ErrManifest},
		"too large":      {text(`{"output":[]}` + strings.Repeat(" ", 10000)), bulk.ErrManifest},
		"a bomb":         {text(compressed(`{"output":[]}` + strings.Repeat(" ", 100000))), bulk.ErrManifest},
		"not ready":      {status(202), bulk.ErrNotReady},
		"not there":      {status(404), fs.ErrNotExist},
		"denied":         {status(401), fs.ErrPermission},
		"forbidden":      {status(403), fs.ErrPermission},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/manifest": c.answer})
			opts := quick()
			opts.MaxFiles, opts.MaxManifestSize = 5, 1000
			_, err := bulk.Open(background, s.URL+"/manifest?token=secret", opts)
			require.ErrorIs(t, err, c.want)
			require.Len(t, s.requests, 1)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestReadManifest(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/a": text("x")})
	x, err := bulk.Read(background, strings.NewReader(`{"output":[{"type":"Patient","url":"a"}]}`), s.URL+"/manifest", quick())
	require.NoError(t, err)
	defer x.Close()
	got, err := fs.ReadFile(x.Output(), first)
	require.NoError(t, err)
	require.Equal(t, "x", string(got))
	_, err = bulk.Read(background, strings.NewReader(`{"output":[{"type":"Patient","url":"a"}]}`), "", quick())
	require.ErrorIs(t, err, bulk.ErrManifest, "relative to nothing")
	_, err = bulk.Read(background, strings.NewReader(`{"output":[{"type":"Patient","url":"https://data.example/a"}]}`), "", quick())
	require.ErrorIs(t, err, bulk.ErrForbidden, "no host may be asked")
}

func TestImport(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{
		"/manifest": manifest("/a", "/gone", "/b.gz"), "/a": text(lines(1000)), "/b.gz": text(compressed(strings.ReplaceAll(lines(500), `"p`, `"q`))),
	})
	store := storetest.Open(t, nil)
	job, err := ingest.Start(background, store, ingest.Options{From: open(t, s.URL+"/manifest", quick()).Output()})
	require.NoError(t, err)
	result, err := job.Wait()
	require.ErrorIs(t, err, ingest.ErrUnreadable)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "000002-Patient.ndjson")
	require.EqualValues(t, 1500, result.Imported)
	require.EqualValues(t, 1, result.Failed())
}

// TestImportDeleted has lines that delete do so in the files that say what was deleted, and
// nowhere else.
func TestImportDeleted(t *testing.T) {
	deletion := `{"resourceType":"Bundle","id":"b","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/p0"}}]}`
	s := serve(t, map[string]http.HandlerFunc{
		"/manifest": text(`{"output":[{"type":"Patient","url":"a"},{"type":"Bundle","url":"d"}],"deleted":[{"type":"Bundle","url":"d"}]}`),
		"/a":        text(`{"resourceType":"Patient","id":"p0"}`), "/d": text(deletion),
	})
	store := storetest.Open(t, nil)
	x := open(t, s.URL+"/manifest", quick())
	for _, c := range []struct {
		from fs.FS
		want error
	}{{x.Output(), nil}, {x.Deleted(), datastore.ErrGone}} {
		job, err := ingest.Start(background, store, ingest.Options{From: c.from})
		require.NoError(t, err)
		result, err := job.Wait()
		require.NoError(t, err)
		require.Equal(t, ingest.Completed, result.Status)
		_, err = store.Read(background, datastore.Ref{Type: "Patient", ID: "p0"})
		require.ErrorIs(t, err, c.want)
		_, err = store.Read(background, datastore.Ref{Type: "Bundle", ID: "b"})
		require.NoError(t, err)
	}
}

// ranged serves a text as file servers do, and breaks each connection after n bytes.
func ranged(text, tag string, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if tag != "" {
			w.Header().Set("ETag", tag)
			http.ServeContent(&breaking{ResponseWriter: w, left: n}, r, "", time.Time{}, strings.NewReader(text))
			return
		}
		io.WriteString(&breaking{ResponseWriter: w, left: n}, text)
	}
}

// breaking breaks the connection after some bytes.
type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		b.ResponseWriter.Write(p[:len(p)+b.left])
		b.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return b.ResponseWriter.Write(p)
}

func TestReadingGoesOn(t *testing.T) {
	want := lines(20000)
	t.Run("in ranges", func(t *testing.T) {
		s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": ranged(want, `"1"`, 300<<10)})
		got, err := readFirst(t, s, quick())
		require.NoError(t, err)
		require.True(t, want == got)
		asked := s.asked("/a")
		require.Len(t, asked, len(want)/(300<<10)+1)
		require.NotEmpty(t, asked[1].Header.Get("Range"))
		require.Equal(t, `"1"`, asked[1].Header.Get("If-Range"))
	})
	t.Run("from the start", func(t *testing.T) {
		n := 0
		s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": func(w http.ResponseWriter, r *http.Request) {
			n += 500 << 10
			ranged(want, "", n)(w, r)
		}})
		got, err := readFirst(t, s, quick())
		require.NoError(t, err)
		require.True(t, want == got)
		require.Empty(t, s.asked("/a")[1].Header.Get("Range"))
	})
	t.Run("compressed", func(t *testing.T) {
		z := compressed(want)
		s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			ranged(z, `"1"`, 100<<10)(w, r)
		}})
		got, err := readFirst(t, s, quick())
		require.NoError(t, err)
		require.True(t, want == got)
		require.Greater(t, len(s.asked("/a")), 1)
	})
}

func TestFileChanges(t *testing.T) {
	for name, tag := range map[string]func(int) string{
		"without a tag": func(int) string { return "" },
		"other tag":     func(n int) string { return []string{`"1"`, `"2"`}[n] },
	} {
		t.Run(name, func(t *testing.T) {
			n := -1
			s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": func(w http.ResponseWriter, r *http.Request) {
				n++
				ranged([]string{lines(9000), "\n" + lines(9000)}[n], tag(n), 300<<10)(w, r)
			}})
			_, err := readFirst(t, s, quick())
			require.ErrorIs(t, err, bulk.ErrChanged)
		})
	}
	t.Run("shorter", func(t *testing.T) {
		n := 0
		s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": func(w http.ResponseWriter, r *http.Request) {
			if n++; n > 1 {
				io.WriteString(w, "x")
				return
			}
			ranged(lines(9000), "", 300<<10)(w, r)
		}})
		_, err := readFirst(t, s, quick())
		require.ErrorIs(t, err, bulk.ErrChanged)
	})
}

func TestServerRecovers(t *testing.T) {
	for _, code := range []int{429, 500, 502, 503, 504} {
		fails := func(f http.HandlerFunc) http.HandlerFunc {
			n := 0
			return func(w http.ResponseWriter, r *http.Request) {
				if n++; n%3 != 0 {
					w.Header().Set("Retry-After", "0")
					w.WriteHeader(code)
					return
				}
				f(w, r)
			}
		}
		s := serve(t, map[string]http.HandlerFunc{"/manifest": fails(manifest("/a")), "/a": fails(text("x"))})
		got, err := readFirst(t, s, quick())
		require.NoError(t, err)
		require.Equal(t, "x", got)
	}
	s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": status(500)})
	_, err := readFirst(t, s, quick())
	var is *bulk.Error
	require.ErrorAs(t, err, &is)
	require.Equal(t, 500, is.Status)
	require.Len(t, s.asked("/a"), 5)
}

func TestLimits(t *testing.T) {
	zeros := strings.Repeat("\n", 10<<20)
	for name, body := range map[string]string{
		"size": zeros[:1<<20+1], "bomb": compressed(zeros), "bomb in a bomb": compressed(compressed(zeros)),
		"nothing, at length": strings.Repeat(compressed(""), 1<<17),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": text(body)})
			opts := quick()
			opts.MaxFileSize = 1 << 20
			got, err := readFirst(t, s, opts)
			require.ErrorIs(t, err, bulk.ErrTooLarge)
			require.LessOrEqual(t, len(got), 1<<20)
		})
	}
	t.Run("just right", func(t *testing.T) {
		s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": text(zeros[:1<<20])})
		opts := quick()
		opts.MaxFileSize = 1 << 20
		got, err := readFirst(t, s, opts)
		require.NoError(t, err)
		require.Len(t, got, 1<<20)
	})
	hang := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	t.Run("time", func(t *testing.T) {
		s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": hang})
		opts := quick()
		opts.MaxFileTime = 20 * time.Millisecond
		_, err := readFirst(t, s, opts)
		require.ErrorIs(t, err, bulk.ErrTooLong)
	})
	t.Run("patience", func(t *testing.T) {
		s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": hang})
		opts := quick()
		opts.Patience, opts.Attempts = 300*time.Millisecond, 2
		_, err := readFirst(t, s, opts)
		require.ErrorIs(t, err, bulk.ErrSlow)
		require.Len(t, s.asked("/a"), 2)
	})
	t.Run("context", func(t *testing.T) {
		s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": hang})
		ctx, cancel := context.WithCancel(background)
		x, err := bulk.Open(ctx, s.URL+"/manifest", quick())
		require.NoError(t, err)
		defer x.Close()
		time.AfterFunc(10*time.Millisecond, cancel)
		_, err = fs.ReadFile(x.Output(), first)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := bulk.Open(background, "https://data.example/", &bulk.Options{
		Hosts: []string{"", "https://x", "a.*.b", "u@h"}, MaxFiles: -1, Networks: []netip.Prefix{},
	})
	require.ErrorContains(t, err, "https://x")
	require.ErrorContains(t, err, "a.*.b")
	require.ErrorContains(t, err, "MaxFiles")
}

func TestAuthorize(t *testing.T) {
	other := serve(t, map[string]http.HandlerFunc{"/c": text("c"), "/d": text("d")})
	s := serve(t, map[string]http.HandlerFunc{
		"/manifest": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"requiresAccessToken":`+r.URL.Query().Get("requires")+`,"output":[{"url":"a"},{"url":"b"},{"url":"`+other.URL+`/d"}]}`)
		},
		"/a": text("a"), "/b": func(w http.ResponseWriter, r *http.Request) { redirect(other.URL+"/c")(w, r) },
	})
	opts := quick()
	opts.Hosts = []string{strings.TrimPrefix(s.URL, "http://"), strings.TrimPrefix(other.URL, "http://")}
	opts.Authorize = func(_ context.Context, r *http.Request) error { r.Header.Set("Authorization", "Bearer x"); return nil }
	for _, requires := range []string{"true", "false"} {
		s.requests, other.requests = nil, nil
		x := open(t, s.URL+"/manifest?requires="+requires, opts)
		for _, name := range []string{"000001.ndjson", "000002.ndjson", "000003.ndjson"} {
			_, err := fs.ReadFile(x.Output(), name)
			require.NoError(t, err)
		}
		with := ""
		if requires == "true" {
			with = "Bearer x"
		}
		require.Equal(t, "Bearer x", s.asked("/manifest")[0].Header.Get("Authorization"))
		require.Equal(t, with, s.asked("/a")[0].Header.Get("Authorization"))
		require.Equal(t, with, s.asked("/b")[0].Header.Get("Authorization"))
		for _, path := range []string{"/c", "/d"} {
			require.Empty(t, other.asked(path)[0].Header.Get("Authorization"), "the token is the manifest's server's")
		}
	}
	failed := errors.New("no token")
	opts.Authorize = func(context.Context, *http.Request) error { return failed }
	_, err := bulk.Open(background, s.URL+"/manifest?requires=true", opts)
	require.ErrorIs(t, err, failed)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"transactionTime":"2026-01-02T03:04:05Z","output":[{"type":"Patient","url":"https://data.example/a","count":1}],"deleted":[],"error":[]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		x, err := bulk.Read(background, bytes.NewReader(text), "https://data.example/manifest", nil)
		if err != nil {
			require.True(t, errors.Is(err, bulk.ErrManifest) || errors.Is(err, bulk.ErrForbidden), err)
			return
		}
		entries, err := fs.ReadDir(x.Output(), ".")
		require.NoError(t, err)
		require.Len(t, entries, len(x.Files()))
		for _, e := range entries {
			require.True(t, fs.ValidPath(e.Name()))
		}
	})
}
