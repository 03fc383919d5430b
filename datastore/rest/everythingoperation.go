package rest

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// everythingOperations returns $everything of patients, encounters and groups (FHIR R4
// patient-operation-everything.html).
func everythingOperations() []Operation {
	dates := []Parameter{{Name: "start", Type: "date"}, {Name: "end", Type: "date"}}
	rest := []Parameter{
		{Name: "_since", Type: "instant"}, {Name: "_type", Many: true, Type: "code"}, {Name: "_count", Type: "integer"},
		{Name: "return", Out: true, Min: 1, Type: "Bundle"},
	}
	return []Operation{
		{Name: "everything", URL: hl7Definition + "Patient-everything", Type: true, Instance: true, Resources: []string{"Patient"}, paged: true,
			Parameters: slices.Concat(dates, rest), Handle: everything},
		{Name: "everything", URL: hl7Definition + "Encounter-everything", Instance: true, Resources: []string{"Encounter"}, paged: true,
			Parameters: rest, Handle: everything},
		{Name: "everything", URL: hl7Definition + "Group-everything", Instance: true, Resources: []string{"Group"}, paged: true,
			Parameters: slices.Concat(dates, rest), Handle: everything},
	}
}

// Limits of $everything.
const (
	maxEverythingOf    = 10_000   // patients
	maxEverythingBytes = 64 << 20 // of the resources on one page
)

// A record is the answer to $everything while it is worked out: the resources of the
// compartments, and behind them what these refer to.
type record struct {
	call    *Call
	view    *datastore.Snapshot
	since   time.Time
	types   []string               // nil is all
	focal   []datastore.Ref        // whose compartments these are
	about   map[datastore.Ref]bool // patients
	members []datastore.Ordinal    // of the compartments, between start and end
}

// everything answers $everything. A page goes on in the state that the first one showed.
func everything(ctx context.Context, c *Call) (*Reply, error) {
	r := &record{call: c, view: c.View}
	count, query, err := r.read()
	if err != nil {
		return nil, err
	}
	position := uint64(0)
	request := c.requestHash(query)
	if c.page != "" {
		token, err := c.openPage(request)
		if err != nil {
			return nil, err
		}
		if r.view, err = c.Store.SnapshotAt(token.Sequence); err != nil {
			return nil, err
		}
		defer r.view.Close()
		position = token.Position
	}
	if err := r.collect(ctx); err != nil {
		return nil, err
	}
	matches := slices.DeleteFunc(slices.Clone(r.members), func(o datastore.Ordinal) bool { return !r.wants(o) })
	b := newPageBuilder(c.Base, len(matches))
	next := position
	full := func() bool {
		return count >= 0 && b.entries >= count || b.entries > 0 && b.bytes > maxEverythingBytes
	}
	if count == 0 {
		return &Reply{Resource: b.bundle(c.Base+"/"+c.path()+query, "")}, nil
	}
	for ; next < uint64(len(matches)) && !full(); next++ {
		if err := b.add(ctx, r.view, matches[next], "match"); err != nil {
			return nil, err
		}
	}
	more := next < uint64(len(matches))
	if !more {
		others, err := r.others(ctx)
		if err != nil {
			return nil, err
		}
		for i := next - uint64(len(matches)); i < uint64(len(others)) && !full(); i++ {
			if err := b.add(ctx, r.view, others[i], "include"); err != nil {
				return nil, err
			}
			next++
		}
		more = next < uint64(len(matches)+len(others))
	}
	link := ""
	if more {
		link = c.pageLink(query, r.view.Sequence(), next, request)
	}
	self := c.Base + "/" + c.path() + query
	return &Reply{Resource: b.bundle(self, link)}, nil
}

// read reads the arguments. It returns how many resources a page has, -1 for all, and the
// query that says the same, with its question mark.
func (r *record) read() (count int, query string, err error) {
	c, values := r.call, url.Values{}
	for _, a := range c.arguments {
		values.Add(a.Name, a.Text())
	}
	if len(values) > 0 {
		query = "?" + values.Encode()
	}
	if text := c.Text("_since"); text != "" {
		at, err := fhirtime.ParseInstant(text)
		if err != nil {
			return 0, "", err
		}
		r.since = at.Start()
	}
	for _, a := range c.Arguments("_type") {
		for name := range strings.SplitSeq(a.Text(), ",") {
			if _, ok := schema.ResourceType(name); !ok {
				return 0, "", wrongArgument(a, "must name resource types")
			}
			r.types = append(r.types, name)
		}
	}
	count = -1
	if a, ok := c.Argument("_count"); ok {
		n, err := strconv.Atoi(a.Text())
		if err != nil || n < 0 {
			return 0, "", wrongArgument(a, "must be a whole number, 0 or more")
		}
		count = min(n, search.MaxCount)
	}
	return count, query, nil
}

// wants reports whether a resource is to be in the answer.
func (r *record) wants(o datastore.Ordinal) bool {
	if r.types == nil && r.since.IsZero() {
		return true
	}
	v := r.view.Describe(o)
	return (r.types == nil || slices.Contains(r.types, v.Type)) && !v.LastUpdated.Before(r.since)
}

// collect finds the resources of the compartments.
func (r *record) collect(ctx context.Context) error {
	var first []datastore.Ordinal
	if r.call.Subject.ID != "" {
		o, err := r.view.Find(ctx, r.call.Subject)
		if err != nil {
			return err
		}
		first = append(first, o)
	}
	switch {
	case r.call.Subject.Type == "Group":
		if err := r.ofGroup(first[0]); err != nil {
			return err
		}
	case first != nil:
		r.focal = []datastore.Ref{r.call.Subject}
	default:
		patients, err := r.view.Current("Patient")
		if err != nil {
			return err
		}
		for o := range patients {
			r.focal = append(r.focal, r.view.Describe(o).Ref)
		}
	}
	if len(r.focal) > maxEverythingOf {
		return &datastore.Error{Class: datastore.ErrTooCostly, Issues: []datastore.Issue{{
			Severity: issue.Error, Code: issue.TooCostly, Offset: -1, Diagnostics: "these are too many patients for one answer: ask for fewer, or export them",
		}}}
	}
	all := slices.Clone(first)
	r.about = map[datastore.Ref]bool{}
	for _, ref := range r.focal {
		if r.about[ref] = true; ref.Type != "Patient" {
			if err := r.patientsOf(ctx, ref); err != nil {
				return err
			}
		}
		list, err := r.view.Select(ctx, "", "", datastore.InCompartment(ref))
		if err != nil {
			return err
		}
		all = slices.AppendSeq(all, list)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	all, err := r.inPeriod(ctx, all)
	if err != nil {
		return err
	}
	// The resource that the call is about comes first.
	r.members = append(first, slices.DeleteFunc(all, func(o datastore.Ordinal) bool { return slices.Contains(first, o) })...)
	return nil
}

// patientsOf notes the patients that an encounter, or another resource, is about.
func (r *record) patientsOf(ctx context.Context, ref datastore.Ref) error {
	o, err := r.view.Find(ctx, ref)
	if absent(err) {
		return nil
	}
	var doc fhirjson.Document
	if err == nil {
		err = r.open(o, &doc)
	}
	if err != nil {
		return err
	}
	for reference := range references(&doc) {
		if to, ok := r.call.local(reference); ok && to.Type == "Patient" {
			r.about[to] = true
		}
	}
	return nil
}

// ofGroup takes the patients that are active members of a group. Other members are what the
// group refers to.
func (r *record) ofGroup(o datastore.Ordinal) error {
	var doc fhirjson.Document
	seen := map[datastore.Ref]bool{}
	if err := r.open(o, &doc); err != nil {
		return err
	}
	for m := range doc.Members(0, "member") {
		if doc.Member(m, "inactive") == "true" {
			continue
		}
		for entity := range doc.Members(m, "entity") {
			ref, ok := r.call.local(doc.Member(entity, "reference"))
			if ok && ref.Type == "Patient" && !seen[ref] {
				seen[ref] = true
				r.focal = append(r.focal, ref)
			}
		}
	}
	return nil
}

// ownDates are date parameters that say nothing of when care was given.
var ownDates = []string{"_lastUpdated", "birthdate", "death-date"}

// inPeriod returns those of some resources that have to do with care between the dates
// start and end, and those without a date of care.
func (r *record) inPeriod(ctx context.Context, all []datastore.Ordinal) ([]datastore.Ordinal, error) {
	var bounds []string // what is not wholly before the start, nor wholly after the end
	for _, b := range []struct {
		name, prefix string
		of           func(low, high int64) int64
	}{
		{"start", "=gt", func(low, _ int64) int64 { return low - 1000 }},
		{"end", "=lt", func(_, high int64) int64 { return high }},
	} {
		if text := r.call.Text(b.name); text != "" {
			date, err := fhirtime.ParseDate(text)
			if err != nil {
				return nil, err
			}
			at := time.UnixMicro(b.of(date.Range(time.UTC))).UTC()
			bounds = append(bounds, b.prefix+at.Format("2006-01-02T15:04:05.000")) // in the zone of the store
		}
	}
	if bounds == nil {
		return all, nil
	}
	byType := map[string][]datastore.Ordinal{}
	for _, o := range all {
		typ := r.view.Describe(o).Type
		byType[typ] = append(byType[typ], o)
	}
	var options []datastore.SearchOption
	if len(r.focal) == 1 {
		options = append(options, datastore.InCompartment(r.focal[0]))
	}
	var kept []datastore.Ordinal
	for typ, list := range byType {
		t, _ := schema.ResourceType(typ)
		var queries, missing []string
		for _, id := range schema.ParamsOf(t) {
			p := &schema.Params[id]
			if p.Type != schema.ParamDate || slices.Contains(ownDates, p.Code) {
				continue
			}
			queries = append(queries, p.Code+strings.Join(bounds, "&"+p.Code))
			missing = append(missing, p.Code+":missing=true")
		}
		if queries == nil {
			kept = append(kept, list...)
			continue
		}
		in := map[datastore.Ordinal]bool{}
		for _, query := range append(queries, strings.Join(missing, "&")) {
			found, err := r.view.Select(ctx, typ, query, options...)
			if err != nil {
				return nil, err
			}
			for o := range found {
				in[o] = true
			}
		}
		for _, o := range list {
			if in[o] {
				kept = append(kept, o)
			}
		}
	}
	slices.Sort(kept)
	return kept, nil
}
