package rest

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// history answers GET _history, {type}/_history and {type}/{id}/_history, newest
// first, deletions included (FHIR R4 §3.1.0.12).
func (x *exchange) history() error {
	q, err := x.historyQuery()
	if err != nil {
		return err
	}
	err = x.stream(func(w io.Writer) error {
		return x.store.HistoryTo(x.r.Context(), w, x.base, x.ref(), &q)
	})
	if errors.Is(err, datastore.ErrNotFound) && x.id != "" {
		if own, ok := x.ownDefinition(); ok {
			x.send(http.StatusOK, historyOf(x.base, own))
			return nil
		}
	}
	return err
}

// historyQuery reads the query of a history. An unknown parameter is an error, unless
// the client prefers leniency.
func (x *exchange) historyQuery() (q datastore.HistoryOptions, err error) {
	q.Count = search.DefaultCount
	for raw := range strings.SplitSeq(x.r.URL.RawQuery, "&") {
		name, value, ok := urlquery.Cut(raw)
		if !ok {
			return q, refuse(http.StatusBadRequest, issue.Invalid, "the query is not percent-encoded")
		}
		if value == "" {
			continue
		}
		switch name {
		case "_format", "_pretty":
		case "_count":
			n, err := strconv.ParseUint(value, 10, 31)
			if err != nil || n == 0 {
				return q, refuse(http.StatusBadRequest, issue.Value, "_count of a history must be a whole number, 1 or more")
			}
			q.Count = min(int(n), search.MaxCount)
		case "_since":
			// A plus sign that was not escaped has become a space.
			since, err := fhirtime.ParseInstant(strings.Replace(value, " ", "+", 1))
			if err != nil {
				return q, refuse(http.StatusBadRequest, issue.Value, "_since must be an instant, as in 2020-02-03T04:05:06Z")
			}
			q.Since = since.Start()
		case search.PageParameter:
			q.Page = value
		default:
			if x.lenient() {
				x.leaveAside(name)
			} else {
				return q, refuse(http.StatusBadRequest, issue.NotSupported, "a history knows _count, _since and _format alone")
			}
		}
	}
	return q, nil
}
