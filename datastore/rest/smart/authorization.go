package smart

import (
	"errors"
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore/rest"
)

// Authorization has a handler of package rest hold each request to the scopes of its bearer
// token, and show the configuration's Metadata.
func (v *Verifier) Authorization() *rest.Authorization {
	return &rest.Authorization{Rights: v.rights, Configuration: v.config.Metadata}
}

// rights returns what the bearer token of a request permits (RFC 6750 §2.1).
func (v *Verifier) rights(r *http.Request) (*access.Rights, error) {
	given := r.Header.Values("Authorization")
	scheme, text, _ := strings.Cut(strings.Join(given, ","), " ")
	if len(given) != 1 || !strings.EqualFold(scheme, "Bearer") {
		return nil, &rest.Unauthorized{Reason: "the request needs an access token, in one header: Authorization: Bearer …"}
	}
	token, err := v.Verify(r.Context(), strings.Trim(text, " "))
	switch {
	case errors.Is(err, ErrToken):
		reason := strings.TrimPrefix(err.Error(), "smart: ")
		return nil, &rest.Unauthorized{Challenge: `Bearer error="invalid_token", error_description="` + reason + `"`, Reason: reason}
	case err != nil:
		return nil, err
	}
	return token.Rights, nil
}
