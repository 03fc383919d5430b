package urlquery

import (
	"net/url"
	"strings"
)

// Cut decodes one part of a query, name=value, or name alone for a part without a value.
// It reports false for a part that is not percent-encoded. The parts of a query stand
// between "&".
func Cut(part string) (name, value string, ok bool) {
	name, value, _ = strings.Cut(part, "=")
	name, failedName := url.QueryUnescape(name)
	value, failedValue := url.QueryUnescape(value)
	return name, value, failedName == nil && failedValue == nil
}

// CutPath cuts what stands before a query from it: "Patient?name=x" is "Patient" and
// "name=x", and "?name=x" is "" and "name=x". It reports false where there is no path: a
// question mark behind a name or value is part of the query.
func CutPath(text string) (path, query string, ok bool) {
	path, query, ok = strings.Cut(text, "?")
	if !ok || strings.ContainsAny(path, "=&") {
		return "", text, false
	}
	return path, query, true
}
