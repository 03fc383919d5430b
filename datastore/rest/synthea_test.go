package rest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/synth"
	"github.com/stretchr/testify/require"
)

// TestTransactionsOfPatients loads patients as Synthea bundles them: one
// transaction a patient, every entry a POST under a urn:uuid with links to the
// others, and what patients share (organizations, practitioners) in each bundle,
// on the condition that it is not there yet.
func TestTransactionsOfPatients(t *testing.T) {
	t.Run("synthetic", func(t *testing.T) {
		loadBundles(t, bundles(t, synth.New(1, 3).NewReader()))
	})
	t.Run("synthea", func(t *testing.T) {
		const patients = 10
		text := fhirjsontest.Text(t, "synthea/*.ndjson.gz")
		loadBundles(t, bundles(t, bytes.NewReader(text))[:patients])
	})
}

// An item is one resource of the test data.
type item struct {
	ref  string // Patient/1
	typ  string
	text string
	// identifier is a query that finds it, "" where it has no identifier.
	identifier string
	links      []string // Type/id, those of contained resources included
}

func (i *item) uuid() string { return "urn:uuid:" + i.ref[len(i.typ)+1:] }

// shared reports whether bundles create it only where it is not there yet.
func (i *item) shared() bool {
	return (i.typ == "Organization" || i.typ == "Practitioner") && i.identifier != ""
}

var links = regexp.MustCompile(`"reference":"([A-Z][A-Za-z]+/[^"]+)"`)

// bundles sorts ldjson into what belongs to one patient, in the order of the
// patients; to each comes what it links to, directly or not.
func bundles(t *testing.T, ldjson io.Reader) [][]*item {
	t.Helper()
	var items, patients []*item
	byRef := map[string]*item{}
	lines := bufio.NewReader(ldjson)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		var head struct {
			ResourceType, ID string
			Identifier       json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(line), &head))
		i := &item{ref: head.ResourceType + "/" + head.ID, typ: head.ResourceType, text: strings.TrimSpace(line)}
		var identifiers []struct{ System, Value string }
		if json.Unmarshal(head.Identifier, &identifiers) == nil && len(identifiers) > 0 {
			i.identifier = "identifier=" + identifiers[0].System + "|" + identifiers[0].Value
		}
		for _, m := range links.FindAllStringSubmatch(line, -1) {
			i.links = append(i.links, m[1])
		}
		items, byRef[i.ref] = append(items, i), i
		if i.typ == "Patient" {
			patients = append(patients, i)
		}
	}
	owner := map[*item]*item{} // the patient that an item is about
	for _, p := range patients {
		owner[p] = p
	}
	for range 2 { // what links to no patient may link to what does
		for _, i := range items {
			for _, link := range i.links {
				if owner[i] == nil {
					owner[i] = owner[byRef[link]]
				}
			}
		}
	}
	var all [][]*item
	for _, p := range patients {
		var bundle []*item
		for _, i := range items {
			if owner[i] == p {
				bundle = append(bundle, i)
			}
		}
		for n := 0; n < len(bundle); n++ {
			for _, link := range bundle[n].links {
				i := byRef[link]
				require.NotNil(t, i, link)
				if !slices.Contains(bundle, i) {
					bundle = append(bundle, i)
				}
			}
		}
		all = append(all, bundle)
	}
	return all
}

// loadBundles posts each bundle, reads everything back and compares.
func loadBundles(t *testing.T, all [][]*item) {
	c := newClient(t, nil)
	seen := map[string]bool{}
	for _, items := range all {
		stored := c.postBundle(items)
		for _, i := range items {
			if i.shared() && seen[i.ref] {
				require.Equal(t, "200 OK", stored[i.ref].status, i.ref)
				continue
			}
			seen[i.ref] = true
			require.Equal(t, "201 Created", stored[i.ref].status, i.ref)
			a := c.must(http.StatusOK, "GET", "/"+stored[i.ref].ref, "")
			want := links.ReplaceAllStringFunc(i.text, func(link string) string {
				return `"reference":"` + stored[links.FindStringSubmatch(link)[1]].ref + `"`
			})
			require.Equal(t, content(t, want), content(t, a.body), i.ref)
		}
	}
	patients := c.must(http.StatusOK, "GET", "/Patient?_summary=count", "").bundle(t)
	require.Equal(t, len(all), *patients.Total)
}

// A landing is where an item came to be stored.
type landing struct{ ref, status string }

// postBundle posts items as a transaction, the last one first, so that links lead
// forward, and returns what became of each.
func (c *client) postBundle(items []*item) map[string]landing {
	c.t.Helper()
	items = slices.Clone(items)
	slices.Reverse(items)
	uuids := map[string]string{}
	for _, i := range items {
		uuids[i.ref] = i.uuid()
	}
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for n, i := range items {
		if n > 0 {
			b.WriteByte(',')
		}
		resource := links.ReplaceAllStringFunc(i.text, func(link string) string {
			return `"reference":"` + uuids[links.FindStringSubmatch(link)[1]] + `"`
		})
		fmt.Fprintf(&b, `{"fullUrl":%q,"resource":%s,"request":{"method":"POST","url":%q`, i.uuid(), resource, i.typ)
		if i.shared() {
			fmt.Fprintf(&b, `,"ifNoneExist":%q`, i.identifier)
		}
		b.WriteString(`}}`)
	}
	b.WriteString(`]}`)
	reply := c.must(http.StatusOK, "POST", "", b.String()).bundle(c.t)
	require.Equal(c.t, "transaction-response", reply.Type)
	require.Len(c.t, reply.Entry, len(items))
	stored := map[string]landing{}
	for n, i := range items {
		r := reply.Entry[n].Response
		ref, ok := strings.CutSuffix(r.Location, "/_history/1")
		require.True(c.t, ok, r.Location)
		require.Equal(c.t, `W/"1"`, r.ETag)
		stored[i.ref] = landing{ref, r.Status}
	}
	return stored
}

// content is a resource without what the store gives it.
func content(t *testing.T, resource string) map[string]any {
	t.Helper()
	var m map[string]any
	d := json.NewDecoder(strings.NewReader(resource))
	d.UseNumber() // digits count
	require.NoError(t, d.Decode(&m))
	delete(m, "id")
	if meta, ok := m["meta"].(map[string]any); ok {
		delete(meta, "versionId")
		delete(meta, "lastUpdated")
		if len(meta) == 0 {
			delete(m, "meta")
		}
	}
	return m
}
