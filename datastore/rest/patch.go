package rest

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/issue"
)

// jsonPatch is the media type of RFC 6902.
const jsonPatch = "application/json-patch+json"

// patch answers PATCH {type}/{id} (FHIR R4 §3.1.0.6). The body must name its type,
// since that alone says which kind of patch it is.
//
// The patched resource is handled as an update, so an invalid result is answered with
// 400, as a malformed patch is. A well-formed patch that cannot be applied to the
// resource is answered with 422 (RFC 5789 §2.2): a missing place, a failed test,
// another type or id.
func (x *exchange) patch() error {
	return x.patchBy(func(ctx context.Context, body []byte, options ...datastore.WriteOption) (datastore.Version, error) {
		return x.store.Patch(ctx, x.ref(), body, options...)
	})
}

// patchBy reads a patch, has it applied and answers.
func (x *exchange) patchBy(apply func(ctx context.Context, body []byte, options ...datastore.WriteOption) (datastore.Version, error)) error {
	options, err := x.writeOptions()
	if err != nil {
		return err
	}
	body, err := x.patchBody()
	if err != nil {
		return err
	}
	v, err := apply(x.r.Context(), body, append(options, x.returning()...)...)
	if err != nil {
		if inapplicable(err) {
			err = &refusal{http.StatusUnprocessableEntity, err}
		}
		return err
	}
	x.sendWritten(&v)
	return nil
}

// patchBody reads a patch: JSON Patch as it is, FHIRPath Patch as JSON. A body of
// application/json or application/xml is no patch.
func (x *exchange) patchBody() ([]byte, error) {
	switch name, _ := mediaType(x.r.Header.Get("Content-Type")); {
	case name == jsonPatch:
		return x.body(jsonPatch)
	case slices.Contains(fhirTypes, name):
		return x.resourceBody()
	}
	return nil, refuse(http.StatusUnsupportedMediaType, issue.NotSupported, "a patch says what it is: "+jsonPatch+", or "+fhirJSON+" or "+fhirXML+" for the Parameters of a FHIRPath Patch")
}

// inapplicable reports whether an error of a patch is neither the patch's own form
// nor that of its result.
func inapplicable(err error) bool {
	return errors.Is(err, datastore.ErrInvalid) && slices.ContainsFunc(datastore.Issues(err), func(i datastore.Issue) bool {
		return i.Severity == issue.Error && (i.Code == issue.NotFound || i.Code == issue.MultipleMatches || i.Code == issue.Conflict || i.Code == issue.BusinessRule)
	})
}
