package browse

import (
	"io"
	"net/http"
	"net/url"
)

// maxAnswer is the size of the largest answer that becomes a page.
const maxAnswer = 32 << 20

// fhirJSON is the media type in which the API is asked.
const fhirJSON = "application/fhir+json"

// An answer is what the API gave.
type answer struct {
	status int
	header http.Header
	body   []byte
	long   bool // the body has more than maxAnswer
}

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements [http.ResponseWriter]. It ends an answer that becomes too long.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if len(a.body)+len(p) > maxAnswer {
		a.long = true
		return 0, io.ErrShortWrite
	}
	a.body = append(a.body, p...)
	return len(p), nil
}

// ask asks the API for what lies at a path below the base, as the caller of the page.
func (v *visit) ask(path, query string) *answer {
	return v.askIn(fhirJSON, path, query)
}

// askIn asks in a media type.
func (v *visit) askIn(accept, path, query string) (a *answer) {
	r := v.request(http.MethodGet, path, query)
	r.Header.Set("Accept", accept)
	r.Body, r.ContentLength = http.NoBody, 0
	r.Header.Del("Content-Type")
	return v.run(r)
}

// request returns a request of the page's caller.
func (v *visit) request(method, path, query string) *http.Request {
	r := v.r.Clone(v.r.Context())
	r.Method = method
	r.URL = &url.URL{Path: v.options.Root + "/" + path, RawQuery: query}
	r.RequestURI = r.URL.RequestURI()
	for _, name := range []string{"If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-None-Exist", "If-Range", "Range", "Accept-Encoding", "Content-Length", "Transfer-Encoding"} {
		r.Header.Del(name)
	}
	return r
}

// run has the API answer a request.
func (v *visit) run(r *http.Request) (a *answer) {
	a = &answer{header: http.Header{}}
	defer func() {
		if a.long {
			a.status = http.StatusRequestEntityTooLarge
		}
		if a.status == 0 {
			a.status = http.StatusOK
		}
	}()
	defer func() {
		if failed := recover(); failed != nil && failed != http.ErrAbortHandler {
			panic(failed)
		} else if failed != nil {
			a.status = http.StatusInternalServerError // the API has told its log
		}
	}()
	v.api.ServeHTTP(a, r)
	return a
}

// resource returns the body of an answer, nil if it is no JSON.
func (a *answer) resource() object {
	if a.long {
		return nil
	}
	decoded, err := decode(a.body)
	if err != nil {
		return nil
	}
	o, _ := decoded.(object)
	return o
}
