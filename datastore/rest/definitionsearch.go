package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/etag"
	"github.com/fhirlake/fhirlake/internal/pagetoken"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/search"
)

// definitionType is a resource type: the server has resources of its own of this type.
const definitionType = "OperationDefinition"

// ownDefinition returns the server's own resource that a read is about, if it is about one.
func (x *exchange) ownDefinition() (datastore.Version, bool) {
	if x.typ != definitionType {
		return datastore.Version{}, false
	}
	d := x.operations.definition(x.id)
	if d == nil || x.version != "" && x.version != d.version {
		return datastore.Version{}, false
	}
	return d.of(x.handler), true
}

// of returns the definition as a resource.
func (d *definition) of(h *handler) datastore.Version {
	return datastore.Version{
		Ref: datastore.Ref{Type: definitionType, ID: d.id}, VersionID: d.version, LastUpdated: h.store.Created(),
		JSON: append([]byte(nil), d.json...),
	}
}

// historyOf returns the history of a resource that has one version.
func historyOf(base string, v datastore.Version) []byte {
	address := base + "/" + v.Ref.String()
	out := quote.Append([]byte(`{"resourceType":"Bundle","type":"history","total":1,"link":[{"relation":"self","url":`), address+"/_history")
	out = quote.Append(append(out, `}],"entry":[{"fullUrl":`...), address)
	out = append(append(append(out, `,"resource":`...), v.JSON...), `,"request":{"method":"PUT","url":"`...)
	out = etag.Append(append(append(out, v.Ref.String()...), `"},"response":{"status":"201 Created","etag":`...), v.VersionID)
	return append(out, "}}]}"...)
}

// sendDefinitions answers a search of OperationDefinitions: those of the store, and behind
// them the server's own.
func (x *exchange) sendDefinitions(query string, options []datastore.SearchOption) error {
	ctx := x.r.Context()
	count, plain, page := cutQuery(query)
	own, total, err := x.ownMatches(ctx, plain, options)
	if err != nil {
		return err
	}
	var answer *datastore.Page
	at := 0
	request := pagetoken.Hash(x.store.StoreID(), x.caller, definitionType, plain)
	if token, failed := pageKey().Open(page, pagetoken.Operation); failed == nil && token.Request == request {
		if answer, err = x.store.Search(ctx, x.typ, plain+"&_count=0", options...); err != nil {
			return err
		}
		at = int(token.Position)
	} else if answer, err = x.store.Search(ctx, x.typ, query, options...); err != nil {
		return err
	}
	answer.Total += total
	if answer.Next == "" && count > 0 {
		at = min(at, len(own))
		end := min(at+max(count-len(answer.Matches), 0), len(own))
		answer.Matches = append(answer.Matches, own[at:end]...)
		answer.Last = ""
		if end < len(own) {
			token := pageKey().Seal(pagetoken.Token{Kind: pagetoken.Operation, Position: uint64(end), Request: request})
			answer.Next = plain + "&_count=" + strconv.Itoa(count) + "&" + search.PageParameter + "=" + token
		}
	}
	x.send(http.StatusOK, answer.Bundle(x.base))
	return nil
}

// cutQuery returns the size of a page, the query without what only a page has, and the
// page token.
func cutQuery(query string) (count int, plain, page string) {
	count = search.DefaultCount
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := urlquery.Cut(part)
		switch {
		case name == "_count":
			if n, err := strconv.Atoi(value); err == nil && n >= 0 {
				count = min(n, search.MaxCount)
			}
		case name == search.PageParameter:
			page = value
		case part != "":
			if name == "_summary" && value == "count" {
				count = 0
			}
			kept = append(kept, part)
		}
	}
	return count, strings.Join(kept, "&"), page
}

// ownMatches returns the server's own definitions that a query finds, and how many there
// are. It asks a store that has nothing else. What only the server's store knows finds none
// of them.
func (x *exchange) ownMatches(ctx context.Context, query string, options []datastore.SearchOption) (matches []datastore.Version, total int, err error) {
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{BaseURL: x.base})
	if err != nil {
		return nil, 0, err
	}
	defer store.Close()
	for i := range x.operations.definitions {
		if _, err := x.store.Read(ctx, datastore.Ref{Type: definitionType, ID: x.operations.definitions[i].id}); !errors.Is(err, datastore.ErrNotFound) {
			continue // the store has another resource of that id
		}
		if _, err := store.Update(ctx, x.operations.definitions[i].json, datastore.KeepVersion()); err != nil {
			return nil, 0, err
		}
	}
	found, err := store.Search(ctx, definitionType, query+"&_count="+strconv.Itoa(search.MaxCount), options...)
	if errors.Is(err, datastore.ErrInvalid) {
		return nil, 0, nil // the search of the server's store says what is wrong
	}
	if err != nil {
		return nil, 0, err
	}
	return found.Matches, found.Total, nil
}
