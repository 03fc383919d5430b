package rest

import (
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/etag"
	"github.com/fhirlake/fhirlake/issue"
)

// conditions returns the conditions in the headers of an update, a patch or a
// delete: one version in If-Match, or "*" in the If-None-Match of an update.
func conditions(r *http.Request) ([]datastore.WriteOption, error) {
	var options []datastore.WriteOption
	if match := r.Header.Values(ifMatch); match != nil {
		version, ok := etag.Version(match[0])
		if !ok {
			return nil, refuse(http.StatusBadRequest, issue.Value, `If-Match must name one version, as in W/"3"`)
		}
		options = append(options, datastore.IfMatch(version))
	}
	if none := r.Header.Values(ifNoneMatch); none != nil {
		if len(none) > 1 || none[0] != "*" || r.Method != http.MethodPut {
			return nil, refuse(http.StatusBadRequest, issue.Value, "If-None-Match of a write can only be *, on an update")
		}
		options = append(options, datastore.IfNoneMatch())
	}
	return options, nil
}

// notModified reports whether the client of a read has this version already
// (FHIR R4 §3.1.0.1, conditional read; RFC 9110 §13.1): If-None-Match, or else If-Modified-Since.
func notModified(r *http.Request, v *datastore.Version) bool {
	if tags := strings.Join(r.Header.Values("If-None-Match"), ","); tags != "" {
		for tag := range strings.SplitSeq(tags, ",") {
			if has, ok := etag.Version(tag); ok && has == v.VersionID || strings.TrimSpace(tag) == "*" {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	// The header has whole seconds, as Last-Modified had.
	return err == nil && v.LastUpdated.Unix() <= since.Unix()
}
