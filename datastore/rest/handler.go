package rest

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

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
	// Operations are the program's own. An operation without a Handle, or with the path of
	// another one, is left out, and the logger is told.
	Operations []Operation
	// Authorization says who calls and what they may see and do. By default nobody is
	// asked, and everybody may do anything.
	Authorization *Authorization
	// Logger gets the server's own errors. By default nothing is logged.
	Logger *slog.Logger
}

// withDefaults copies and fills o.
func (o *Options) withDefaults() Options {
	var filled Options
	if o != nil {
		filled = *o
	}
	if filled.BasePath == "" {
		filled.BasePath = "/fhir"
	}
	filled.BasePath = strings.TrimRight("/"+strings.Trim(filled.BasePath, "/"), "/")
	filled.BaseURL = strings.TrimRight(filled.BaseURL, "/")
	if filled.MaxBodySize <= 0 {
		filled.MaxBodySize = DefaultMaxBodySize
	}
	if filled.Logger == nil {
		filled.Logger = slog.New(slog.DiscardHandler)
	}
	return filled
}

// handler answers the requests of one store.
type handler struct {
	store       *datastore.Store
	options     Options
	routes      []route
	operations  *operations
	statement   statement
	definitions definitionCache
}

// NewHandler returns a handler that speaks FHIR over a store. opts may be nil.
// The store stays the caller's: shut the server down, then close the store.
func NewHandler(store *datastore.Store, opts *Options) http.Handler {
	h := &handler{store: store, options: opts.withDefaults(), routes: routes()}
	h.operations = newOperations(h.options.Operations, cmp.Or(h.options.BaseURL, "http://localhost"+h.options.BasePath), store.Created(), h.options.Logger)
	return gzhttp.GzipHandler(h)
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wantsPage(r) {
		h.page(w, r)
		return
	}
	base := h.base(r)
	x := &exchange{handler: h, store: h.store.ServedAt(base), w: w, r: r, base: base, form: form{mediaType: fhirJSON}}
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
}

// ref returns the resource, the type or the whole store that the URL names.
func (x *exchange) ref() datastore.Ref { return datastore.Ref{Type: x.typ, ID: x.id} }

// answer finds the interaction of the request and answers it.
func (x *exchange) answer() error {
	shaped := x.shape(x.r.URL.RawQuery)
	found, err := x.route()
	if refused := x.authorize(&found); refused != nil {
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
