package rest

import (
	"errors"
	"net/http"
	"slices"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/issue"
)

// jsonPatch is the media type of RFC 6902, the one form of patch that is taken.
const jsonPatch = "application/json-patch+json"

// patch answers PATCH {type}/{id} (FHIR R4 §3.1.0.6). The body must name its type,
// since that alone says which kind of patch it is.
//
// The patched resource is handled as an update, so an invalid result is answered with
// 400, as a malformed patch is. A well-formed patch that cannot be applied to the
// resource is answered with 422 (RFC 5789 §2.2): a missing place, a failed test,
// another type or id.
func (x *exchange) patch() error {
	if x.r.Header.Get("Content-Type") == "" {
		return refuse(http.StatusUnsupportedMediaType, issue.NotSupported, "the body must be "+jsonPatch+" and say so")
	}
	options, err := x.writeOptions()
	if err != nil {
		return err
	}
	body, err := x.body(jsonPatch)
	if err != nil {
		return err
	}
	v, err := x.store.Patch(x.r.Context(), x.ref(), body, append(options, x.returning()...)...)
	if err != nil {
		if inapplicable(err) {
			err = &refusal{http.StatusUnprocessableEntity, err}
		}
		return err
	}
	x.sendWritten(&v)
	return nil
}

// inapplicable reports whether an error of a patch is neither about the form of the
// patch nor about its result.
func inapplicable(err error) bool {
	return errors.Is(err, datastore.ErrInvalid) && slices.ContainsFunc(datastore.Issues(err), func(i datastore.Issue) bool {
		return i.Severity == issue.Error && (i.Code == issue.NotFound || i.Code == issue.Conflict || i.Code == issue.BusinessRule)
	})
}
