package httpnlp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/httpnlp"
	"github.com/stretchr/testify/require"
)

// entity is JSON of an entity for the first place of a word.
func entity(text, word, more string) string {
	begin := utf8.RuneCountInString(text[:strings.Index(text, word)])
	return fmt.Sprintf(`{"Id":0,"Text":%q,"BeginOffset":%d,"EndOffset":%d,"Category":"MEDICAL_CONDITION","Type":"DX_NAME","Score":0.5%s}`, word, begin, begin+len(word), more)
}

const icd = `,"ICD10CMConcepts":[{"Code":"R50.9","Description":"Fever","Score":0.7}]`

func detector(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, text string), change func(*httpnlp.Options)) *httpnlp.Detector {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var in struct{ Text string }
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(body, &in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer(w, r, in.Text)
	}))
	t.Cleanup(server.Close)
	o := httpnlp.Options{URL: server.URL, HTTP: true, Pause: 1, MaxPause: time.Millisecond}
	if change != nil {
		change(&o)
	}
	d, err := httpnlp.New(o)
	require.NoError(t, err)
	return d
}

func TestDetect(t *testing.T) {
	d := detector(t, func(w http.ResponseWriter, r *http.Request, text string) {
		require.Equal(t, "key", r.Header.Get("X-Own"))
		require.Equal(t, "Bearer token", r.Header.Get("Authorization"))
		fmt.Fprintf(w, `{"entities":[%s],"RxNorm":[],"ModelVersion":"own 7","More":[{}]}`, entity(text, "fever", icd))
	}, func(o *httpnlp.Options) {
		o.Header = http.Header{"x-own": {"key"}}
		o.Authorize = func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer token")
			return nil
		}
	})
	const text = "Née: fever"
	found, err := d.Detect(t.Context(), text)
	require.NoError(t, err)
	require.NoError(t, found.Check(text))
	require.Equal(t, "own 7", found.ModelVersion)
	require.Len(t, found.Entities, 1)
	require.Equal(t, found.Entities, found.ICD10CM)
	require.Empty(t, found.RxNorm)
}

func TestURLsOfTheirOwn(t *testing.T) {
	d := detector(t, func(w http.ResponseWriter, r *http.Request, text string) {
		fmt.Fprintf(w, `{"Entities":[%s],"ModelVersion":"%s"}`, entity(text, "fever", icd), r.URL.Path)
	}, func(o *httpnlp.Options) { o.ICD10CM, o.RxNorm = o.URL+"/icd", o.URL+"/rx" })
	found, err := d.Detect(t.Context(), "fever")
	require.NoError(t, err)
	require.Len(t, found.Entities, 1)
	require.Len(t, found.ICD10CM, 1)
	require.Len(t, found.RxNorm, 1)
	require.Equal(t, "/, /icd, /rx", found.ModelVersion)
}

func TestLongTexts(t *testing.T) {
	text := strings.Repeat("Née: fever. ", 100)
	var requests atomic.Int32
	d := detector(t, func(w http.ResponseWriter, _ *http.Request, text string) {
		requests.Add(1)
		fmt.Fprintf(w, `{"Entities":[%s]}`, entity(text, "fever", ""))
	}, func(o *httpnlp.Options) { o.MaxCharacters = 20 })
	found, err := d.Detect(t.Context(), text)
	require.NoError(t, err)
	require.NoError(t, found.Check(text))
	require.Len(t, found.Entities, 100)
	require.EqualValues(t, 100, requests.Load())
}

func TestRepeats(t *testing.T) {
	for name, refuse := range map[string]func(http.ResponseWriter){
		"429": func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		},
		"500":     func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"cut off": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			d := detector(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
				if n := calls.Add(1); n < 3 || n > 3 {
					refuse(w)
					return
				}
				_, _ = io.WriteString(w, `{"Entities":[]}`)
			}, nil)
			_, err := d.Detect(t.Context(), "fever")
			require.NoError(t, err)
			_, err = d.Detect(t.Context(), "fever")
			require.ErrorIs(t, err, httpnlp.ErrUnavailable)
			require.EqualValues(t, 3+6, calls.Load())
		})
	}
}

func TestErrors(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		want   error
	}{
		"404": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "fever", http.StatusNotFound) }, httpnlp.ErrRefused},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusPermanentRedirect)
		}, httpnlp.ErrRefused},
		"HTML":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>fever") }, httpnlp.ErrAnswer},
		"other JSON": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"fever":1}`) }, httpnlp.ErrAnswer},
		"types":      {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"Entities":[{"Text":7}]}`) }, httpnlp.ErrAnswer},
		"deep":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("[", 20000)) }, httpnlp.ErrAnswer},
		"large":      {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat(" ", 1<<17)) }, httpnlp.ErrTooLarge},
		"bad": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"Entities":[{"Text":"fever"}]}`)
		}, nlp.ErrFindings},
		"slow": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, httpnlp.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			d := detector(t, func(w http.ResponseWriter, r *http.Request, _ string) { test.answer(w, r) }, func(o *httpnlp.Options) {
				o.MaxAnswer, o.Attempts = 1<<16, 2
				if name == "slow" {
					o.Patience = 50 * time.Millisecond
				}
			})
			_, err := d.Detect(t.Context(), "fever")
			require.ErrorIs(t, err, test.want)
			require.NotContains(t, err.Error(), "fever")
			require.NotContains(t, err.Error(), "127.0.0.1")
		})
	}
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := detector(t, func(_ http.ResponseWriter, r *http.Request, _ string) { cancel(); <-r.Context().Done() }, nil)
	_, err := d.Detect(ctx, "fever")
	require.ErrorIs(t, err, context.Canceled)
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]httpnlp.Options{
		"URL is no URL": {},
		"not https":     {URL: "http://nlp.example/"},
		"RxNorm is no":  {URL: "https://nlp.example/", RxNorm: "ftp://nlp.example"},
		"negative":      {URL: "https://nlp.example/", Parallel: -1},
	} {
		_, err := httpnlp.New(o)
		require.ErrorContains(t, err, name)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"Entities":[` + entity("a fever", "fever", icd) + `]}`))
	f.Add([]byte(`{"Entities":[{"Attributes":[{"BeginOffset":-9}],"Score":1e400}],"ICD10CM":null}`))
	var answer atomic.Pointer[[]byte]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(*answer.Load()) }))
	f.Cleanup(server.Close)
	d, err := httpnlp.New(httpnlp.Options{URL: server.URL, HTTP: true, Attempts: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		answer.Store(&data)
		found, err := d.Detect(t.Context(), "a fever")
		if err == nil || found != nil {
			require.NoError(t, found.Check("a fever"))
		}
	})
}
