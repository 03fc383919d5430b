package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
)

// A secretThing is a resource of the model.
type secretThing struct {
	typ, id  string
	patients []string // whom it is about
	status   string
	code     string
	other    string // a resource of the same type that it refers to, "" for none
	seen     string // the practitioner it refers to
	version  int
	deleted  bool
}

func (x *secretThing) ref() string { return x.typ + "/" + x.id }

// json returns the resource.
func (x *secretThing) json() string {
	r := map[string]any{"resourceType": x.typ}
	if x.id != "" {
		r["id"] = x.id
	}
	reference := func(to string) map[string]any { return map[string]any{"reference": to} }
	var about []any
	for _, p := range x.patients {
		about = append(about, reference("Patient/"+p))
	}
	switch x.typ {
	case "Patient":
		r["gender"] = map[string]string{"final": "male"}[x.status]
		if r["gender"] == "" {
			r["gender"] = "female"
		}
		if x.seen != "" {
			r["generalPractitioner"] = []any{reference("Practitioner/" + x.seen)}
		}
	case "Observation":
		r["status"], r["code"] = x.status, map[string]any{"coding": []any{map[string]any{"system": "urn:c", "code": x.code}}}
		if len(about) > 0 {
			r["subject"] = about[0]
			if len(about) > 1 {
				r["performer"] = about[1:]
			} else if x.seen != "" {
				r["performer"] = []any{reference("Practitioner/" + x.seen)}
			}
		}
		if x.other != "" {
			r["hasMember"] = []any{reference("Observation/" + x.other)}
		}
	case "Practitioner":
		r["active"] = x.status == "final"
	case "Device":
		if len(about) > 0 {
			r["patient"] = about[0]
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// grants reports whether a grant is about a resource, by its own content.
func (x *secretThing) grantedBy(g *access.Grant, p access.Permission) bool {
	if !g.Permits(p, x.typ) {
		return false
	}
	switch g.Query { // with the types that have the parameters
	case "":
	case "status=final":
		if x.typ != "Observation" || x.status != "final" {
			return false
		}
	case "code=urn:c|a":
		if x.typ != "Observation" || x.code != "a" {
			return false
		}
	case "gender=male":
		if x.typ != "Patient" || x.status != "final" {
			return false
		}
	}
	switch {
	case g.Patient == "":
		return true
	case x.typ == "Patient":
		return x.id == g.Patient
	case x.typ == "Observation":
		return slices.Contains(x.patients, g.Patient)
	case x.typ == "Device":
		return len(x.patients) == 0 || x.patients[0] == g.Patient
	}
	return true
}

func (x *secretThing) granted(r *access.Rights, p access.Permission) bool {
	for i := range r.Grants {
		if x.grantedBy(&r.Grants[i], p) {
			return true
		}
	}
	return false
}

// visible reports whether any permission is granted for a resource.
func (x *secretThing) visible(r *access.Rights) bool {
	return slices.ContainsFunc([]byte(access.Permissions), func(p byte) bool { return x.granted(r, access.Permission(p)) })
}

// mayType reports whether a permission is granted for a type.
func mayType(r *access.Rights, p access.Permission, typ string) bool {
	return slices.ContainsFunc(r.Grants, func(g access.Grant) bool {
		has := map[string]string{"status=final": "Observation Device", "code=urn:c|a": "Observation", "gender=male": "Patient Practitioner"}[g.Query]
		return g.Permits(p, typ) && (g.Query == "" || strings.Contains(has, typ))
	})
}

var secretTypes = []string{"Patient", "Observation", "Practitioner", "Device"}

func drawRights(t *rapid.T) *access.Rights {
	r := &access.Rights{Caller: "me"}
	for range rapid.IntRange(1, 3).Draw(t, "grants") {
		g := access.Grant{
			Type:        rapid.SampledFrom([]string{"*", "Patient", "Observation", "Observation", "Device"}).Draw(t, "type"),
			Permissions: rapid.SampledFrom([]string{"rs", "cruds", "cud", "s", "r", "crus", "ds"}).Draw(t, "permissions"),
			Patient:     rapid.SampledFrom([]string{"", "p1", "p1", "p2"}).Draw(t, "patient"),
		}
		switch g.Type {
		case "Observation":
			g.Query = rapid.SampledFrom([]string{"", "status=final", "code=urn:c|a"}).Draw(t, "query")
		case "Patient":
			g.Query = rapid.SampledFrom([]string{"", "gender=male"}).Draw(t, "query")
		case "*":
			g.Query = rapid.SampledFrom([]string{"", "", "status=final"}).Draw(t, "query")
		}
		r.Grants = append(r.Grants, g)
	}
	return r
}

func drawThing(t *rapid.T, typ string) secretThing {
	x := secretThing{typ: typ}
	x.status = rapid.SampledFrom([]string{"final", "preliminary"}).Draw(t, "status")
	x.code = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "code")
	patient := func() string { return rapid.SampledFrom([]string{"p1", "p2", "p3"}).Draw(t, "about") }
	switch typ {
	case "Patient":
		x.id = patient()
		x.seen = rapid.SampledFrom([]string{"", "d1", "d2"}).Draw(t, "seen")
	case "Observation":
		x.id = rapid.SampledFrom([]string{"o1", "o2", "o3", "o4", "o5"}).Draw(t, "id")
		for range rapid.IntRange(0, 2).Draw(t, "subjects") {
			x.patients = append(x.patients, patient())
		}
		x.seen = rapid.SampledFrom([]string{"", "d1"}).Draw(t, "seen")
		x.other = rapid.SampledFrom([]string{"", "o1", "o2", "o3"}).Draw(t, "other")
	case "Practitioner":
		x.id = rapid.SampledFrom([]string{"d1", "d2"}).Draw(t, "id")
	case "Device":
		x.id = rapid.SampledFrom([]string{"v1", "v2", "v3"}).Draw(t, "id")
		if rapid.Bool().Draw(t, "owned") {
			x.patients = []string{patient()}
		}
	}
	return x
}

// A secretWorld is two stores, of which one has no more than the caller may see in the
// other, and the model of the other.
type secretWorld struct {
	*rapid.T
	rights       *access.Rights
	all, visible http.Handler
	store        *datastore.Store // all
	things       map[string]*secretThing
}

func newSecretWorld(t *rapid.T) *secretWorld {
	w := &secretWorld{T: t, rights: drawRights(t), things: map[string]*secretThing{}}
	deletes := rest.DeleteMode(rapid.Uint8Range(0, 1).Draw(t, "delete"))
	made := func() (*datastore.Store, http.Handler) {
		store, err := datastore.Open(t.Context(), "mem:", &datastore.Options{NewID: storetest.IDs("n"), Now: func() time.Time { return start }})
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		return store, rest.NewHandler(store, &rest.Options{
			ConditionalDelete: deletes,
			Authorization:     &rest.Authorization{Rights: func(*http.Request) (*access.Rights, error) { return w.rights, nil }},
		})
	}
	w.store, w.all = made()
	var visible *datastore.Store
	visible, w.visible = made()
	for range rapid.IntRange(5, 14).Draw(t, "things") {
		x := drawThing(t, rapid.SampledFrom(secretTypes).Draw(t, "type"))
		if w.things[x.ref()] != nil {
			continue
		}
		x.version = 1
		w.things[x.ref()] = &x
		put := func(s *datastore.Store) {
			_, err := s.Update(t.Context(), []byte(x.json()))
			require.NoError(t, err, x.json())
		}
		if put(w.store); x.visible(w.rights) {
			put(visible)
		}
		if rapid.IntRange(0, 5).Draw(t, "deleted") == 0 {
			x.deleted, x.version = true, 2
			require.NoError(t, w.store.Delete(t.Context(), datastore.Ref{Type: x.typ, ID: x.id}))
			if x.visible(w.rights) {
				require.NoError(t, visible.Delete(t.Context(), datastore.Ref{Type: x.typ, ID: x.id}))
			}
		}
	}
	return w
}

// A secretRequest is one that is asked of both stores.
type secretRequest struct {
	method, path, body string
	header             http.Header
}

func (r *secretRequest) String() string {
	return fmt.Sprint(r.method, " ", r.path, " ", r.header, "\n", r.body)
}

func answerOf(h http.Handler, q *secretRequest) *httptest.ResponseRecorder {
	r := httptest.NewRequest(q.method, "http://example.com/fhir"+q.path, strings.NewReader(q.body))
	for name, values := range q.header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var pageToken = regexp.MustCompile(`_page=[A-Za-z0-9_%-]+`)

// shown is what a client can tell of an answer, but for page tokens.
func shown(a *httptest.ResponseRecorder) string {
	var headers []string
	for name, values := range a.Header() {
		headers = append(headers, name+": "+strings.Join(values, ","))
	}
	slices.Sort(headers)
	return fmt.Sprint(a.Code, "\n", strings.Join(headers, "\n"), "\n", pageToken.ReplaceAllString(a.Body.String(), "_page=…"))
}

var nextPage = regexp.MustCompile(`"next","url":"http://example.com/fhir([^"]+)"`)

// same asks both stores, follows pages, and wants the same answers.
func (w *secretWorld) same(q *secretRequest) *httptest.ResponseRecorder {
	first := answerOf(w.all, q)
	all, visible, other := first, answerOf(w.visible, q), *q
	for {
		require.Equal(w, shown(visible), shown(all), "%v %+v", q, w.rights)
		next, same := nextPage.FindStringSubmatch(all.Body.String()), nextPage.FindStringSubmatch(visible.Body.String())
		if next == nil {
			return first
		}
		q, other = &secretRequest{method: "GET", path: next[1]}, secretRequest{method: "GET", path: same[1]}
		all, visible = answerOf(w.all, q), answerOf(w.visible, &other)
		require.Equal(w, http.StatusOK, all.Code, "%v", all.Body)
	}
}

// TestNobodyTells has a caller ask two stores: one that has more than the caller may see,
// and one that has no more. The caller cannot tell them apart, whatever is asked.
func TestNobodyTells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newSecretWorld(t)
		for range rapid.IntRange(4, 12).Draw(t, "requests") {
			q, x := w.draw()
			if q.method == "PUT" && !strings.Contains(q.path, "?") && w.hidden(&x) {
				a := answerOf(w.all, &q)
				require.Contains(t, []int{http.StatusForbidden, http.StatusPreconditionFailed}, a.Code, "%v", a.Body)
				continue
			}
			w.same(&q)
		}
		// What the caller does not see is as it was.
		for _, x := range w.things {
			if !x.visible(w.rights) {
				v, err := w.store.Read(t.Context(), datastore.Ref{Type: x.typ, ID: x.id})
				if x.deleted {
					require.ErrorIs(t, err, datastore.ErrGone)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, "1", v.VersionID)
			}
		}
	})
}
