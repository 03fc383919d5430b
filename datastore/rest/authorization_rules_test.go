package rest_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore"
)

// TestRights holds the answers of a handler to the rules of package access, which a plain
// model applies to each resource by itself.
func TestRights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newSecretWorld(t)
		for range rapid.IntRange(3, 10).Draw(t, "requests") {
			typ := rapid.SampledFrom(secretTypes).Draw(t, "type")
			x := drawThing(t, typ)
			switch rapid.SampledFrom([]string{"read", "vread", "search", "history", "create", "update", "patch", "delete"}).Draw(t, "kind") {
			case "read":
				w.wantStatus(w.reads(&x), "GET", "/"+x.ref(), "")
			case "vread":
				w.wantStatus(w.readsVersion(&x), "GET", "/"+x.ref()+"/_history/1", "")
			case "search":
				w.searches(typ)
			case "history":
				w.histories(typ)
			case "create":
				x.id = ""
				w.wantStatus(w.creates(&x), "POST", "/"+typ, x.json())
			case "update":
				if status := w.updates(&x); w.wantStatus(status, "PUT", "/"+x.ref(), x.json()) < 300 {
					is := w.things[x.ref()]
					if x.version = 1; is != nil {
						x.version = is.version + 1
					}
					w.things[x.ref()] = &x
				}
			case "patch":
				is, changed := w.things[x.ref()], secretThing{}
				if is == nil {
					status := http.StatusNotFound
					if !mayType(w.rights, access.Update, typ) {
						status = http.StatusForbidden
					}
					w.wantStatus(status, "PATCH", "/"+x.ref(), w.patched(typ), "application/json-patch+json")
					continue
				}
				changed = *is
				changed.version++
				changed.status = "preliminary" // which a Device does not have
				if w.wantStatus(w.patches(is, &changed), "PATCH", "/"+x.ref(), w.patched(typ), "application/json-patch+json") < 300 {
					w.things[x.ref()] = &changed
				}
			case "delete":
				is := w.things[x.ref()]
				if w.wantStatus(w.deletes(&x), "DELETE", "/"+x.ref(), "") == http.StatusNoContent && !is.deleted {
					gone := *is
					gone.deleted, gone.version = true, is.version+1
					w.things[x.ref()] = &gone
				}
			}
		}
		for ref, x := range w.things { // nothing else has changed
			v, err := w.store.Read(t.Context(), datastore.Ref{Type: x.typ, ID: x.id})
			if x.deleted {
				require.ErrorIs(t, err, datastore.ErrGone, ref)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, strconv.Itoa(x.version), v.VersionID, ref)
		}
	})
}

// patched is a patch that tests nothing.
func (w *secretWorld) patched(typ string) string {
	if typ == "Patient" {
		return `[{"op":"replace","path":"/gender","value":"female"}]`
	}
	return w.patch(typ)
}

func (w *secretWorld) wantStatus(status int, method, path, body string, contentType ...string) int {
	q := &secretRequest{method: method, path: path, body: body, header: http.Header{}}
	if contentType != nil {
		q.header["Content-Type"] = contentType
	}
	a := answerOf(w.all, q)
	require.Equal(w, status, a.Code, "%v\n%v\n%+v", q, a.Body, w.rights)
	return status
}

func (w *secretWorld) reads(x *secretThing) int {
	is := w.things[x.ref()]
	switch {
	case !mayType(w.rights, access.Read, x.typ):
		return http.StatusForbidden
	case is == nil || !is.granted(w.rights, access.Read):
		return http.StatusNotFound
	case is.deleted:
		return http.StatusGone
	}
	return http.StatusOK
}

func (w *secretWorld) readsVersion(x *secretThing) int {
	is := w.things[x.ref()]
	if is != nil && is.version > 2 || is != nil && is.version == 2 && !is.deleted {
		return answerOf(w.all, &secretRequest{method: "GET", path: "/" + x.ref() + "/_history/1"}).Code // the model has forgotten it
	}
	status := w.reads(x)
	if status == http.StatusGone {
		return http.StatusOK
	}
	return status
}

func (w *secretWorld) searches(typ string) {
	q := &secretRequest{method: "GET", path: "/" + typ + "?_count=1000"}
	if !mayType(w.rights, access.Search, typ) {
		w.wantStatus(http.StatusForbidden, q.method, q.path, "")
		return
	}
	var want []string
	for ref, x := range w.things {
		if x.typ == typ && !x.deleted && x.granted(w.rights, access.Search) {
			want = append(want, ref)
		}
	}
	total, got := found(w, q)
	created := slices.DeleteFunc(slices.Clone(got), func(ref string) bool { return w.things[ref] != nil })
	got = slices.DeleteFunc(got, func(ref string) bool { return w.things[ref] == nil }) // of POST
	require.ElementsMatch(w, want, got, "%+v", w.rights)
	require.Equal(w, len(want)+len(created), total)
}

// histories wants each version of the resources that have one version alone.
func (w *secretWorld) histories(typ string) {
	q := &secretRequest{method: "GET", path: "/" + typ + "/_history?_count=1000"}
	if !mayType(w.rights, access.Search, typ) {
		w.wantStatus(http.StatusForbidden, q.method, q.path, "")
		return
	}
	_, got := found(w, q)
	for ref, x := range w.things {
		if x.typ == typ && x.version == 1 {
			require.Equal(w, x.granted(w.rights, access.Search), slices.Contains(got, ref), "%s %+v", ref, w.rights)
		}
	}
}

func found(w *secretWorld, q *secretRequest) (total int, refs []string) {
	a := answerOf(w.all, q)
	require.Equal(w, http.StatusOK, a.Code, "%v", a.Body)
	var bundle struct {
		Total int
		Entry []struct {
			Resource *struct{ ResourceType, ID string }
		}
	}
	require.NoError(w, json.Unmarshal(a.Body.Bytes(), &bundle))
	for _, e := range bundle.Entry {
		if e.Resource != nil {
			refs = append(refs, e.Resource.ResourceType+"/"+e.Resource.ID)
		}
	}
	return bundle.Total, refs
}

func (w *secretWorld) creates(x *secretThing) int {
	if !mayType(w.rights, access.Create, x.typ) || !x.granted(w.rights, access.Create) {
		return http.StatusForbidden
	}
	return http.StatusCreated
}

func (w *secretWorld) updates(x *secretThing) int {
	is := w.things[x.ref()]
	switch {
	case !x.granted(w.rights, access.Update), is != nil && !is.granted(w.rights, access.Update):
		return http.StatusForbidden
	case is == nil || is.deleted:
		return http.StatusCreated
	}
	return http.StatusOK
}

func (w *secretWorld) patches(is, becomes *secretThing) int {
	seen := func() bool { return is.granted(w.rights, access.Read) || is.granted(w.rights, access.Search) }
	switch {
	case !mayType(w.rights, access.Update, is.typ):
		return http.StatusForbidden
	case !is.granted(w.rights, access.Update) && seen():
		return http.StatusForbidden
	case !is.granted(w.rights, access.Update):
		return http.StatusNotFound
	case is.deleted:
		return http.StatusGone
	case !becomes.granted(w.rights, access.Update):
		return http.StatusForbidden
	}
	return http.StatusOK
}

func (w *secretWorld) deletes(x *secretThing) int {
	is := w.things[x.ref()]
	switch {
	case !mayType(w.rights, access.Delete, x.typ):
		return http.StatusForbidden
	case is == nil:
		return http.StatusNotFound
	case is.granted(w.rights, access.Delete):
		return http.StatusNoContent
	case is.granted(w.rights, access.Read) || is.granted(w.rights, access.Search):
		return http.StatusForbidden
	}
	return http.StatusNotFound
}
