package rest

import (
	"context"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/ucum"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
	"github.com/go-json-experiment/json"
)

const ucumSystem = "http://unitsofmeasure.org"

// A statsQuestion is a call of $stats while it is answered.
type statsQuestion struct {
	call       *Call
	query      string // for the observations, without the code
	period     []byte // effectivePeriod of the answers, nil where none was asked for
	statistics []statistic
	series     []*series // one for each answer
	sources    []datastore.Version
	inSources  map[string]bool
}

// A series is the measurements of one code, in the unit of the first.
type series struct {
	asked  bool   // by the call, and not a part of a panel
	coding []byte // JSON
	key    string // system and code
	unit   *ucum.Unit
	name   string // of the unit, for people
	values []measurement
	total  int // measurements without a value in a commensurable unit count too
}

// A measurement is a value, and when it was measured.
type measurement struct {
	value *big.Rat
	at    time.Time // the zero time if that is not known
}

// stats answers $stats.
func stats(ctx context.Context, c *Call) (*Reply, error) {
	q := &statsQuestion{call: c, inSources: map[string]bool{}}
	if err := q.read(); err != nil {
		return nil, err
	}
	for _, s := range slices.Clone(q.series) {
		if err := q.measure(ctx, s); err != nil {
			return nil, err
		}
	}
	reply := &Reply{}
	for _, s := range q.series {
		if s.asked && s.total == 0 && len(q.series) > len(c.Arguments("code"))+len(c.Arguments("coding")) {
			continue // a panel without a value of its own
		}
		reply.Parameters = append(reply.Parameters, Argument{Name: "statistics", Type: "Observation", Value: q.observation(s)})
	}
	if c.Text("include") == "true" {
		limit := search.MaxCount
		if a, ok := c.Argument("limit"); ok {
			n, _ := strconv.Atoi(a.Text()) // a positiveInt
			limit = min(n, limit)
		}
		for _, v := range q.sources[:min(limit, len(q.sources))] {
			reply.Parameters = append(reply.Parameters, Argument{Name: "source", Type: "Observation", Value: v.JSON})
		}
	}
	return reply, nil
}

// read reads the arguments.
func (q *statsQuestion) read() error {
	c := q.call
	a, _ := c.Argument("subject")
	ref, ok := c.local(a.Text())
	if !ok {
		return wrongArgument(a, "must be a reference to a resource of this server, as Patient/1")
	}
	q.query = "subject=" + url.QueryEscape(ref.String()) + "&status:not=entered-in-error"
	for _, a := range c.Arguments("statistic") {
		s, ok := statisticOf(a.Text())
		if !ok {
			return wrongArgument(a, "must be a code of http://terminology.hl7.org/CodeSystem/observation-statistics")
		}
		q.statistics = append(q.statistics, s)
	}
	system := c.Text("system")
	for _, a := range c.Arguments("code") {
		value := quote.Append([]byte(`{"code":`), a.Text())
		if system != "" {
			value = quote.Append(append(value, `,"system":`...), system)
		}
		q.series = append(q.series, &series{asked: true, coding: append(value, '}'), key: system + "|" + a.Text()})
	}
	for _, a := range c.Arguments("coding") {
		var coding label
		if err := json.Unmarshal(a.Value, &coding); err != nil || coding.Code == "" {
			return wrongArgument(a, "must have a code")
		}
		q.series = append(q.series, &series{asked: true, coding: a.Value, key: coding.System + "|" + coding.Code})
	}
	if q.series == nil {
		return parameterError(issue.Required, "", "one of the parameters code and coding is required")
	}
	return q.readPeriod()
}

func (q *statsQuestion) readPeriod() error {
	c := q.call
	hours, has := c.Argument("duration")
	period, both := c.Argument("period")
	switch {
	case has && both:
		return wrongArgument(period, "does not go with duration")
	case has:
		n, err := strconv.ParseFloat(hours.Text(), 64)
		if err != nil || n <= 0 || n > 24*366*200 {
			return wrongArgument(hours, "must be a number of hours")
		}
		end := time.Now().UTC()
		start := end.Add(-time.Duration(n * float64(time.Hour)))
		q.period = []byte(`{"start":"` + start.Format(time.RFC3339) + `","end":"` + end.Format(time.RFC3339) + `"}`)
		q.query += "&date=ge" + start.Format("2006-01-02T15:04:05Z")
	case both:
		var p struct{ Start, End string }
		if err := json.Unmarshal(period.Value, &p, json.MatchCaseInsensitiveNames(true)); err != nil {
			return err
		}
		q.period = period.Value
		if p.Start != "" {
			q.query += "&date=ge" + url.QueryEscape(p.Start)
		}
		if p.End != "" {
			q.query += "&date=le" + url.QueryEscape(p.End)
		}
	}
	return nil
}

// measure adds the measurements of a code: the values of observations and components that
// have it, and, each to a series of its own, the parts of panels that have it.
func (q *statsQuestion) measure(ctx context.Context, s *series) error {
	system, code, _ := strings.Cut(s.key, "|")
	token := search.Escape(code)
	if system != "" {
		token = search.Escape(system) + "|" + token
	}
	n := 0
	for v, err := range q.call.View.SearchAll(ctx, "Observation", q.query+"&combo-code="+url.QueryEscape(token)+"&_sort=date") {
		if err != nil {
			return err
		}
		if n++; n > maxObserved {
			return tooManyObservations()
		}
		var doc fhirjson.Document
		if err := parseAny(v.JSON, &doc); err != nil {
			return err
		}
		q.uses(v)
		at := timeOf(&doc)
		if !s.isCode(&doc, 0) {
			for part := range doc.Members(0, "component") {
				if s.isCode(&doc, part) {
					s.add(&doc, part, at)
				}
			}
			continue
		}
		panel := false
		for part := range doc.Members(0, "component") {
			q.seriesOf(&doc, part).add(&doc, part, at)
			panel = true
		}
		for m := range doc.Members(0, "hasMember") {
			panel = true
			if err := q.measureMember(ctx, doc.Member(m, "reference"), at); err != nil {
				return err
			}
		}
		if _, _, hasValue := quantityOf(&doc, 0); hasValue || !panel {
			s.add(&doc, 0, at)
		}
	}
	return nil
}

// measureMember adds an observation that is a part of a panel.
func (q *statsQuestion) measureMember(ctx context.Context, reference string, at time.Time) error {
	ref, ok := q.call.local(reference)
	if !ok || ref.Type != "Observation" {
		return nil
	}
	v, err := q.call.View.Read(ctx, ref)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var doc fhirjson.Document
	if err := parseAny(v.JSON, &doc); err != nil {
		return err
	}
	if doc.Member(0, "status") != "entered-in-error" {
		q.uses(v)
		if own := timeOf(&doc); !own.IsZero() {
			at = own
		}
		q.seriesOf(&doc, 0).add(&doc, 0, at)
	}
	return nil
}

// uses notes a source.
func (q *statsQuestion) uses(v datastore.Version) {
	if !q.inSources[v.Ref.ID] {
		q.inSources[v.Ref.ID] = true
		q.sources = append(q.sources, v)
	}
}

// seriesOf returns the series of the first code that an element has.
func (q *statsQuestion) seriesOf(doc *fhirjson.Document, n fhirjson.Index) *series {
	key, coding := "", []byte(nil)
	for code := range doc.Members(n, "code") {
		for c := range doc.Members(code, "coding") {
			if coding == nil {
				key, coding = doc.Member(c, "system")+"|"+doc.Member(c, "code"), fhirjson.AppendCanonical(nil, doc, c)
			}
		}
		if coding == nil {
			key, coding = "\x00"+doc.Member(code, "text"), quote.Append([]byte(`{"display":`), doc.Member(code, "text"))
			coding = append(coding, '}')
		}
	}
	for _, s := range q.series {
		if s.key == key {
			return s
		}
	}
	s := &series{coding: coding, key: key}
	q.series = append(q.series, s)
	return s
}

// isCode reports whether an element has the code of the series.
func (s *series) isCode(doc *fhirjson.Document, n fhirjson.Index) bool {
	system, code, _ := strings.Cut(s.key, "|")
	for concept := range doc.Members(n, "code") {
		for c := range doc.Members(concept, "coding") {
			if doc.Member(c, "code") == code && (system == "" || doc.Member(c, "system") == system) {
				return true
			}
		}
	}
	return false
}

// add adds the value of an observation or of a component.
func (s *series) add(doc *fhirjson.Document, n fhirjson.Index, at time.Time) {
	s.total++
	value, unit, ok := quantityOf(doc, n)
	if !ok {
		return
	}
	if s.unit == nil {
		s.unit, s.name = unit, unit.Code()
		for q := range doc.Members(n, "valueQuantity") {
			if name := doc.Member(q, "unit"); name != "" {
				s.name = name
			}
		}
	}
	var in apd.Decimal
	if err := ucum.Convert(&in, value, unit, s.unit); err != nil {
		return
	}
	if r, ok := new(big.Rat).SetString(in.Text('f')); ok {
		s.values = append(s.values, measurement{r, at})
	}
}

// quantityOf returns the valueQuantity of an element, if it is one of UCUM without a
// comparator.
func quantityOf(doc *fhirjson.Document, n fhirjson.Index) (*apd.Decimal, *ucum.Unit, bool) {
	for q := range doc.Members(n, "valueQuantity") {
		if doc.Member(q, "system") != ucumSystem || doc.Member(q, "comparator") != "" {
			continue
		}
		unit, err := ucum.Parse(doc.Member(q, "code"))
		value, _, bad := apd.NewFromString(doc.Member(q, "value"))
		if err == nil && bad == nil && value.Exponent > -1000 && value.Exponent < 1000 {
			return value, unit, true
		}
	}
	return nil, nil, false
}

// timeOf returns when an observation was made, or began.
func timeOf(doc *fhirjson.Document) time.Time {
	text := doc.Member(0, "effectiveDateTime")
	if text == "" {
		text = doc.Member(0, "effectiveInstant")
	}
	for p := range doc.Members(0, "effectivePeriod") {
		text = doc.Member(p, "start")
	}
	t, err := fhirtime.ParseDateTime(text)
	if err != nil {
		return time.Time{}
	}
	return t.Start()
}

// observation returns the answer for a series.
func (q *statsQuestion) observation(s *series) []byte {
	out := append([]byte(`{"resourceType":"Observation","status":"final","code":{"coding":[`), s.coding...)
	ref, _ := q.call.local(q.call.Text("subject"))
	out = append(quote.Append(append(out, `]},"subject":{"reference":`...), ref.String()), '}')
	if q.period != nil {
		out = append(append(out, `,"effectivePeriod":`...), q.period...)
	}
	out = append(out, `,"component":[`...)
	for i, st := range q.statistics {
		if i > 0 {
			out = append(out, ',')
		}
		out = st.append(out, s)
	}
	return append(out, "]}"...)
}
