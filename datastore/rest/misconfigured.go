package rest

import (
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/issue"
)

// misconfigured returns a handler that refuses every request because of wrong options.
func (h *handler) misconfigured(wrong error) http.Handler {
	var issues []datastore.Issue
	for line := range strings.SplitSeq(wrong.Error(), "\n") {
		h.options.Logger.Error("rest: an option is wrong: the handler refuses every request", "error", line)
		issues = append(issues, datastore.Issue{Severity: issue.Fatal, Code: issue.Exception, Offset: -1, Diagnostics: line})
	}
	err := &refusal{http.StatusInternalServerError, &datastore.Error{Class: errRefused, Issues: issues}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{handler: h, w: w, r: r, form: form{mediaType: fhirJSON}}
		_ = x.shape(r.URL.RawQuery)
		x.send(err.status, datastore.Outcome(err))
	})
}
