package custom_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/custom"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// A store keeps Patients in memory. Who has its mutex is the writer.
type store struct {
	t       *testing.T
	writer  sync.Mutex
	closed  bool
	index   *index.Index
	engine  *exec.Engine
	own     *custom.Parameters
	sources sync.Map // by ordinal
	changes chan struct{}
}

var errClosed = errors.New("the store is closed")

func newStore(t *testing.T) *store {
	s := &store{t: t, index: index.New([16]byte{1}, nil), changes: make(chan struct{}, 100)}
	s.engine = exec.New(s.index, exec.Options{Documents: s.Document})
	s.own = s.engine.Custom()
	return s
}

// Document implements [custom.Store].
func (s *store) Document(o index.Ordinal, doc *fhirjson.Document) error {
	source, _ := s.sources.Load(o)
	return fhirjson.Parse([]byte(source.(string)), doc, nil)
}

// Turn implements [custom.Store].
func (s *store) Turn(ctx context.Context, f func() error) error {
	s.writer.Lock()
	defer s.writer.Unlock()
	if s.closed {
		return errClosed
	}
	return f()
}

// Changed implements [custom.Store].
func (s *store) Changed() { s.changes <- struct{}{} }

// put writes n Patients of one family, none of which was there before.
func (s *store) put(family string, n int) {
	s.writer.Lock()
	defer s.writer.Unlock()
	items, values := make([]index.Item, n), make([]custom.Values, n)
	var b index.Builder
	first := s.index.View().Last() + 1
	for i := range items {
		id := fmt.Sprint(family, int(first)+i)
		source := fmt.Sprintf(`{"resourceType":"Patient","id":%q,"name":[{"family":%q}]}`, id, family)
		s.sources.Store(first+index.Ordinal(i), source)
		var doc fhirjson.Document
		require.NoError(s.t, fhirjson.Parse([]byte(source), &doc, nil))
		values[i] = s.own.Values()
		require.NoError(s.t, s.own.Extract(&values[i], &doc, &b))
		items[i] = index.Item{Type: index.TypeID(schema.TypePatient), ID: id, Custom: values[i].InUse()}
	}
	require.NoError(s.t, s.index.Apply(s.index.View().Sequence()+1, 0, first, items))
	for i := range values {
		s.own.Keep(first+index.Ordinal(i), &values[i])
		values[i].Release()
	}
}

// define makes the parameters those of some expressions, by their codes, and returns how
// many are used.
func (s *store) define(expressions map[string]string) (used int) {
	var definitions []*param.Definition
	for code, expression := range expressions {
		definitions = append(definitions, definition(s.t, code, expression))
	}
	s.writer.Lock()
	defer s.writer.Unlock()
	for _, issues := range s.own.Define(definitions) {
		if issues == nil {
			used++
		}
	}
	return used
}

// definition returns a parameter of type token on Patient.
func definition(t *testing.T, code, expression string) *param.Definition {
	var doc fhirjson.Document
	source := fmt.Sprintf(`{"resourceType":"SearchParameter","url":"urn:%s","name":"x","status":"active","description":"x","code":%q,"base":["Patient"],"type":"token","expression":%q}`, code, code, expression)
	require.NoError(t, fhirjson.Parse([]byte(source), &doc, nil))
	d, issues := param.ReadDefinition(&doc)
	require.Empty(t, issues)
	return d
}

// fill fills what there is to fill.
func (s *store) fill() {
	for f := s.own.Begin(s); f != nil; f = s.own.Begin(s) {
		for ended := false; !ended; {
			require.NoError(s.t, f.Extract(s.t.Context()))
			require.NoError(s.t, s.Turn(s.t.Context(), func() (err error) { ended, err = f.Turn(); return err }))
		}
	}
}

// run fills beside the test, and returns a function that ends that.
func (s *store) run() (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.own.Run(ctx, s, slog.New(slog.DiscardHandler))
	}()
	return func() {
		cancel()
		<-ended
	}
}

// count returns how many Patients match a query in a view.
func (s *store) count(view index.View, query string) (int, error) {
	q, err := s.engine.Parse(schema.TypePatient, query, false)
	if err != nil {
		return 0, err
	}
	r, err := s.engine.Search(s.t.Context(), view, q)
	if err != nil {
		return 0, err
	}
	return r.Total, nil
}
