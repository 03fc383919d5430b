package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/klauspost/compress/gzhttp"
)

// DefaultMaxBodySize is the size in bytes up to which the body of a request is
// taken: the largest resource that a store takes by default.
const DefaultMaxBodySize = 64 << 20

// Options say how a handler answers. The zero value of each field is its default.
type Options struct {
	// BasePath is the path below which clients reach the handler, "/fhir" by
	// default and "/" for none. The handler takes requests with it and, as they
	// come out of [http.StripPrefix], without it.
	BasePath string
	// BaseURL is the address at which links begin: set it behind a proxy. By default it
	// is the scheme and the host of the request, and BasePath. Give [datastore.Options]
	// the same: only then are absolute references to the store's own resources local,
	// such as clients make of a fullUrl.
	BaseURL string
	// MaxBodySize is the largest body of a request in bytes: DefaultMaxBodySize by
	// default.
	MaxBodySize int64
	// ConditionalDelete says what DELETE with a query does: DeleteSingle by default.
	ConditionalDelete DeleteMode
	// Limits bound what requests may take.
	Limits Limits
	// CORS are the origins whose web pages may use the API, such as https://app.example.org;
	// "*" is all. By default browsers let pages of other origins read nothing, and the
	// handler refuses their requests that change something.
	CORS []string
	// Audit is told of each access once it is over: who, what, which patients, and what came
	// of it. It may keep the Access. It is called in the goroutine of the request, by many
	// goroutines. [AuditEvents] makes one that stores AuditEvents.
	Audit func(context.Context, *Access)
	// Observers are told of each request: [AccessLog] makes one, and package telemetry.
	Observers []Observer
	// Operations are the program's own. An operation without a Handle, or with the path of
	// another one, is a wrong option.
	Operations []Operation
	// Authorization says who calls and what they may see and do. By default nobody is
	// asked, and everybody may do anything.
	Authorization *Authorization
	// Logger gets the server's own errors. By default nothing is logged.
	Logger *slog.Logger
}

// withDefaults copies and fills o and reports everything that is wrong with it.
func (o *Options) withDefaults() (Options, error) {
	var filled Options
	if o != nil {
		filled = *o
	}
	if filled.BasePath == "" {
		filled.BasePath = "/fhir"
	}
	filled.BasePath = strings.TrimRight("/"+strings.Trim(filled.BasePath, "/"), "/")
	filled.BaseURL = strings.TrimRight(filled.BaseURL, "/")
	var wrong []error
	if filled.MaxBodySize < 0 {
		wrong = append(wrong, fmt.Errorf("rest: MaxBodySize %d is negative: leave it 0 for the default", filled.MaxBodySize))
	}
	if filled.MaxBodySize == 0 {
		filled.MaxBodySize = DefaultMaxBodySize
	}
	if filled.ConditionalDelete > DeleteMultiple {
		wrong = append(wrong, fmt.Errorf("rest: ConditionalDelete %d is no mode: take DeleteSingle or DeleteMultiple", filled.ConditionalDelete))
	}
	if u, err := url.Parse(filled.BaseURL); filled.BaseURL != "" && (err != nil || u.Scheme == "" || u.Host == "" || u.RawQuery != "" || u.Fragment != "") {
		wrong = append(wrong, errors.New("rest: BaseURL is no address: write scheme://host/path"))
	}
	if slices.ContainsFunc(filled.Observers, func(o Observer) bool { return o == nil }) {
		wrong = append(wrong, errors.New("rest: an observer is nil: leave it out"))
	}
	for _, origin := range filled.CORS {
		if !isOrigin(origin) {
			wrong = append(wrong, fmt.Errorf("rest: CORS %q is no origin: write * or scheme://host:port", origin))
		}
	}
	if filled.Authorization != nil && filled.Authorization.Rights == nil {
		wrong = append(wrong, errors.New("rest: Authorization has no Rights, which say what a caller may do"))
	}
	if _, err := filled.operations(time.Unix(0, 0)); err != nil {
		wrong = append(wrong, err)
	}
	limits, more := filled.Limits.withDefaults()
	filled.Limits = limits
	if filled.Logger == nil {
		filled.Logger = slog.New(slog.DiscardHandler)
	}
	return filled, errors.Join(append(wrong, more...)...)
}

// operations returns the registry of operations. Definitions have the date at.
func (o *Options) operations(at time.Time) (*operations, error) {
	return newOperations(o.Operations, cmp.Or(o.BaseURL, "http://localhost"+o.BasePath), at)
}

// Check reports all that is wrong with options, and what to do about it.
func (o *Options) Check() error {
	_, err := o.withDefaults()
	return err
}

// handler answers the requests of one store.
type handler struct {
	store       *datastore.Store
	options     Options
	routes      []route
	operations  *operations
	statement   statement
	definitions definitionCache
	load        *load
	cors        *corsRule
}

// NewHandler returns a handler that speaks FHIR over a store. opts may be nil.
// The store stays the caller's: shut the server down, then close the store. If an option
// cannot be done as it says, the handler answers every request with 500 and an
// OperationOutcome that names the option, and tells the logger now.
func NewHandler(store *datastore.Store, opts *Options) http.Handler {
	filled, wrong := opts.withDefaults()
	h := &handler{store: store, options: filled, routes: routes()}
	h.operations, _ = filled.operations(store.Created()) // withDefaults has seen its errors
	if wrong != nil {
		return h.misconfigured(wrong)
	}
	h.load, h.cors = newLoad(filled.Limits), newCORS(&filled)
	return h.guarded(gzhttp.GzipHandler(h))
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wantsPage(r) {
		h.page(w, r)
		return
	}
	base := h.base(r)
	x := &exchange{handler: h, store: h.store.ServedAt(base), w: w, r: r, base: base, form: form{mediaType: fhirJSON}}
	x.access, _ = r.Context().Value(accessKey{}).(*Access)
	defer x.recover()
	if err := x.answer(); err != nil {
		if x.began {
			x.abort(err)
		}
		x.fail(err)
	}
}

// base returns the address at which links begin, without a slash at its end.
func (h *handler) base(r *http.Request) string {
	if h.options.BaseURL != "" {
		return h.options.BaseURL
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + h.options.BasePath
}

// An exchange is one request and its answer. It is for one goroutine.
type exchange struct {
	*handler
	store   *datastore.Store // as it is reached at base
	w       http.ResponseWriter
	r       *http.Request
	base    string
	form    form // of the answer
	fromXML bool // the body was XML: offsets in its JSON say nothing
	began   bool // the answer is on its way: its status can no longer be changed

	caller string // who asks, "" where nobody is asked

	// The parts of the URL, "" if it does not have them.
	typ, id, version string
	compartment      string // the type of the compartment's resource

	query string            // the parameters that count, of an interaction that is no search
	aside []datastore.Issue // what was left aside

	found  *route
	room   place   // in the handler's load
	access *Access // what observers are told, nil if there are none
}

// ref returns the resource, the type or the whole store that the URL names.
func (x *exchange) ref() datastore.Ref { return datastore.Ref{Type: x.typ, ID: x.id} }

// answer finds the interaction of the request and answers it.
func (x *exchange) answer() error {
	shaped := x.shape(x.r.URL.RawQuery)
	found, err := x.route()
	refused := x.authorize(&found)
	x.noteRoute(&found)
	if refused != nil {
		return refused // also of a path that there is not
	}
	if err != nil {
		return err
	}
	if found.method == http.MethodPatch {
		x.w.Header().Set("Accept-Patch", jsonPatch+", "+fhirJSON+", "+fhirXML) // RFC 5789 §3.1
	}
	if shaped != nil && !x.wantsContent() && found.path != configurationPath {
		return shaped // in FHIR's JSON, whatever is wanted
	}
	if err := x.check(&found.takes); err != nil {
		return err
	}
	x.found = &found
	defer func() { x.room.leave() }()
	if !found.hasBody() {
		if err := x.admit(0); err != nil {
			return err
		}
	}
	return found.answer(x)
}

// shape reads the wanted form of the answer from a query.
func (x *exchange) shape(query string) error {
	f, err := negotiate(x.r, query)
	if err == nil {
		x.form = f
	}
	return err
}

// abort ends an answer that failed half way, since it must not look like a whole one.
// It logs the error, unless the client has gone.
func (x *exchange) abort(err error) {
	if x.r.Context().Err() == nil && !errors.Is(err, errGone) {
		x.options.Logger.ErrorContext(x.r.Context(), "rest: internal error in the middle of an answer", "error", err)
	}
	panic(http.ErrAbortHandler)
}

// recover turns a panic into an answer. It logs the panic's type and place, and not its
// value, which may be data.
func (x *exchange) recover() {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	x.options.Logger.ErrorContext(x.r.Context(), "rest: panic", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
	if x.began {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	x.fail(errInternal)
}
