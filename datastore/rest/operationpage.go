package rest

import (
	"crypto/rand"
	"errors"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/pagetoken"
	"github.com/fhirlake/fhirlake/search"
)

// pageKey authenticates the page tokens of operations. It lives as long as the process: a
// token does not outlive the state that it names by much more than that.
var pageKey = sync.OnceValue(func() pagetoken.Key {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	return pagetoken.NewKey(secret)
})

// path returns the path of the call below the base.
func (c *Call) path() string {
	var steps []string
	for _, step := range []string{c.Subject.Type, c.Subject.ID} {
		if step != "" {
			steps = append(steps, step)
		}
	}
	return strings.Join(append(steps, "$"+c.name), "/")
}

// requestHash is the hash of a question and of its caller. A page token goes with one alone.
func (c *Call) requestHash(query string) uint64 {
	return pagetoken.Hash(c.Store.StoreID(), c.owner, c.path(), query)
}

// openPage reads the page token of the call.
func (c *Call) openPage(request uint64) (pagetoken.Token, error) {
	token, err := pageKey().Open(c.page, pagetoken.Operation)
	if err != nil || token.Request != request {
		return token, misplacedIn("", "", search.PageParameter+": the token was not made by this server for this request")
	}
	return token, nil
}

// pageLink returns the address of a page.
func (c *Call) pageLink(query string, sequence, position, request uint64) string {
	token := pageKey().Seal(pagetoken.Token{Kind: pagetoken.Operation, Sequence: sequence, Position: position, Request: request})
	if query == "" {
		query = "?"
	} else {
		query += "&"
	}
	return c.Base + "/" + c.path() + query + search.PageParameter + "=" + token
}

// absent reports whether an error says that a resource is not there for the caller.
func absent(err error) bool {
	return errors.Is(err, datastore.ErrNotFound) || errors.Is(err, datastore.ErrGone) || errors.Is(err, datastore.ErrInvalid) || errors.Is(err, access.ErrForbidden)
}
