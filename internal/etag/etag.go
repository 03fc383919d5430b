package etag

import "strings"

// Of returns the ETag of a version.
func Of(versionID string) string { return `W/"` + versionID + `"` }

// Append appends the ETag of a version as a JSON string.
func Append(dst []byte, versionID string) []byte {
	return append(append(append(dst, `"W/\"`...), versionID...), `\""`...)
}

// Version reads the version id from an ETag, weak or strong, and reports whether tag is
// one.
func Version(tag string) (versionID string, ok bool) {
	tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
	if len(tag) < 3 || tag[0] != '"' || tag[len(tag)-1] != '"' || strings.Contains(tag[1:len(tag)-1], `"`) {
		return "", false
	}
	return tag[1 : len(tag)-1], true
}
