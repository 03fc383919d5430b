package browse

import (
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/pathpatch"
)

// maxChanges is how many changes of a version are shown.
const maxChanges = 200

// difference writes what makes one version of another, a row for each change.
func (m *markup) difference(from, to *written) {
	var before, after fhirjson.Document
	failed := parse(from.raw, &before) != nil || parse(to.raw, &after) != nil
	if failed || before.Loose() || after.Loose() || before.Type() != after.Type() {
		m.add("<p>The versions have elements that R4 does not have, and are not compared.</p>\n")
		return
	}
	patch, err := decode(pathpatch.Diff(&before, &after))
	if err != nil {
		return
	}
	operations, _ := get(patch, "parameter").([]any)
	rows := 0
	for _, operation := range operations {
		parts := map[string]object{}
		for _, part := range list(get(operation, "part")) {
			if o, ok := part.(object); ok {
				parts[text(o, "name")] = o
			}
		}
		kind, path := text(parts["type"], "valueCode"), text(parts["path"], "valueString")
		if strings.HasSuffix(path, ".meta.versionId") || strings.HasSuffix(path, ".meta.lastUpdated") {
			continue
		}
		if rows == 0 {
			m.add(`<div class="scroll" role="region" aria-label="Changes" tabindex="0"><table><caption class="hidden">Changes of this version</caption><thead><tr><th scope="col">Element</th><th scope="col">Before</th><th scope="col">After</th></tr></thead><tbody>` + "\n")
		}
		if rows++; rows > maxChanges || m.full() {
			m.add(`<tr><td colspan="3">% more changes</td></tr>`+"\n", strconv.Itoa(len(operations)-maxChanges))
			break
		}
		m.change(kind, path, parts, from.resource)
	}
	if rows == 0 {
		m.add("<p>Nothing but the version changed.</p>\n")
		return
	}
	m.add("</tbody></table></div>\n")
}

// change writes the row of one operation of a patch.
func (m *markup) change(kind, path string, parts map[string]object, from any) {
	if kind == "add" {
		path += "." + text(parts["name"], "valueString")
	}
	if kind == "insert" {
		path += "[" + text(parts["index"], "valueInteger") + "]"
	}
	_, shown, _ := strings.Cut(path, ".")
	m.add(`<tr><th scope="row"><code>%</code></th><td>`, short(shown, 300))
	if kind == "replace" || kind == "delete" {
		if was := brief(at(from, path)); was != "" {
			m.add(`<del>%</del>`, was)
		}
	}
	m.add("</td><td>")
	if kind != "delete" {
		if is := brief(valueOf(parts["value"])); is != "" {
			m.add(`<ins>%</ins>`, is)
		}
	}
	m.add("</td></tr>\n")
}

// valueOf returns the value of a part of Parameters.
func valueOf(part object) any {
	if part["resource"] != nil {
		return part["resource"]
	}
	if v := choice(part, "value"); v != nil {
		return v
	}
	whole := object{}
	for _, p := range list(part["part"]) {
		if o, ok := p.(object); ok {
			whole[text(o, "name")] = valueOf(o)
		}
	}
	return whole
}

// brief says a value in a cell: in words if they are all of it, else as names and values.
func brief(v any) string {
	o, ok := v.(object)
	if !ok {
		if s := say(v); s != "" {
			return short(s, 500)
		}
		return ""
	}
	return short(spell(o), 500)
}

// spell writes the members of an object, by name.
func spell(v any) string {
	switch v := v.(type) {
	case object:
		var parts []string
		for _, name := range sortedNames(v) {
			if len(parts) == 12 {
				parts = append(parts, "…")
				break
			}
			parts = append(parts, name+": "+short(spell(v[name]), 200))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		var parts []string
		for i, item := range v {
			if i == 5 {
				parts = append(parts, "…")
				break
			}
			parts = append(parts, short(spell(item), 200))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case bool:
		return strconv.FormatBool(v)
	case nil:
		return "null"
	}
	return say(v)
}

// at returns the value at a path of a patch, such as Patient.name[0].given, nil for none.
func at(v any, path string) any {
	_, path, _ = strings.Cut(path, ".")
	for path != "" {
		var step string
		step, path, _ = strings.Cut(path, ".")
		name, index, indexed := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		name = strings.Trim(name, "`")
		o, ok := v.(object)
		if !ok {
			return nil
		}
		whole := o
		if v = o[name]; v == nil {
			v = choice(o, name)
		}
		if indexed {
			i, err := strconv.Atoi(index)
			items, ok := v.([]any)
			if err != nil || !ok || i < 0 || i >= len(items) {
				return nil
			}
			v = items[i]
		}
		if _, ok := v.(object); !ok && path != "" {
			v = whole["_"+name] // the extensions of a primitive
		}
	}
	return v
}

func parse(src []byte, doc *fhirjson.Document) error {
	return fhirjson.Parse(src, doc, &fhirjson.Options{Level: fhirjson.Minimal, AnyNarrative: true, MaxBytes: maxAnswer})
}
