package bundle_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

const placeholder = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"

// The fullUrl of an entry in criteria is resolved where it is a reference, and refused
// elsewhere: it is never searched for as it is.
func TestPlaceholdersAreNeverSearchedFor(t *testing.T) {
	for _, criteria := range []string{
		"identifier=" + placeholder, "identifier=urn:s|" + placeholder, "identifier=|" + placeholder, "identifier=" + placeholder + "|x", "identifier:not=urn:s|" + placeholder,
		"identifier=1,urn:s|" + placeholder, "subject:identifier=" + placeholder, "subject:identifier=urn:s|" + placeholder, "subject.identifier=urn:s|" + placeholder,
		"subject:Patient.name=" + placeholder, "subject._id=" + placeholder, "_id=" + placeholder, "code:text=" + placeholder, "value-string:exact=x " + placeholder, "code-value-string=x$" + placeholder,
		"_filter=subject eq " + placeholder, "_filter=(identifier eq \"" + placeholder + "\")", "subject=" + placeholder + "/_history/1|2", "_source=" + placeholder + "#1", "_has:Provenance:target:agent=" + placeholder,
	} {
		name, value := criteria[:indexOf(criteria, '=')], criteria[indexOf(criteria, '=')+1:]
		quoted := name + "=" + url.QueryEscape(value)
		for kind, e := range map[string]string{
			"create": entry("POST", "Observation", "", observation(placeholder), ifNoneExist(quoted)), "update": entry("PUT", "Observation?"+quoted, "", observation(placeholder)),
			"deletion": entry("DELETE", "Observation?"+quoted, "", ""), "reference": entry("POST", "Observation", "", observation(placeholder, `,"focus":[{"reference":"Observation?`+quoted+`"}]`)),
			"search": entry("GET", "Observation?"+quoted, "", ""),
		} {
			t.Run(kind+" "+criteria, func(t *testing.T) {
				refused(t, open(t), bundleOf("transaction", entry("POST", "Patient", placeholder, person("", "1")), e), 400)
			})
		}
	}
	for _, criteria := range []string{"subject=" + placeholder, "subject:Patient=" + placeholder, "patient=" + placeholder + "&status=final", "subject=" + url.QueryEscape(placeholder) + ",Patient/x"} {
		t.Run(criteria, func(t *testing.T) {
			store := open(t)
			two := bundleOf("transaction", entry("PUT", "Patient?identifier=1", placeholder, person("", "1")), entry("POST", "Observation", "", observation(placeholder), ifNoneExist(criteria)))
			require.Equal(t, []string{"201", "201"}, transact(t, store, two).statuses())
			require.Equal(t, []string{"200", "200"}, transact(t, store, two).statuses())
			require.Equal(t, 1, total(t, store, "Observation", ""))
		})
	}
	// What only looks like one is searched for.
	r := transact(t, open(t), bundleOf("transaction", entry("POST", "Patient", placeholder, person("", "1")), entry("POST", "Observation", "", observation("Patient/x"), ifNoneExist("identifier=urn:s|"+placeholder+"b"))))
	require.Equal(t, []string{"201", "201"}, r.statuses())
}

func indexOf(text string, c byte) int {
	for i := range len(text) {
		if text[i] == c {
			return i
		}
	}
	return -1
}
