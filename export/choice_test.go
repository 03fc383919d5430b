package export_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	register "github.com/fhirlake/fhirlake/jobs"
)

// refs returns what the lines of an export are of, in order.
func refs(t *testing.T, from datastore.Reader, opts export.Options) []string {
	t.Helper()
	var all []string
	for line, err := range export.Lines(ctx, from, opts) {
		require.NoError(t, err)
		var r struct{ ResourceType, ID string }
		require.NoError(t, json.Unmarshal(line, &r))
		all = append(all, r.ResourceType+"/"+r.ID)
	}
	return all
}

// found returns what searches find, sorted.
func found(t *testing.T, from datastore.Reader, opts []datastore.SearchOption, queries ...string) []string {
	t.Helper()
	var all []string
	for _, query := range queries {
		typ, query, _ := strings.Cut(query, "?")
		for {
			page, err := from.Search(ctx, typ, query, opts...)
			require.NoError(t, err)
			for i := range page.Matches {
				all = append(all, page.Matches[i].String())
			}
			if query = page.Next; query == "" {
				break
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func sorted(list []string) []string { slices.Sort(list); return list }

func TestFiltersAreSearches(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 5))
	for i := range 6 {
		tag := []string{`{"system":"s","code":"a"}`, `{"system":"s","code":"b"}`, `{"code":"c"}`}[i%3]
		update(t, store, fmt.Sprintf(`{"resourceType":"Basic","id":"b%d","code":{"text":"x"},"meta":{"tag":[%s],"security":[%s]}}`, i, tag, tag))
	}
	for name, c := range map[string]struct {
		opts    export.Options
		queries []string
	}{
		"one filter":   {export.Options{Types: []string{"Observation"}, TypeFilters: []string{"Observation?status=final&date=ge2010"}}, []string{"Observation?status=final&date=ge2010"}},
		"alternatives": {export.Options{Types: []string{"Patient"}, TypeFilters: []string{"Patient?gender=male", "Patient?birthdate=lt1980"}}, []string{"Patient?gender=male", "Patient?birthdate=lt1980"}},
		"other types":  {export.Options{Types: []string{"Patient", "Encounter"}, TypeFilters: []string{"Patient?gender=male&_sort=name&_count=1"}}, []string{"Patient?gender=male", "Encounter?"}},
		"tags":         {export.Options{Tags: []string{"s|a", "c"}}, []string{"Basic?_tag=s|a,c"}},
		"both":         {export.Options{Tags: []string{"s|a"}, Securities: []string{"s|b"}}, nil},
		"security":     {export.Options{Securities: []string{"s|b"}}, []string{"Basic?_security=s|b"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, found(t, store, nil, c.queries...), sorted(refs(t, store, c.opts)))
		})
	}
}

func TestPatientsAndGroups(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 8))
	all := found(t, store, nil, "Patient?")
	members := all[2:4]
	update(t, store, fmt.Sprintf(`{"resourceType":"Group","id":"inner","type":"person","actual":true,"member":[{"entity":{"reference":%q}},{"entity":{"reference":%q},"inactive":true}]}`, members[1], all[5]))
	update(t, store, fmt.Sprintf(`{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":%q}},{"entity":{"reference":"Group/inner"}}]}`, members[0]))
	compartments := func(patients []string) (want []string) {
		for _, p := range patients {
			_, id, _ := strings.Cut(p, "/")
			want = append(want, found(t, store, []datastore.SearchOption{datastore.InCompartment(datastore.Ref{Type: "Patient", ID: id})}, "?")...)
		}
		want = slices.DeleteFunc(want, func(ref string) bool { return strings.HasPrefix(ref, "Patient/") && !slices.Contains(patients, ref) })
		return slices.Compact(sorted(want))
	}
	require.Equal(t, compartments(members), sorted(refs(t, store, export.Options{Scope: "Group/g"})))
	require.Equal(t, compartments(all), sorted(refs(t, store, export.Options{Scope: "Patient"})))
	require.Equal(t, compartments(members[1:]), sorted(refs(t, store, export.Options{Scope: "Group/g", Patients: members[1:]})))
	require.Equal(t, compartments(all[:1]), sorted(refs(t, store, export.Options{Patients: all[:1]})))

	var out storetest.Sink
	result, err := run(t, store, export.Options{To: &out, OrganizeBy: "Patient", FileSize: 200_000})
	require.NoError(t, err)
	require.Contains(t, string(out.File("manifest.json")), `"outputOrganizedBy": "Patient"`)
	blocks := map[string][]string{}
	var flat []string
	for _, f := range result.Files {
		head := ""
		for line := range bytes.Lines(out.File(f.Name)) {
			v := value(t, line)
			if v["resourceType"] == "Parameters" {
				head = v["parameter"].([]any)[0].(map[string]any)["valueReference"].(map[string]any)["reference"].(string)
				continue
			}
			ref := fmt.Sprint(v["resourceType"], "/", v["id"])
			flat = append(flat, ref)
			if f.Type == "" {
				blocks[head] = append(blocks[head], ref)
			}
		}
	}
	require.Len(t, blocks, len(all))
	for head, refs := range blocks {
		require.Equal(t, head, refs[0])
		require.Equal(t, compartments([]string{head}), sorted(refs))
	}
	require.Equal(t, sorted(refs(t, store, export.Options{})), slices.Compact(sorted(flat)))
}

func TestSinceUntilAndDeleted(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	store := storetest.Open(t, &datastore.Options{Now: func() time.Time { now = now.Add(time.Minute); return now }})
	update(t, store, `{"resourceType":"Patient","id":"a"}`)
	update(t, store, `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`)
	update(t, store, `{"resourceType":"Patient","id":"b"}`)
	since := store.Snapshot().Time()
	for _, ref := range []datastore.Ref{{Type: "Observation", ID: "o"}, {Type: "Patient", ID: "b"}} {
		require.NoError(t, store.Delete(ctx, ref))
	}
	update(t, store, `{"resourceType":"Patient","id":"b","active":true}`)
	update(t, store, `{"resourceType":"Patient","id":"c"}`)
	until := store.Snapshot().Time()
	update(t, store, `{"resourceType":"Patient","id":"d"}`)
	require.Equal(t, []string{"Patient/b", "Patient/c", "Patient/d"}, refs(t, store, export.Options{Since: since}))
	require.Equal(t, []string{"Patient/b"}, refs(t, store, export.Options{Since: since, Until: until}))
	require.Empty(t, refs(t, store, export.Options{Since: store.Snapshot().Time()}))
	for scope, want := range map[string]int{"": 1, "Patient": 1} {
		var out storetest.Sink
		result, err := run(t, store, export.Options{To: &out, Scope: scope, Since: since})
		require.NoError(t, err)
		require.Len(t, result.Deleted, want)
		require.JSONEq(t, `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Observation/o"}}]}`, string(out.File("deleted/Bundle.ndjson")))
		require.Contains(t, string(out.File("manifest.json")), `"url": "deleted/Bundle.ndjson"`)
	}
	var out storetest.Sink
	result, err := run(t, store, export.Options{To: &out, Patients: []string{"Patient/c"}, Since: since})
	require.NoError(t, err)
	require.Empty(t, result.Deleted)
}

func TestElementsAndProvenance(t *testing.T) {
	store := storetest.Open(t, nil)
	update(t, store, `{"resourceType":"Patient","id":"a","active":true,"gender":"male"}`)
	update(t, store, `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueString":"v","subject":{"reference":"Patient/a"}}`)
	for i, recorded := range []string{"2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"} {
		update(t, store, fmt.Sprintf(`{"resourceType":"Provenance","id":"p%d","target":[{"reference":"Patient/a"}],"recorded":%q,"agent":[{"who":{"display":"x"}}]}`, i, recorded))
	}
	text := map[string]string{}
	for line, err := range export.Lines(ctx, store, export.Options{Types: []string{"Patient", "Observation"}, Elements: []string{"Patient.gender", "subject"}}) {
		require.NoError(t, err)
		v := value(t, line)
		text[fmt.Sprint(v["resourceType"])] = string(line)
	}
	require.Contains(t, text["Patient"], `"gender"`)
	require.NotContains(t, text["Patient"], `"active"`)
	require.Contains(t, text["Patient"], `SUBSETTED`)
	require.Contains(t, text["Observation"], `"status"`)
	require.Contains(t, text["Observation"], `"subject"`)
	require.NotContains(t, text["Observation"], `"valueString"`)
	require.Equal(t, []string{"Patient/a", "Provenance/p0"}, refs(t, store, export.Options{Types: []string{"Patient"}, Associated: []export.Associated{export.LatestProvenance}}))
	require.Equal(t, []string{"Patient/a", "Provenance/p0", "Provenance/p1"}, refs(t, store, export.Options{Types: []string{"Patient"}, Associated: []export.Associated{export.RelevantProvenance}}))
}

func TestPartsCompressionAndLayout(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 5))
	var whole storetest.Sink
	_, err := run(t, store, export.Options{To: &whole})
	require.NoError(t, err)
	for _, opts := range []export.Options{
		{FileSize: 50_000}, {FileSize: 1}, {FileSize: 50_000, Compression: export.Gzip}, {Compression: export.Zstd},
		{FileSize: 50_000, Layout: export.HealthLake, DatastoreID: "store"},
	} {
		var out storetest.Sink
		opts.To = &out
		result, err := run(t, store, opts)
		require.NoError(t, err)
		joined := map[string][]byte{}
		for _, f := range result.Files {
			text := out.File(f.Name)
			var r io.Reader = bytes.NewReader(text)
			switch opts.Compression {
			case export.Gzip:
				require.True(t, strings.HasSuffix(f.Name, ".ndjson.gz"))
				r, err = gzip.NewReader(r)
			case export.Zstd:
				require.True(t, strings.HasSuffix(f.Name, ".ndjson.zst"))
				r, err = zstd.NewReader(r)
			}
			require.NoError(t, err)
			text, err = io.ReadAll(r)
			require.NoError(t, err)
			require.EqualValues(t, len(text), f.Bytes)
			require.EqualValues(t, bytes.Count(text, []byte{'\n'}), f.Count)
			require.True(t, opts.FileSize == 0 || f.Bytes <= opts.FileSize || f.Count == 1)
			joined[f.Type+".ndjson"] = append(joined[f.Type+".ndjson"], text...)
		}
		for _, name := range whole.Names() {
			if name != "manifest.json" {
				require.True(t, bytes.Equal(whole.File(name), joined[name]), name)
			}
		}
		if opts.Layout == export.HealthLake {
			require.Contains(t, out.Names(), "store-FHIR_EXPORT-"+jobID(t, store)+"/Patient/Patient-1-1-0.ndjson")
		}
	}
}

// jobID returns the id of the newest job.
func jobID(t *testing.T, store *datastore.Store) string {
	page, err := register.List(ctx, store, register.Filter{Kind: register.Export})
	require.NoError(t, err)
	return slices.MaxFunc(page.Jobs, func(a, b register.Record) int { return cmp.Or(a.Submitted.Compare(b.Submitted), 0) }).ID
}

func TestHistoryRoundTrip(t *testing.T) {
	from := storetest.Open(t, nil)
	load(t, from, ingest.Synthetic(1, 2))
	for i := range 3 {
		update(t, from, fmt.Sprintf(`{"resourceType":"Patient","id":"h","multipleBirthInteger":%d}`, i))
	}
	update(t, from, `{"resourceType":"Patient","id":"gone"}`)
	require.NoError(t, from.Delete(ctx, datastore.Ref{Type: "Patient", ID: "gone"}))
	var out storetest.Sink
	result, err := run(t, from, export.Options{To: &out, History: true})
	require.NoError(t, err)
	require.Len(t, result.Deleted, 1)
	to := storetest.Open(t, nil)
	for _, f := range result.Files {
		load(t, to, bytes.NewReader(out.File(f.Name)))
	}
	histories := func(s *datastore.Store) (all []any) {
		for v, err := range s.History(ctx, datastore.Ref{Type: "Patient", ID: "h"}, nil) {
			require.NoError(t, err)
			all = append(all, v.VersionID, value(t, v.JSON))
		}
		return all
	}
	require.Len(t, histories(from), 6)
	require.Equal(t, histories(from), histories(to))
}

func TestOptionsThatContradict(t *testing.T) {
	store := storetest.Open(t, nil)
	for says, opts := range map[string]export.Options{
		"Scope":           {Scope: "Device"},
		"compartment":     {Scope: "Patient", Types: []string{"Location"}},
		"TypeFilters":     {TypeFilters: []string{"Patient"}},
		"leaves out":      {Types: []string{"Observation"}, TypeFilters: []string{"Patient?"}},
		"Since is not":    {Since: time.Now(), Until: time.Now().Add(-time.Hour)},
		"History":         {History: true, Tags: []string{"a"}},
		"OrganizeBy":      {OrganizeBy: "Observation"},
		"DatastoreID":     {Layout: export.HealthLake},
		"Compression":     {Compression: "zip"},
		"the Group":       {Scope: "Group/none"},
		"Patients":        {Patients: []string{"Patient/none"}},
		"unknown":         {TypeFilters: []string{"Patient?nothing=1"}},
		"a selection":     {TypeFilters: []string{"Patient?_revinclude=Observation:subject"}},
		"Elements":        {Types: []string{"Patient"}, Elements: []string{"nothing"}},
		"Associated: \"x": {Associated: []export.Associated{"x"}},
	} {
		opts.To = discard{}
		_, err := export.Start(ctx, store, opts)
		require.ErrorContains(t, err, says)
	}
}

func TestWrite(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 2))
	var text, small bytes.Buffer
	r, err := export.Write(ctx, store, &text, export.Options{})
	require.NoError(t, err)
	require.EqualValues(t, bytes.Count(text.Bytes(), []byte{'\n'}), r.Resources)
	_, err = export.Write(ctx, store, &small, export.Options{Compression: export.Zstd})
	require.NoError(t, err)
	z, err := zstd.NewReader(&small)
	require.NoError(t, err)
	again, err := io.ReadAll(z)
	require.NoError(t, err)
	require.True(t, bytes.Equal(text.Bytes(), again))
	for range export.Lines(ctx, store, export.Options{}) {
		break
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err = export.Write(stopped, store, io.Discard, export.Options{})
	require.ErrorIs(t, err, context.Canceled)
}
