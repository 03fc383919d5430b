package rest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/search"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// history answers GET _history, {type}/_history and {type}/{id}/_history, newest
// first, deletions included (FHIR R4 §3.1.0.12).
func (x *exchange) history() error {
	q, err := x.historyQuery()
	if err != nil {
		return err
	}
	page, err := x.store.HistoryPage(x.r.Context(), x.ref(), &datastore.HistoryOptions{Since: q.since, Count: q.count, Page: q.page})
	if err != nil {
		return err
	}
	b := bundle{ResourceType: "Bundle", Type: "history", Link: []link{{"self", x.historyURL(q)}}}
	if page.Next != "" {
		q.page = page.Next
		b.Link = append(b.Link, link{"next", x.historyURL(q)})
	} else if q.page == "" {
		total := len(page.Versions) // all there is
		b.Total = &total
	}
	for i := range page.Versions {
		b.Entry = append(b.Entry, x.historyEntry(&page.Versions[i]))
	}
	body, err := json.Marshal(&b)
	if err != nil {
		return err
	}
	x.send(http.StatusOK, body)
	return nil
}

// A historyQuery is what the query of a history asks for.
type historyQuery struct {
	count int
	since time.Time
	page  string // the token of a page that is not the first
}

// historyQuery reads the query of a history. What it does not know is an error,
// unless the client prefers leniency.
func (x *exchange) historyQuery() (q historyQuery, err error) {
	q.count = search.DefaultCount
	for raw := range strings.SplitSeq(x.r.URL.RawQuery, "&") {
		rawName, rawValue, _ := strings.Cut(raw, "=")
		name, err := url.QueryUnescape(rawName)
		value, failed := url.QueryUnescape(rawValue)
		if err != nil || failed != nil {
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
			q.count = min(int(n), search.MaxCount)
		case "_since":
			// A plus sign that was not escaped has become a space.
			if q.since, err = time.Parse(time.RFC3339, strings.Replace(value, " ", "+", 1)); err != nil {
				return q, refuse(http.StatusBadRequest, issue.Value, "_since must be an instant, as in 2020-02-03T04:05:06Z")
			}
		case search.PageParameter:
			q.page = value
		default:
			if !x.lenient() {
				return q, refuse(http.StatusBadRequest, issue.NotSupported, "a history knows _count, _since and _format alone")
			}
		}
	}
	return q, nil
}

// historyURL is the address of a page of the history.
func (x *exchange) historyURL(q historyQuery) string {
	address := x.base
	for _, step := range []string{x.typ, x.id, "_history"} {
		if step != "" {
			address += "/" + step
		}
	}
	address += "?_count=" + strconv.Itoa(q.count)
	if !q.since.IsZero() {
		address += "&_since=" + url.QueryEscape(q.since.Format(time.RFC3339Nano))
	}
	if q.page != "" {
		address += "&" + search.PageParameter + "=" + url.QueryEscape(q.page)
	}
	return address
}

// A bundle is a Bundle of type history.
type bundle struct {
	ResourceType string  `json:"resourceType"`
	Type         string  `json:"type"`
	Total        *int    `json:"total,omitzero"`
	Link         []link  `json:"link"`
	Entry        []entry `json:"entry,omitempty"`
}

type link struct {
	Relation string `json:"relation"`
	URL      string `json:"url"`
}

type entry struct {
	FullURL  string         `json:"fullUrl"`
	Resource jsontext.Value `json:"resource,omitzero"` // absent where the version is a deletion
	Request  struct {
		Method string `json:"method"`
		URL    string `json:"url"`
	} `json:"request"`
	Response struct {
		Status       string `json:"status"`
		ETag         string `json:"etag"`
		LastModified string `json:"lastModified"`
	} `json:"response"`
}

// historyEntry is the entry of one version: the resource, and the request that wrote it.
func (x *exchange) historyEntry(v *datastore.Version) entry {
	e := entry{FullURL: x.base + "/" + v.Ref.String(), Resource: v.JSON}
	status := http.StatusOK
	e.Request.Method, e.Request.URL = http.MethodPut, v.Ref.String()
	switch {
	case v.Deleted:
		e.Request.Method, status = http.MethodDelete, http.StatusNoContent
	case v.Interaction == "create":
		e.Request.Method, e.Request.URL, status = http.MethodPost, v.Type, http.StatusCreated
	case v.Interaction == "patch":
		e.Request.Method = http.MethodPatch
	case v.VersionID == "1":
		status = http.StatusCreated
	}
	e.Response.Status = strconv.Itoa(status) + " " + http.StatusText(status)
	e.Response.ETag = etag(v.VersionID)
	e.Response.LastModified = v.LastUpdated.UTC().Format(time.RFC3339Nano)
	return e
}
