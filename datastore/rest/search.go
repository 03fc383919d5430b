package rest

import (
	"io"

	"github.com/fhirlake/fhirlake/datastore"
)

const formType = "application/x-www-form-urlencoded"

// search answers GET ?query, GET {type}?query, and in a compartment GET
// {compartment}/{id}/{type}?query and GET {compartment}/{id}/*?query (FHIR R4
// §3.1.0.9).
func (x *exchange) search() error { return x.sendPage(x.r.URL.RawQuery) }

// searchForm answers POST to _search below the paths of searches by GET: the query is
// in the body, and the query of the URL is part of it.
func (x *exchange) searchForm() error {
	form, err := x.body(formType)
	if err != nil {
		return err
	}
	query := x.r.URL.RawQuery
	if query != "" && len(form) > 0 {
		query += "&"
	}
	query += string(form)
	if err := x.shape(query); err != nil {
		return err
	}
	return x.sendPage(query)
}

func (x *exchange) sendPage(query string) error {
	x.noteQuery(query)
	var options []datastore.SearchOption
	if x.lenient() {
		options = append(options, datastore.Lenient())
	}
	if x.id != "" {
		options = append(options, datastore.InCompartment(datastore.Ref{Type: x.compartment, ID: x.id}))
	}
	if x.typ == definitionType && x.id == "" {
		return x.sendDefinitions(query, options)
	}
	return x.stream(func(w io.Writer) error {
		return x.store.SearchTo(x.r.Context(), w, x.base, x.typ, query, options...)
	})
}

// lenient reports whether the client prefers unknown parameters to be ignored (FHIR R4
// §3.1.1.3).
func (x *exchange) lenient() bool { return preference(x.r, "handling") == "lenient" }
