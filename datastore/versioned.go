package datastore

import (
	"bytes"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// versionedReferences notes the references of resources to versions of others. Included
// resources are current, so a page can tell the ones that are another version than the
// reference names.
type versionedReferences map[Ref]map[string]bool

// note reads the references of a resource's JSON. It looks for their form alone, which
// in canonical JSON no name of an element has.
func (r versionedReferences) note(json []byte) {
	const step = "/_history/"
	for at := 0; ; {
		n := bytes.Index(json[at:], []byte(step))
		if n < 0 {
			return
		}
		before, after := json[:at+n], json[at+n+len(step):]
		at += n + len(step)
		if quote := bytes.LastIndexByte(before, '"'); quote >= 0 {
			path := strings.Split(string(before[quote+1:]), "/")
			end := bytes.IndexAny(after, `"#`)
			if len(path) < 2 || end < 0 {
				continue
			}
			ref := Ref{Type: path[len(path)-2], ID: path[len(path)-1]}
			version := string(after[:end])
			if _, ok := schema.ResourceType(ref.Type); !ok || !fhirjson.ValidID(ref.ID) || !fhirjson.ValidID(version) {
				continue
			}
			if r[ref] == nil {
				r[ref] = map[string]bool{}
			}
			r[ref][version] = true
		}
	}
}

// issues says which of the included resources stand for another version.
func (r versionedReferences) issues(included []Version) (list []Issue) {
	for _, v := range included {
		if versions := r[v.Ref]; len(versions) > 1 || len(versions) == 1 && !versions[v.VersionID] {
			list = append(list, Issue{
				Severity: issue.Warning, Code: issue.Incomplete, Offset: -1,
				Diagnostics: v.Ref.String() + " is included in its current version; a reference names another one",
			})
		}
	}
	return list
}
