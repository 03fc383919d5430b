package engine

import (
	"bytes"
	"context"
	"errors"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/jsonpatch"
	"github.com/fhirlake/fhirlake/internal/pathpatch"
	"github.com/fhirlake/fhirlake/issue"
)

// ApplyPatch returns a resource in JSON with a patch applied: a JSON Patch, which is a JSON
// array, or a FHIRPath Patch, which is a Parameters resource in JSON. It reports an [Error]
// of class ErrInvalid or ErrTooCostly, whose issues point into the patch, or the error of
// ctx.
func ApplyPatch(ctx context.Context, resource, patch []byte) (patched []byte, err error) {
	if bytes.HasPrefix(bytes.TrimLeft(patch, " \t\r\n"), []byte("{")) {
		patched, err = pathpatch.Apply(ctx, resource, patch)
	} else {
		patched, err = jsonpatch.Apply(nil, resource, patch)
	}
	var malformed *fhirjson.Error
	var data interface{ Issue() issue.Issue }
	switch {
	case errors.As(err, &malformed):
		return nil, Invalid(err)
	case errors.As(err, &data):
		said, class := data.Issue(), ErrInvalid
		if said.Code == issue.TooCostly {
			class = ErrTooCostly
		}
		return nil, &Error{Class: class, Issues: []Issue{said}}
	}
	return patched, err
}
