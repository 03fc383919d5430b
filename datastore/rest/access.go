package rest

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Access is one request and what came of it. It is the observer's own, and holds no text
// of the data but ids, queries and references, which may be those of patients.
type Access struct {
	// ID is the header X-Request-Id of the answer: the client's, or a random one.
	ID string
	// Start is when the request came, and Duration how long it took.
	Start    time.Time
	Duration time.Duration
	// Method is that of HTTP; a strange one is "".
	Method string
	// Route is the path of the interaction, with names in place of values, such as
	// "{type}/{id}"; "" if there is none.
	Route string
	// Interaction is a code of http://hl7.org/fhir/restful-interaction: "read",
	// "search-type", "batch", also for a transaction, "operation" and so on; "" if there is
	// none. Operation is the name of an operation, such as "$everything".
	Interaction, Operation string
	// Type, ResourceID and VersionID are what the request names or made; "" for what it
	// does not. Type is a type of FHIR.
	Type, ResourceID, VersionID string
	// Query is the query of a search or of a condition, as it came.
	Query string
	// Caller is who called: as Options.Authorization says, else the subject of the client's
	// certificate, else "". Remote is the address of the connection.
	Caller, Remote string
	// Status is the status of HTTP, 0 if there was no answer. Aborted says that the answer
	// was cut off, or that its client left.
	Status  int
	Aborted bool
	// Bytes is the length of the answer's body as it was sent.
	Bytes int64
	// Patients are the patients that the request and the answer are about: the patient, or
	// the compartment, that the path names, and each that a resource in the answer is or
	// refers to. They are references: Patient/123, absolute for those of other servers. Only
	// Options.Audit is told of them.
	Patients []string
	// Entries are the requests of a batch or transaction. Only Options.Audit is told of them.
	Entries []AccessEntry

	audited bool
	base    string
	known   map[string]bool // the patients
}

// An AccessEntry is the request of an entry of a batch or transaction.
type AccessEntry struct {
	Method, URL string
	// Location is what the entry wrote, as Patient/123/_history/2; "" if nothing.
	Location string
	Status   string // as in the answer: "201 Created"; "" if the whole failed
}

// An Observer is told of each request before it is answered. The context that it returns
// is that of the request; the function that it returns, if it is not nil, is called once
// the request is over, in the goroutine of the request. It must not keep the Access. An
// observer is called by many goroutines. One that panics ends nothing: the logger is told.
type Observer func(ctx context.Context, r *http.Request) (context.Context, func(*Access))

// accessKey is the key of the request's *Access in its context.
type accessKey struct{}

// observe tells the observers of a request. What it returns tells them of its end.
func (h *handler) observe(r *http.Request, w *countedWriter, id string) (*http.Request, func(aborted bool)) {
	a := &Access{ID: id, Start: time.Now(), Remote: r.RemoteAddr, base: h.base(r), audited: h.options.Audit != nil}
	if slices.Contains(methods, r.Method) {
		a.Method = r.Method
	}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		a.Caller = r.TLS.PeerCertificates[0].Subject.String()
	}
	ctx := context.WithValue(r.Context(), accessKey{}, a)
	var ends []func(*Access)
	for _, observer := range h.options.Observers {
		h.careful(ctx, func() {
			inner, end := observer(ctx, r)
			if inner != nil {
				ctx = inner
			}
			if end != nil {
				ends = append(ends, end)
			}
		})
	}
	return r.WithContext(ctx), func(aborted bool) {
		a.Status, a.Bytes, a.Duration = w.status, w.bytes, time.Since(a.Start)
		a.Aborted = aborted || ctx.Err() != nil
		slices.Sort(a.Patients)
		for _, end := range slices.Backward(ends) {
			h.careful(ctx, func() {
				told := *a
				told.Patients, told.Entries = nil, nil
				end(&told)
			})
		}
		if h.options.Audit != nil {
			h.careful(ctx, func() { h.options.Audit(context.WithoutCancel(ctx), a) })
		}
	}
}

// methods are those of FHIR and of its clients' browsers.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// careful calls a function of the program.
func (h *handler) careful(ctx context.Context, f func()) {
	defer func() {
		if recover() != nil {
			h.options.Logger.ErrorContext(ctx, "rest: an observer or Options.Audit panicked")
		}
	}()
	f()
}

// noteRoute notes what the request asks for. Of a page that asks several things the first
// counts.
func (x *exchange) noteRoute(found *route) {
	a := x.access
	if a == nil {
		return
	}
	if x.caller != "" {
		a.Caller = x.caller
	}
	if x.typ == "Patient" && x.id != "" {
		a.addPatient("Patient/" + x.id)
	} else if x.compartment == "Patient" {
		a.addPatient("Patient/" + x.id)
	}
	if a.Route != "" || found.answer == nil {
		return
	}
	a.Route, a.Interaction = "/"+found.path, interactionOf(found)
	if i := strings.IndexByte(found.path, '$'); i >= 0 {
		a.Operation, a.Route = found.path[i:], ""
		for _, part := range [][2]string{{x.typ, "/{type}"}, {x.id, "/{id}"}, {x.version, "/_history/{version}"}} {
			if part[0] != "" {
				a.Route += part[1]
			}
		}
		a.Route += "/" + a.Operation
	}
	a.Type, a.ResourceID, a.VersionID, a.Query = x.typ, x.id, x.version, x.r.URL.RawQuery
	if a.Type == "" {
		a.Type = x.compartment
	}
}

// interactionOf returns the code of a route's interaction.
func interactionOf(found *route) string {
	switch {
	case strings.Contains(found.path, "$"):
		return "operation"
	case len(found.interactions) > 1:
		return "batch"
	case len(found.interactions) == 1:
		return found.interactions[0]
	case found.path == "metadata":
		return "capabilities"
	}
	switch found.method { // a conditional interaction, or another way to search
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		return "delete"
	}
	if strings.HasPrefix(found.path, ".") {
		return ""
	}
	return "search-type"
}

// noteQuery notes the query of a search whose query is in its body.
func (x *exchange) noteQuery(query string) {
	if x.access != nil && x.access.Query == x.r.URL.RawQuery {
		x.access.Query = query
	}
}

// noteWritten notes the resource that a write made or changed.
func (x *exchange) noteWritten(v *datastore.Version) {
	if a := x.access; a != nil {
		a.Type, a.ResourceID, a.VersionID = v.Type, v.ID, v.VersionID
		x.notePatients(v.JSON)
	}
}

// noteDoomed notes the patients of a resource that is to be deleted.
func (x *exchange) noteDoomed() {
	if x.access != nil && x.access.audited {
		if v, err := x.store.Read(x.r.Context(), x.ref()); err == nil {
			x.notePatients(v.JSON)
		}
	}
}

// addPatient adds a patient once.
func (a *Access) addPatient(reference string) {
	if !a.audited || a.known[reference] {
		return
	}
	if a.known == nil {
		a.known = map[string]bool{}
	}
	a.known[reference] = true
	a.Patients = append(a.Patients, reference)
}

// What a patient, or a reference to one, begins with in canonical JSON.
const (
	aPatient    = `{"resourceType":"Patient","id":"`
	anEntry     = `"resource":`
	aReference  = `"reference":"`
	patientPath = "Patient/"
)

// notePatients notes each patient that resources in canonical JSON are or refer to.
func (x *exchange) notePatients(text []byte) {
	a := x.access
	if a == nil || !a.audited {
		return
	}
	for rest := text; ; {
		i := bytes.Index(rest, []byte(aPatient))
		if i < 0 {
			break
		}
		at := len(text) - len(rest) + i
		rest = rest[i+len(aPatient):]
		if at == 0 || bytes.HasSuffix(text[:at], []byte(anEntry)) { // and not contained in another
			a.addPatient(patientPath + idOf(rest))
		}
	}
	for rest := text; ; {
		i := bytes.Index(rest, []byte(aReference))
		if i < 0 {
			return
		}
		rest = rest[i+len(aReference):]
		end := bytes.IndexByte(rest, '"')
		if end < 0 {
			return
		}
		reference := strings.TrimPrefix(string(rest[:end]), a.base+"/")
		i = strings.LastIndex(reference, patientPath)
		if i == 0 || i > 0 && reference[i-1] == '/' {
			if id := idOf([]byte(reference[i+len(patientPath):])); id != "" {
				a.addPatient(reference[:i+len(patientPath)] + id)
			}
		}
	}
}

// idOf returns the id at the beginning of a text.
func idOf(text []byte) string {
	end := bytes.IndexFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.'
	})
	if end < 0 {
		end = len(text)
	}
	return string(text[:end])
}

// noteEntries notes the requests of a Bundle, and what came of them if there is a reply.
func (x *exchange) noteEntries(body, reply []byte) {
	if x.access == nil || !x.access.audited {
		return
	}
	type entries struct {
		Entry []struct {
			Request  struct{ Method, URL string }
			Response struct{ Status, Location string }
		}
	}
	var asked, told entries
	insensitive := json.MatchCaseInsensitiveNames(true)
	if json.Unmarshal(body, &asked, insensitive) != nil {
		return
	}
	_ = json.Unmarshal(reply, &told, insensitive)
	for i, e := range asked.Entry {
		noted := AccessEntry{Method: e.Request.Method, URL: e.Request.URL}
		if i < len(told.Entry) {
			r := told.Entry[i].Response
			noted.Status, noted.Location = r.Status, strings.TrimPrefix(r.Location, x.access.base+"/")
		}
		for _, named := range []string{noted.URL, noted.Location} {
			if path, _, _ := strings.Cut(strings.TrimPrefix(named, x.access.base+"/"), "?"); strings.HasPrefix(path, patientPath) {
				if id, err := url.PathUnescape(path[len(patientPath):]); err == nil && idOf([]byte(id)) != "" {
					x.access.addPatient(patientPath + idOf([]byte(id)))
				}
			}
		}
		x.access.Entries = append(x.access.Entries, noted)
	}
	compact := jsontext.Value(bytes.Clone(body))
	if compact.Compact() == nil {
		x.notePatients(compact)
	}
}
