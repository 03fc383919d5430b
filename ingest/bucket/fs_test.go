package bucket_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fhirlake/fhirlake/ingest/bucket"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/memblob"
	"pgregory.net/rapid"
)

func TestFSIsAFileSystem(t *testing.T) {
	blobs := memblob.OpenBucket(nil)
	defer blobs.Close()
	for _, key := range []string{"in/a.ndjson", "in/b/c.ndjson", "in/b/d.ndjson", "in/b.x/e", "other"} {
		require.NoError(t, blobs.WriteAll(background, key, []byte(key), nil))
	}
	b := bucket.New(blobs, nil)
	require.NoError(t, fstest.TestFS(b.FS(background, "in"), "a.ndjson", "b/c.ndjson", "b/d.ndjson", "b.x/e"))
	require.NoError(t, fstest.TestFS(b.FS(background, ""), "in/a.ndjson", "other"))
	require.NoError(t, fstest.TestFS(b.FS(background, "nothing")))
}

// Keys that are no names of files are read all the same.
func TestFSOfAnyKey(t *testing.T) {
	keys := []string{"a", "/a", "a//b", "//", "../x", "a/./b", "a/../b", "%", "%a/%%", "a/.", "..", "a%b/c.d"}
	blobs := memblob.OpenBucket(nil)
	defer blobs.Close()
	require.NoError(t, blobs.WriteAll(background, "folder/", nil, nil))
	for _, key := range keys {
		require.NoError(t, blobs.WriteAll(background, key, []byte(key), nil))
	}
	files := read(t, bucket.New(blobs, nil).FS(background, ""))
	require.Len(t, files, len(keys))
	for name, key := range files {
		require.True(t, fs.ValidPath(name), name)
		require.Contains(t, keys, key)
	}
	require.Equal(t, "a//b", files["a/%/b"])

	copied := memblob.OpenBucket(nil)
	defer copied.Close()
	to := bucket.New(copied, nil).Sink(background, "")
	for name, text := range files {
		require.NoError(t, write(t, to, name, []byte(text)))
	}
	for _, key := range keys {
		text, err := copied.ReadAll(background, key)
		require.NoError(t, err)
		require.Equal(t, key, string(text))
	}
}

func TestNamesOfKeysAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[a./%]{1,12}`).Draw(t, "key")
		name := bucket.NameOf(key)
		require.True(t, fs.ValidPath(name) && name != ".", name)
		require.Equal(t, key, bucket.KeyOf(name))
	})
}

type walker interface {
	WalkFiles(func(string, fs.DirEntry) error) error
}

func TestListingInPages(t *testing.T) {
	s := newService(t)
	objects, want := map[string]string{}, []string{}
	for i := range 2500 {
		name := fmt.Sprintf("day%03d/%04d.ndjson", i%3, i)
		objects["in/"+name] = "x"
		want = append(want, name)
	}
	s.put(t, objects)
	s.failing(everyOther("GET", func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, "SlowDown") }))
	from := s.open(t, quick).FS(background, "in")
	var got []string
	require.NoError(t, from.(walker).WalkFiles(func(name string, entry fs.DirEntry) error {
		is, err := entry.Info()
		require.NoError(t, err)
		require.EqualValues(t, 1, is.Size())
		got = append(got, name)
		return nil
	}))
	require.ElementsMatch(t, want, got)
	require.Len(t, s.requests(), 2*3, "three pages, each refused once")
	stop := errors.New("stop")
	require.ErrorIs(t, from.(walker).WalkFiles(func(string, fs.DirEntry) error { return stop }), stop)
	entries, err := fs.ReadDir(from, "day001")
	require.NoError(t, err)
	require.Len(t, entries, 833)
}

// long is a text that does not repeat itself.
func long(n int) string {
	var text strings.Builder
	for i := 0; text.Len() < n; i++ {
		fmt.Fprintf(&text, "%d\n", i)
	}
	return text.String()[:n]
}

// cut has the service break the connection after n bytes of each body.
func cut(s *service, n int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != "GET" || strings.Contains(r.URL.RawQuery, "list-type") {
			return false
		}
		s.failing(nil)
		defer s.failing(cut(s, n))
		request, err := http.NewRequest("GET", s.url+r.URL.RequestURI(), nil)
		if err != nil {
			panic(err)
		}
		request.Header = r.Header.Clone()
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		answer, err := transport.RoundTrip(request)
		if err != nil {
			panic(err)
		}
		defer answer.Body.Close()
		for name, values := range answer.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.StatusCode)
		if m, _ := io.CopyN(w, answer.Body, int64(n)); m == int64(n) {
			panic(http.ErrAbortHandler)
		}
		return true
	}
}

func TestReadingGoesOnWhereItWasCut(t *testing.T) {
	s := newService(t)
	text := long(3 << 20)
	s.put(t, map[string]string{"a": text, "empty": ""})
	b := s.open(t, quick)
	s.failing(cut(s, 200<<10))
	got, err := fs.ReadFile(b.FS(background, ""), "a")
	require.NoError(t, err)
	require.Equal(t, text, string(got))
	require.Greater(t, len(s.requests()), 15)
	got, err = fs.ReadFile(b.FS(background, ""), "empty")
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestReadingFailsInTheEnd(t *testing.T) {
	for _, c := range []struct {
		name     string
		status   int
		code     string
		class    error
		requests int
		says     string
	}{
		{"throttled for ever", 503, "SlowDown", nil, 5, "SlowDown"},
		{"broken", 500, "InternalError", nil, 5, "InternalError"},
		{"denied", 403, "AccessDenied", fs.ErrPermission, 1, "access is denied"},
		{"wrong key", 403, "SignatureDoesNotMatch", fs.ErrPermission, 1, "access is denied"},
		{"gone", 404, "NoSuchKey", fs.ErrNotExist, 2, "no such object"}, // looks whether it is a folder
		{"malformed", 400, "InvalidRequest", nil, 1, "InvalidRequest"},
		{"timed out there", 400, "RequestTimeout", nil, 5, "RequestTimeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newService(t)
			s.put(t, map[string]string{"in/a": "x"})
			s.failing(func(w http.ResponseWriter, r *http.Request) bool {
				if strings.Contains(r.URL.RawQuery, "list-type") {
					return false
				}
				refuse(w, c.status, c.code)
				return true
			})
			_, err := s.open(t, quick).FS(background, "in").Open("a")
			var is *bucket.Error
			require.ErrorAs(t, err, &is)
			require.Equal(t, "a", is.Name)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "127.0.0.1")
			require.NotContains(t, err.Error(), bucketName)
			if c.class != nil {
				require.ErrorIs(t, err, c.class)
			}
			require.Len(t, s.requests(), c.requests)
		})
	}
}

// afterFirstCut breaks the first body and then has f answer.
func afterFirstCut(s *service, n int, f func()) {
	s.failing(func(w http.ResponseWriter, r *http.Request) bool {
		defer f()
		return cut(s, n)(w, r)
	})
}

func TestObjectVanishesHalfWay(t *testing.T) {
	s := newService(t)
	s.put(t, map[string]string{"a": long(1 << 20)})
	afterFirstCut(s, 100<<10, func() {
		_, err := s.s3.DeleteObject(bucketName, "a")
		require.NoError(t, err)
		s.failing(nil)
	})
	f, err := s.open(t, quick).FS(background, "").Open("a")
	require.NoError(t, err)
	defer f.Close()
	got, err := io.ReadAll(f)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Equal(t, long(1 << 20)[:len(got)], string(got))
	require.NotEmpty(t, got)
}

func TestObjectIsReplacedHalfWay(t *testing.T) {
	s := newService(t)
	s.put(t, map[string]string{"a": long(1 << 20)})
	afterFirstCut(s, 100<<10, func() {
		s.put(t, map[string]string{"a": long(2 << 20)})
		s.failing(nil)
	})
	f, err := s.open(t, quick).FS(background, "").Open("a")
	require.NoError(t, err)
	defer f.Close()
	_, err = io.ReadAll(f)
	require.ErrorIs(t, err, bucket.ErrChanged)
}

func TestSlowService(t *testing.T) {
	s := newService(t)
	s.put(t, map[string]string{"a": "x"})
	s.failing(s.hang)
	b := s.open(t, bucket.Options{Attempts: 2, Pause: 1, Patience: 20 * time.Millisecond})
	_, err := b.FS(background, "").Open("a")
	require.ErrorIs(t, err, bucket.ErrSlow)
	_, err = fs.ReadDir(b.FS(background, ""), ".")
	require.ErrorIs(t, err, bucket.ErrSlow)
	require.ErrorIs(t, write(t, b.Sink(background, ""), "b", []byte("x")), bucket.ErrSlow)
}

func TestDeniedBucket(t *testing.T) {
	s := newService(t)
	s.failing(func(w http.ResponseWriter, _ *http.Request) bool { refuse(w, 403, "AccessDenied"); return true })
	b := s.open(t, quick)
	_, err := fs.ReadDir(b.FS(background, ""), ".")
	require.ErrorIs(t, err, fs.ErrPermission)
	require.ErrorIs(t, write(t, b.Sink(background, ""), "b", []byte("x")), fs.ErrPermission)
}

func TestMissingBucket(t *testing.T) {
	s := newService(t)
	require.NoError(t, s.s3.ForceDeleteBucket(bucketName))
	_, err := fs.ReadDir(s.open(t, quick).FS(background, ""), ".")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestURL(t *testing.T) {
	s := newService(t)
	s.put(t, map[string]string{"2026/in/a": "x"})
	b, err := bucket.Open(background, s.s3URL(t, "&prefix=2026/"), &quick)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"in/a": "x"}, read(t, b.FS(background, "")))
	require.NoError(t, write(t, b.Sink(background, "out"), "b", []byte("y")))
	text, ok := s.get(t, "2026/out/b")
	require.True(t, ok)
	require.Equal(t, "y", text)
	require.NoError(t, b.Close())

	for _, wrong := range []string{"", "hospital", "ftp://x", "s3://", "file:", "file://etc/x", "file:///x?prefix=../../y", "mem://?x=1", "%"} {
		_, err := bucket.Open(background, wrong, nil)
		require.ErrorIs(t, err, bucket.ErrURL, wrong)
	}
	for name, o := range map[string]bucket.Options{
		"Attempts": {Attempts: -1}, "Pause": {Pause: -1}, "MaxPause": {MaxPause: -1}, "Patience": {Patience: -1}, "PartSize": {PartSize: -1}, "Parts": {Parts: -1},
	} {
		_, err := bucket.Open(background, "file:///x", &o)
		require.ErrorContains(t, err, "bucket: "+name)
	}
}

func TestMemoryURL(t *testing.T) {
	b, err := bucket.Open(background, "mem://", nil)
	require.NoError(t, err)
	defer b.Close()
	require.NoError(t, write(t, b.Sink(background, "x"), "a/b", []byte("text")))
	require.Equal(t, map[string]string{"x/a/b": "text"}, read(t, b.FS(background, "")))
}
