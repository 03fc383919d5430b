package bucket_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/fhirlake/fhirlake/ingest/bucket"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/s3blob"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const bucketName = "hospital"

// quick are options for services that fail at once.
var quick = bucket.Options{Attempts: 5, Pause: time.Microsecond, MaxPause: time.Millisecond}

// A service is an S3 of this process that may be told to fail.
type service struct {
	url    string
	s3     *s3mem.Backend
	closes chan struct{} // closed when the test ends

	mu struct {
		sync.Mutex
		requests []string
		fault    func(http.ResponseWriter, *http.Request) bool // answers in the service's place
	}
}

func newService(t testing.TB) *service {
	s := &service{s3: s3mem.New(), closes: make(chan struct{})}
	require.NoError(t, s.s3.CreateBucket(bucketName))
	faker := gofakes3.New(s.s3).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.mu.requests = append(s.mu.requests, r.Method+" "+r.URL.RequestURI())
		fault := s.mu.fault
		s.mu.Unlock()
		if fault == nil || !fault(w, r) {
			faker.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { close(s.closes); server.Close() })
	s.url = server.URL
	return s
}

// failing has f answer requests; where it returns false, the service does.
func (s *service) failing(f func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.fault = f
}

// requests returns what was asked since the last call.
func (s *service) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.mu.requests = nil }()
	return s.mu.requests
}

// open returns the service's bucket. The SDK itself does not try again, so that the
// attempts that are seen are the package's.
func (s *service) open(t testing.TB, opts bucket.Options) *bucket.Bucket {
	return s.openWith(t, opts, aws.NopRetryer{})
}

func (s *service) openWith(t testing.TB, opts bucket.Options, retryer aws.Retryer) *bucket.Bucket {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(s.url), UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		Retryer:     retryer, HTTPClient: &http.Client{Transport: transport},
	})
	blobs, err := s3blob.OpenBucket(background, client, bucketName, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, blobs.Close()) })
	return bucket.New(blobs, &opts)
}

// put stores objects.
func (s *service) put(t testing.TB, objects map[string]string) {
	for key, text := range objects {
		_, err := s.s3.PutObject(bucketName, key, nil, bytes.NewReader([]byte(text)), int64(len(text)), nil)
		require.NoError(t, err)
	}
}

// get returns what an object holds, and whether there is one.
func (s *service) get(t *testing.T, key string) (string, bool) {
	object, err := s.s3.GetObject(bucketName, key, nil)
	if err != nil {
		require.True(t, gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey), err)
		return "", false
	}
	defer object.Contents.Close()
	text, err := io.ReadAll(object.Contents)
	require.NoError(t, err)
	return string(text), true
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>no</Message></Error>`, code)
}

// everyOther lets every other request of a method through, and has fault answer those
// between, the first included.
func everyOther(method string, fault func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) bool {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		if r.Method == method {
			n++
		}
		fails := r.Method == method && n%2 == 1
		mu.Unlock()
		if fails {
			fault(w, r)
		}
		return fails
	}
}

// write makes a file.
func write(t testing.TB, to interface {
	Create(string) (io.WriteCloser, error)
}, name string, text []byte) error {
	w, err := to.Create(name)
	require.NoError(t, err)
	for len(text) > 0 {
		n := min(len(text), 1<<20)
		if _, err := w.Write(text[:n]); err != nil {
			w.Close()
			return err
		}
		text = text[n:]
	}
	return w.Close()
}

// read returns all files below a folder.
func read(t *testing.T, from fs.FS) map[string]string {
	all := map[string]string{}
	require.NoError(t, fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(from, name)
		all[name] = string(text)
		return err
	}))
	return all
}

// s3URL names the service's bucket as programs do.
func (s *service) s3URL(t *testing.T, extra string) string {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	return "s3://" + bucketName + "?region=us-east-1&use_path_style=true&endpoint=" + url.QueryEscape(s.url) + extra
}

var background = context.Background()

// hang answers when the request is given up, or the test ends.
func (s *service) hang(_ http.ResponseWriter, r *http.Request) bool {
	select {
	case <-r.Context().Done():
	case <-s.closes:
	}
	return true
}
