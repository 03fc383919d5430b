package comprehend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/comprehend"
	"github.com/stretchr/testify/require"
)

// A service speaks the JSON of Comprehend Medical: it finds "fever" and "aspirin".
type service struct {
	*httptest.Server
	mu       sync.Mutex
	requests map[string][]string // texts by operation
	before   func(w http.ResponseWriter, r *http.Request) (done bool)
	running  atomic.Int32
	most     atomic.Int32
}

func serve(t *testing.T) *service {
	s := &service{requests: map[string][]string{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

const target = "ComprehendMedical_20181030."

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.running.Add(1)
	defer s.running.Add(-1)
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); most = s.most.Load() {
	}
	if s.before != nil && s.before(w, r) {
		return
	}
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), target)
	body, _ := io.ReadAll(r.Body)
	var in struct{ Text string }
	if !ok || r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" ||
		!strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=own/") || json.Unmarshal(body, &in) != nil || in.Text == "" {
		fail(w, http.StatusBadRequest, "InvalidRequestException")
		return
	}
	s.mu.Lock()
	s.requests[operation] = append(s.requests[operation], in.Text)
	s.mu.Unlock()
	most := 10_000
	if operation == "DetectEntitiesV2" {
		most = 20_000
	}
	if utf8.RuneCountInString(in.Text) > most {
		fail(w, http.StatusBadRequest, "TextSizeLimitExceededException")
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	fmt.Fprintf(w, `{"Entities":[%s],"ModelVersion":"1.2.3","UnmappedAttributes":[],"New":{}}`, strings.Join(find(operation, in.Text), ","))
}

// find returns the entities of a text as JSON.
func find(operation, text string) []string {
	var found []string
	add := func(word, format string) {
		for at, from := 0, 0; ; from = at + len(word) {
			i := strings.Index(text[from:], word)
			if i < 0 {
				return
			}
			at = from + i
			begin := utf8.RuneCountInString(text[:at])
			found = append(found, fmt.Sprintf(`{"Id":%d,"BeginOffset":%d,"EndOffset":%d,"Text":"%s","Score":0.98,%s}`, len(found), begin, begin+len(word), word, format))
		}
	}
	const condition = `"Category":"MEDICAL_CONDITION","Type":"DX_NAME","Traits":[{"Name":"SYMPTOM","Score":0.7}],"Attributes":[]`
	const medication = `"Category":"MEDICATION","Type":"GENERIC_NAME","Traits":[]`
	if operation != "InferRxNorm" {
		concepts := ""
		if operation == "InferICD10CM" {
			concepts = `,"ICD10CMConcepts":[{"Code":"R50.9","Description":"Fever, unspecified","Score":0.71}]`
		}
		add("fever", condition+concepts)
	}
	if operation != "InferICD10CM" {
		concepts := ""
		if operation == "InferRxNorm" {
			concepts = `,"RxNormConcepts":[{"Code":"1191","Description":"aspirin","Score":0.9}]`
		}
		add("aspirin", medication+concepts)
	}
	return found
}

func fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"__type":"%s","Message":"text was: fever"}`, code)
}

func (s *service) detector(t *testing.T, change func(*comprehend.Options)) *comprehend.Detector {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	o := &comprehend.Options{
		Region: "us-east-1", Endpoint: s.URL, MaxPause: time.Millisecond,
		Credentials: func(context.Context) (comprehend.Credentials, error) {
			return comprehend.Credentials{AccessKeyID: "own", SecretAccessKey: "secret"}, nil
		},
	}
	if change != nil {
		change(o)
	}
	d, err := comprehend.New(t.Context(), o)
	require.NoError(t, err)
	return d
}

func TestDetect(t *testing.T) {
	s := serve(t)
	const text = "Née: fever, takes aspirin."
	found, err := s.detector(t, nil).Detect(t.Context(), text)
	require.NoError(t, err)
	require.NoError(t, found.Check(text))
	fever := nlp.Entity{
		ID: 0, Text: "fever", Category: nlp.Condition, Type: "DX_NAME", Score: 0.98, BeginOffset: 5, EndOffset: 10,
		Traits: []nlp.Trait{{Name: nlp.Symptom, Score: 0.7}},
	}
	aspirin := nlp.Entity{ID: 1, Text: "aspirin", Category: nlp.Medication, Type: "GENERIC_NAME", Score: 0.98, BeginOffset: 18, EndOffset: 25}
	require.Equal(t, []nlp.Entity{fever, aspirin}, found.Entities)
	fever.ICD10CMConcepts = []nlp.Concept{{Code: "R50.9", Description: "Fever, unspecified", Score: 0.71}}
	aspirin.ID, aspirin.RxNormConcepts = 0, []nlp.Concept{{Code: "1191", Description: "aspirin", Score: 0.9}}
	require.Equal(t, []nlp.Entity{fever}, found.ICD10CM)
	require.Equal(t, []nlp.Entity{aspirin}, found.RxNorm)
	require.Equal(t, "DetectEntitiesV2 1.2.3, InferICD10CM 1.2.3, InferRxNorm 1.2.3", found.ModelVersion)

	found, err = s.detector(t, func(o *comprehend.Options) { o.WithoutICD10CM, o.WithoutRxNorm = true, true }).Detect(t.Context(), text)
	require.NoError(t, err)
	require.Len(t, found.Entities, 2)
	require.Empty(t, found.ICD10CM)
	require.Empty(t, found.RxNorm)

	for _, blank := range []string{"", " \n"} {
		found, err = s.detector(t, nil).Detect(t.Context(), blank)
		require.NoError(t, err)
		require.Empty(t, found.Entities)
	}
}

func TestLongTexts(t *testing.T) {
	s := serve(t)
	sentence := "Café: no fever today, aspirin was stopped. "
	text := strings.Repeat(sentence, 2000)
	d := s.detector(t, func(o *comprehend.Options) { o.Parallel = 3 })
	found, err := d.Detect(t.Context(), text)
	require.NoError(t, err)
	require.NoError(t, found.Check(text), "offsets, texts and ids are right")
	require.Len(t, found.Entities, 4000)
	require.Len(t, found.ICD10CM, 2000)
	require.Len(t, found.RxNorm, 2000)
	require.Len(t, s.requests["DetectEntitiesV2"], 5)
	require.Len(t, s.requests["InferICD10CM"], 9)
	for _, sent := range s.requests["InferRxNorm"] {
		require.True(t, strings.HasSuffix(sent, "stopped. "), "cut at ends of sentences")
	}
	require.LessOrEqual(t, s.most.Load(), int32(3))
}

// Several texts together run no more requests at once than one.
func TestParallel(t *testing.T) {
	s := serve(t)
	d := s.detector(t, func(o *comprehend.Options) { o.Parallel = 2 })
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := d.Detect(context.Background(), "fever")
			require.NoError(t, err)
		})
	}
	all.Wait()
	require.LessOrEqual(t, s.most.Load(), int32(2))
}

func TestRepeats(t *testing.T) {
	for name, refuse := range map[string]func(http.ResponseWriter){
		"throttled": func(w http.ResponseWriter) { fail(w, http.StatusBadRequest, "TooManyRequestsException") },
		"429":       func(w http.ResponseWriter) { fail(w, http.StatusTooManyRequests, "ThrottlingException") },
		"500":       func(w http.ResponseWriter) { fail(w, http.StatusInternalServerError, "InternalServerException") },
		"503":       func(w http.ResponseWriter) { fail(w, http.StatusServiceUnavailable, "ServiceUnavailableException") },
		"cut off":   func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			var refused, always atomic.Int32
			s.before = func(w http.ResponseWriter, _ *http.Request) bool {
				if always.Load() == 1 || refused.Add(1)%3 != 0 {
					refuse(w)
					return true
				}
				return false
			}
			d := s.detector(t, func(o *comprehend.Options) { o.WithoutICD10CM, o.WithoutRxNorm = true, true })
			found, err := d.Detect(t.Context(), "fever")
			require.NoError(t, err)
			require.Len(t, found.Entities, 1)

			always.Store(1)
			found, err = d.Detect(t.Context(), "fever")
			require.ErrorIs(t, err, comprehend.ErrUnavailable)
			require.NotContains(t, err.Error(), "fever")
			require.Nil(t, found)
		})
	}
}

func TestRefused(t *testing.T) {
	s := serve(t)
	var calls atomic.Int32
	s.before = func(w http.ResponseWriter, _ *http.Request) bool {
		calls.Add(1)
		fail(w, http.StatusBadRequest, "AccessDeniedException")
		return true
	}
	d := s.detector(t, func(o *comprehend.Options) { o.WithoutICD10CM, o.WithoutRxNorm = true, true })
	_, err := d.Detect(t.Context(), "fever")
	require.ErrorIs(t, err, comprehend.ErrRefused)
	require.ErrorContains(t, err, "AccessDeniedException")
	require.NotContains(t, err.Error(), "fever")
	require.EqualValues(t, 1, calls.Load())
}

func TestBadAnswers(t *testing.T) {
	s := serve(t)
	var answer string
	s.before = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = io.WriteString(w, answer)
		return true
	}
	d := s.detector(t, func(o *comprehend.Options) {
		o.WithoutICD10CM, o.WithoutRxNorm, o.MaxAnswer, o.Attempts = true, true, 1000, 2
	})
	answer = `{"Entities":[{"Id":0,"BeginOffset":0,"EndOffset":900,"Text":"fever","Category":"MEDICAL_CONDITION","Type":"DX_NAME","Score":0.5}]}`
	found, err := d.Detect(t.Context(), "fever")
	require.ErrorIs(t, err, nlp.ErrFindings)
	require.Empty(t, found.Entities)
	answer = `{"Entities":[{"Text":"fever"}]}`
	found, err = d.Detect(t.Context(), "fever")
	require.ErrorIs(t, err, nlp.ErrFindings)
	require.Empty(t, found.Entities)
	answer = `{"Entities":[`
	_, err = d.Detect(t.Context(), "fever")
	require.ErrorIs(t, err, comprehend.ErrUnavailable)
	answer = `{"Entities":[` + strings.Repeat(" ", 1000) + `]}`
	_, err = d.Detect(t.Context(), "fever")
	require.ErrorIs(t, err, comprehend.ErrTooLarge)
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	s := serve(t)
	s.before = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		return true
	}
	_, err := s.detector(t, func(o *comprehend.Options) { o.Attempts = 2 }).Detect(t.Context(), "fever")
	require.Error(t, err)
	require.Zero(t, elsewhere.Load())
}

func TestEndsWithItsContext(t *testing.T) {
	s := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	s.before = func(http.ResponseWriter, *http.Request) bool {
		cancel()
		<-release
		return true
	}
	_, err := s.detector(t, nil).Detect(ctx, "fever")
	require.ErrorIs(t, err, context.Canceled)
	close(release)
}

func TestOptions(t *testing.T) {
	_, err := comprehend.New(t.Context(), &comprehend.Options{Parallel: -1, MaxAnswer: -1})
	require.ErrorContains(t, err, "Parallel is negative")
	require.ErrorContains(t, err, "MaxAnswer")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	_, err = comprehend.New(t.Context(), &comprehend.Options{Profile: "other"})
	require.ErrorContains(t, err, `no profile "other"`)
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	_, err = comprehend.New(t.Context(), nil)
	require.ErrorContains(t, err, "no region")
}
