package datastore_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FHIR R4 §3.1.1.4.10: value sets and hierarchies that the store holds.
func TestRulesOfTerminology(t *testing.T) {
	condition := func(id, system, code string) string {
		return `{"resourceType":"Condition","id":"` + id + `","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"` + system + `","code":"` + code + `"}]}}`
	}
	set := func(id, rest string) string {
		return `{"resourceType":"ValueSet","id":"` + id + `","url":"http://x.org/` + id + `","status":"active",` + rest + `}`
	}
	compose := func(id, include string) string { return set(id, `"compose":{"include":[`+include+`]}`) }
	const isA = `{"system":"urn:a","filter":[{"property":"concept","op":"is-a","value":"viral"}]}`
	store := filled(t, nil,
		`{"resourceType":"CodeSystem","id":"a","url":"urn:a","status":"active","content":"complete","concept":[
			{"code":"disease","concept":[{"code":"viral","concept":[{"code":"flu"},{"code":"cold"}]},{"code":"bacterial"}]},
			{"code":"swine","property":[{"code":"parent","valueCode":"flu"}]},{"code":"fracture"}]}`,
		`{"resourceType":"CodeSystem","id":"ring","url":"urn:ring","status":"active","content":"complete","concept":[
			{"code":"x","property":[{"code":"parent","valueCode":"y"}]},{"code":"y","property":[{"code":"parent","valueCode":"x"}]}]}`,
		`{"resourceType":"CodeSystem","id":"groups","url":"urn:groups","status":"active","content":"complete","hierarchyMeaning":"grouped-by","concept":[{"code":"x"}]}`,
		compose("list", `{"system":"urn:a","concept":[{"code":"flu"},{"code":"fracture"}]},{"system":"urn:b","concept":[{"code":"1"}]}`),
		compose("isa", isA), compose("below", `{"system":"urn:a","filter":[{"property":"concept","op":"descendent-of","value":"viral"}]}`),
		compose("isnota", `{"system":"urn:a","filter":[{"property":"concept","op":"is-not-a","value":"viral"}]}`),
		compose("both", `{"system":"urn:a","filter":[{"property":"concept","op":"is-a","value":"viral"},{"property":"concept","op":"generalizes","value":"flu"}]}`),
		compose("whole", `{"system":"urn:b"}`), compose("nested", `{"valueSet":["http://x.org/isa","http://x.org/list"]},{"valueSet":["http://x.org/whole|1"]}`),
		set("except", `"compose":{"include":[{"system":"urn:a"}],"exclude":[`+isA+`]}`),
		set("exceptsystem", `"compose":{"include":[`+isA+`,{"system":"urn:b"}],"exclude":[{"system":"urn:b"}]}`),
		set("expanded", `"compose":{"include":[{"system":"urn:nowhere","filter":[{"property":"concept","op":"is-a","value":"x"}]}]},"expansion":{"timestamp":"2020-01-01T00:00:00Z","contains":[{"abstract":true,"system":"urn:a","code":"disease","contains":[{"system":"urn:a","code":"cold"}]}]}`),
		compose("circle", `{"valueSet":["http://x.org/circle"]}`), compose("lost", `{"valueSet":["http://x.org/nowhere"]}`),
		compose("regex", `{"system":"urn:a","filter":[{"property":"concept","op":"regex","value":"x"}]}`), set("bare", `"name":"x"`), compose("unknown", `{"system":"urn:c","filter":[{"property":"concept","op":"is-a","value":"x"}]}`),
		condition("disease", "urn:a", "disease"), condition("viral", "urn:a", "viral"), condition("flu", "urn:a", "FLU"), condition("cold", "urn:a", "cold"), condition("swine", "urn:a", "swine"),
		condition("bacterial", "urn:a", "bacterial"), condition("fracture", "urn:a", "fracture"), condition("other", "urn:b", "1"), condition("x", "urn:ring", "x"),
		`{"resourceType":"Condition","id":"none","subject":{"reference":"Patient/1"}}`,
	)
	versioned := `{"resourceType":"ValueSet","id":"whole","url":"http://x.org/whole","version":"1","status":"active","compose":{"include":[{"system":"urn:b"}]}}`
	_, err := store.Update(ctx, []byte(versioned))
	require.NoError(t, err)
	ordered(t, store, "Condition", []rule{
		{"code:in=http://x.org/list", "other fracture flu"}, {"code:in=http://x.org/isa", "swine cold flu viral"}, {"code:in=ValueSet/isa", "swine cold flu viral"}, {"code:in=http://x.org/below", "swine cold flu"},
		{"code:in=http://x.org/isnota", "fracture bacterial disease"}, {"code:in=http://x.org/both", "flu viral"}, {"code:in=http://x.org/whole", "other"}, {"code:in=http://x.org/whole|1", "other"}, {"code:in=http://x.org/whole|2", refused},
		{"code:in=http://x.org/nested", "other flu"}, {"code:in=http://x.org/except", "fracture bacterial disease"}, {"code:in=http://x.org/exceptsystem", "swine cold flu viral"}, {"code:in=http://x.org/expanded", "cold"},
		{"code:in=http://x.org/list,http://x.org/expanded", "other fracture cold flu"}, {"code:not-in=http://x.org/isa", "none x other fracture bacterial disease"}, {"code:not-in=http://x.org/isa&code:in=http://x.org/list", "other fracture"},
		{"code:in=http://x.org/circle", refused}, {"code:in=http://x.org/lost", refused}, {"code:in=http://x.org/nowhere", refused}, {"code:in=http://x.org/regex", refused}, {"code:in=http://x.org/bare", refused}, {"code:in=http://x.org/unknown", refused},
		{"code:below=urn:a|viral", "swine cold flu viral"}, {"code:below=urn:a|VIRAL", "swine cold flu viral"}, {"code:above=urn:a|swine", "swine flu viral disease"}, {"code:below=urn:a|fracture", "fracture"}, {"code:below=urn:a|nothing", ""},
		{"code:below=urn:ring|x", "x"}, {"code:below=urn:a|cold,urn:a|bacterial", "bacterial cold"}, {"code:below=viral", refused}, {"code:below=urn:a|", refused}, {"code:below=|viral", refused}, {"code:below=urn:c|x", refused}, {"code:below=urn:groups|x", refused},
		{"code:below=urn:a|viral&_sort=_id&_count=1", "cold"},
	})
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "ValueSet", ID: "list"}))
	assert.Equal(t, refused, find(t, store, "Condition", "code:in=http://x.org/list"))
	assert.Equal(t, refused, find(t, store, "Patient", "active:in=http://x.org/isa"), "has no system")
	assert.Equal(t, refused, find(t, store, "Patient", "_id:in=http://x.org/isa"))
}
