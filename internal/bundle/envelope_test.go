package bundle_test

import (
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// A Bundle that is processed is checked like one that is stored (FHIR R4 bundle.html,
// bdl-1 to bdl-8).
func TestEnvelopes(t *testing.T) {
	post := entry("POST", "Patient", "urn:uuid:0a", person("", "1"))
	twice := entry("POST", "Patient", "urn:uuid:0a", person("", "2"))
	for name, test := range map[string]struct {
		members string // of the Bundle beside type and entries
		entries []string
		place   string
	}{
		"bdl-1":                       {members: `,"total":1`, entries: []string{post}, place: "/total"},
		"bdl-2":                       {entries: []string{strings.Replace(post, `{`, `{"search":{"mode":"match"},`, 1)}, place: "/entry/0/search"},
		"bdl-3":                       {entries: []string{`{"fullUrl":"urn:uuid:0a","resource":{"resourceType":"Patient"}}`}, place: "/entry/0"},
		"bdl-4":                       {entries: []string{strings.Replace(post, `{`, `{"response":{"status":"201"},`, 1)}, place: "/entry/0/response"},
		"bdl-7":                       {entries: []string{post, twice}, place: "/entry/1/fullUrl"},
		"bdl-7 of a write and a read": {entries: []string{entry("PUT", "Patient/p", base+"/Patient/p", person("p", "1")), entry("GET", "Patient/p", base+"/Patient/p", "")}, place: "/entry/1/fullUrl"},
		"bdl-8":                       {entries: []string{entry("PUT", "Patient/p", "http://x.org/Patient/p/_history/1", person("p", "1"))}, place: "/entry/0/fullUrl"},
		"unknown element":             {members: `,"nonsense":1`, entries: []string{post}},
		"unknown request":             {entries: []string{entry("POST", "Patient", "", person("", "1"), `,"verb":"x"`)}, place: "/entry/0/request/verb"},
		"no method of HTTP":           {entries: []string{entry("FETCH", "Patient", "", person("", "1"))}, place: "/entry/0/request/method"},
		"malformed timestamp":         {members: `,"timestamp":"yesterday"`, entries: []string{post}, place: "/timestamp"},
		"malformed link":              {members: `,"link":[{"relation":"self"}]`, entries: []string{post}, place: "/link/0"},
		"null entry":                  {entries: []string{"null"}},
	} {
		for _, kind := range []string{"batch", "transaction"} {
			t.Run(name+" in a "+kind, func(t *testing.T) {
				err := refused(t, open(t), []byte(`{"resourceType":"Bundle","type":"`+kind+`"`+test.members+`,"entry":[`+strings.Join(test.entries, ",")+`]}`), 400)
				require.ErrorIs(t, err, datastore.ErrInvalid)
				if test.place != "" {
					require.Equal(t, test.place, datastore.Issues(err)[0].Pointer)
				}
			})
		}
	}
}

// A fullUrl that ends in Type/id is about the resource of that type and id.
func TestIdentities(t *testing.T) {
	for name, bad := range map[string]string{
		"another id than the resource's": entry("PUT", "Patient/p", "http://x.org/Patient/q", person("p", "1")),
		"another type":                   entry("PUT", "Patient/p", "http://x.org/Group/p", person("p", "1")),
		"of a create":                    entry("POST", "Patient", "http://x.org/Patient/q", person("p", "1")),
		"of a conditional update":        entry("PUT", "Patient?identifier=1", "http://x.org/Patient/q", person("p", "1")),
		"of a deletion":                  entry("DELETE", "Patient/p", "http://x.org/Patient/q", ""),
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []string{"transaction", "batch"} {
				err := refused(t, open(t), bundleOf(kind, bad), 400)
				require.Equal(t, "/entry/0/fullUrl", datastore.Issues(err)[0].Pointer)
			}
		})
	}
	r := transact(t, open(t), bundleOf("transaction", entry("PUT", "Patient/p", "http://x.org/Patient/p", person("p", "1")),
		entry("POST", "Patient", "http://x.org/Patient/r", person("", "2")), entry("POST", "Patient", "http://x.org/Patient/s", person("s", "3"))))
	require.Equal(t, []string{"201", "201", "201"}, r.statuses())
}

// Names may be written with escapes, and resources stand where they like.
func TestSpellingsOfEnvelopes(t *testing.T) {
	store := open(t)
	r := transact(t, store, []byte(`{"entry":[{"request":{"url":"Patient\/p","m\u0065thod":"PUT"},"resour\u0063e":{"id":"p","resource\u0054ype":"Patient"} , "fullUrl":"urn:uuid:0a"}],"type":"transaction","resourceType":"Bundle"}`))
	require.Equal(t, []string{"201"}, r.statuses())
	for name, text := range map[string]string{
		"resource twice": `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient"},"resour\u0063e":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}]}`,
		"entry twice":    `{"resourceType":"Bundle","type":"batch","entry":[],"entry":[]}`,
		"cut":            `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient"`,
		"more":           `{"resourceType":"Bundle","type":"batch"}{}`,
		"an array":       `[]`,
		"nothing":        ``,
		"null resource":  `{"resourceType":"Bundle","type":"batch","entry":[{"resource":null,"request":{"method":"POST","url":"Patient"}}]}`,
	} {
		t.Run(name, func(t *testing.T) { refused(t, store, []byte(text), 400) })
	}
}

// FuzzBundle has Bundles of any bytes answered or refused, without a panic.
func FuzzBundle(f *testing.F) {
	store := open(f)
	f.Add(bundleOf("transaction", entry("POST", "Patient", "urn:uuid:0a", person("", "1"), ifNoneExist("identifier=1")), entry("POST", "Observation", "http://x.org/Observation/1", observation("urn:uuid:0a"))))
	f.Add(bundleOf("batch", entry("GET", "Patient?_id=a", "", ""), entry("DELETE", "Patient?identifier=1", "", "")))
	f.Fuzz(func(t *testing.T, text []byte) {
		reply, err := store.Transact(ctx, text)
		if err == nil {
			_, invalid := store.Validate(ctx, reply)
			require.NoError(t, invalid, "%s", reply)
		}
		require.NotEqual(t, 500, datastore.Status(err), "%v", err)
	})
}
