package engine

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
)

// through returns a hold of the newest state through a filter of Patients.
func through(t *testing.T, e *Engine, patients string) *Hold {
	q, err := e.search.Parse(schema.TypePatient, patients, false)
	require.NoError(t, err)
	h, err := e.Hold()
	require.NoError(t, err)
	t.Cleanup(h.Release)
	h.View.View = h.View.View.Through(exec.NewFilter(q))
	return h
}

// An expectation passes the filter of the state that it was asked of, whoever asks again:
// the writer by what was written since, or by what is in the group, or by a search.
func TestExpectationThroughFilter(t *testing.T) {
	const ann = `{"resourceType":"Patient","id":"%s","gender":"%s","name":[{"family":"Ann"}]}`
	for name, filter := range map[string]string{
		"alone":     "gender=male",
		"not alone": "gender=male&_has:Observation:patient:status=final",
	} {
		for written, want := range map[string]error{"female": nil, "male": ErrOvertaken} {
			for _, grouped := range []bool{false, true} {
				t.Run(fmt.Sprint(name, " ", written, " ", grouped), func(t *testing.T) {
					ctx := context.Background()
					e := openMemory(t, testOptions())
					require.NoError(t, put(ctx, e, fmt.Sprintf(ann, "before", "female"), patient("other", "Bob"),
						`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/since"}}`))
					criterion, err := e.Criterion(schema.TypePatient, "family=Ann", "")
					require.NoError(t, err)
					h := through(t, e, filter)
					found, err := h.Matches(ctx, criterion, 1)
					require.NoError(t, err)
					require.Empty(t, found)
					x := h.Expect(criterion, 0, nil)
					p, err := e.Prepare(ctx, fmt.Appendf(nil, ann, "mine", "male"), &How{})
					require.NoError(t, err)
					c := &Commit{Ops: []Op{{Prepared: p, Interaction: Create}}, Expects: []Expectation{x}}
					if !grouped {
						require.NoError(t, put(ctx, e, fmt.Sprintf(ann, "since", written)))
						_, err = e.Commit(ctx, c)
						require.ErrorIs(t, err, want)
						return
					}
					release := hold(e)
					since, mine := make(chan error, 1), make(chan error, 1)
					go func() { since <- put(ctx, e, fmt.Sprintf(ann, "since", written)) }()
					for len(e.queue) == 0 {
						runtime.Gosched()
					}
					go func() {
						_, err := e.Commit(ctx, c)
						mine <- err
					}()
					for len(e.queue) < 2 {
						runtime.Gosched()
					}
					release()
					require.NoError(t, <-since)
					require.ErrorIs(t, <-mine, want)
				})
			}
		}
	}
}

// A draft beside a state answers through its filter, and reads documents where custom
// parameters need them.
func TestDraftThroughFilter(t *testing.T) {
	ctx := context.Background()
	options := testOptions()
	options.SearchParameters = [][]byte{[]byte(`{"resourceType":"SearchParameter","url":"http://example.org/whole","name":"whole","status":"active","description":"d",
		"code":"whole","base":["Patient"],"type":"composite","expression":"Patient.name","component":[
		{"definition":"http://hl7.org/fhir/SearchParameter/individual-family","expression":"family"},
		{"definition":"http://hl7.org/fhir/SearchParameter/individual-given","expression":"given"}]}`)}
	e := openMemory(t, options)
	require.NoError(t, e.WaitIndexed(ctx))
	var prepared []*Prepared
	for _, source := range []string{
		`{"resourceType":"Patient","id":"1","gender":"male","name":[{"family":"Ann","given":["X"]},{"family":"Bea","given":["Y"]}]}`,
		`{"resourceType":"Patient","id":"2","gender":"female","name":[{"family":"Ann","given":["X"]}]}`,
	} {
		p, err := e.Prepare(ctx, []byte(source), &How{})
		require.NoError(t, err)
		prepared = append(prepared, p)
	}
	for criteria, want := range map[string][2][]int{"whole=Ann$X": {{0, 1}, {0}}, "whole=Ann$Y": {}, "whole=Bea$Y": {{0}, {0}}, "family=Ann": {{0, 1}, {0}}, "gender=female": {{1}, nil}} {
		criterion, err := e.Criterion(schema.TypePatient, criteria, "")
		require.NoError(t, err)
		for i, filter := range []string{"", "gender=male"} {
			d, err := through(t, e, filter).Draft(prepared)
			require.NoError(t, err)
			found, err := d.Matches(ctx, criterion)
			require.NoError(t, err, criteria)
			require.Equal(t, want[i], found, "%s through %s", criteria, filter)
		}
	}
}
