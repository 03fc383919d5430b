package browse

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/attachment"
	"github.com/go-json-experiment/json"
)

// The bounds of the notes of a page.
const (
	maxNote     = 400 << 10 // bytes of HTML of one
	maxFile     = 8 << 20   // bytes of an attachment
	maxEntities = 2000      // rows of a table
)

// categories are the classes of the style for categories of entities, and their names.
var categories = map[nlp.Category][2]literal{
	nlp.Condition: {"condition", "Condition"}, nlp.Medication: {"medication", "Medication"}, nlp.TestProcedure: {"test", "Test or procedure"}, nlp.Anatomy: {"anatomy", "Anatomy"},
	nlp.Time: {"time", "Time"}, nlp.PHI: {"phi", "Person"}, nlp.Behavior: {"behavior", "Way of life"},
}

// note writes the texts of a document, each with the entities that its annotator found.
func (v *visit) note(m *markup, o object) {
	found := entitiesOf(o)
	for i, content := range list(o["content"]) {
		if m.full() || i == 20 {
			m.add("<p>More attachments have no room here.</p>\n")
			return
		}
		file := get(content, "attachment")
		note, ok := v.textOf(file)
		if !ok {
			continue
		}
		runes := []rune(note)
		var entities []nlp.Entity
		if len(found) > 0 && fits(found[0], runes) {
			entities, found = found[0], found[1:]
		}
		name := short(text(file, "title"), 100)
		if name == "" {
			name = "Note"
		}
		m.add("<h2>%</h2>\n", name)
		if len(entities) > 0 {
			m.legend()
		}
		m.marked(runes, entities)
		m.entityTable(entities)
	}
}

// textOf returns the text of an attachment, inline or in a Binary of the store.
func (v *visit) textOf(file any) (string, bool) {
	contentType, encoded := text(file, "contentType"), text(file, "data")
	if link := v.reference(text(file, "url")); encoded == "" && link != "" {
		below := strings.TrimPrefix(link, v.path)
		a := v.ask(strings.TrimPrefix(below, "/"), "")
		if a.status != http.StatusOK {
			return "", false
		}
		binary := a.resource()
		encoded = text(binary, "data")
		if contentType == "" {
			contentType = text(binary, "contentType")
		}
	}
	if encoded == "" || len(encoded) > maxFile*4/3 || !attachment.Readable(contentType) {
		return "", false
	}
	data, err := base64.StdEncoding.DecodeString(strings.Map(func(c rune) rune {
		if c <= ' ' {
			return -1
		}
		return c
	}, encoded))
	if err != nil {
		return "", false
	}
	note, err := attachment.Text(v.r.Context(), contentType, data, &attachment.Options{MaxData: maxFile, MaxText: maxFile})
	return note, err == nil
}

// entitiesOf returns what the annotator found in each attachment with a text, in their
// order.
func entitiesOf(o object) (found [][]nlp.Entity) {
	for _, root := range list(o["extension"]) {
		if text(root, "url") != nlp.RootURL {
			continue
		}
		var entities []nlp.Entity
		for _, service := range list(get(root, "extension")) {
			if text(service, "url") != nlp.EntitiesURL {
				continue
			}
			for _, member := range list(get(service, "extension")) {
				var response struct{ Entities []nlp.Entity }
				if strings.HasSuffix(text(member, "url"), nlp.RawResponse) && json.Unmarshal([]byte(text(member, "valueString")), &response) == nil {
					entities = append(entities, response.Entities...)
				}
			}
		}
		slices.SortStableFunc(entities, func(a, b nlp.Entity) int { return a.BeginOffset - b.BeginOffset })
		found = append(found, entities)
	}
	return found
}

// fits reports whether entities are those of a text: each has the words at its place. Of a
// text that is no longer the one that was read, nothing is marked.
func fits(entities []nlp.Entity, text []rune) bool {
	for _, e := range entities {
		if e.BeginOffset < 0 || e.EndOffset > len(text) || e.BeginOffset > e.EndOffset || string(text[e.BeginOffset:e.EndOffset]) != e.Text {
			return false
		}
	}
	return true
}

// marked writes a text with its entities marked. Offsets are in code points. An entity
// inside another is not marked.
func (m *markup) marked(note []rune, entities []nlp.Entity) {
	m.add(`<div class="note" dir="auto" role="region" aria-label="Text of the note" tabindex="0">`)
	at, left := 0, min(maxNote, room-len(m.b))
	plain := func(to int) bool {
		if to <= at {
			return true
		}
		before := len(m.b)
		shown, more := cut(string(note[at:to]), max(left, 0)/longestEscape)
		m.text(shown)
		left -= len(m.b) - before
		at = to
		return more == 0
	}
	whole := true
	for i := range entities {
		e := &entities[i]
		if e.BeginOffset < at {
			continue
		}
		if whole = plain(e.BeginOffset) && !m.full(); !whole {
			break
		}
		class, said := look(e)
		m.add(`<mark class="`+class+`" title="%">`, describe(e))
		if said != "" {
			m.add(`<span class="hidden">(` + said + `) </span>`)
		}
		whole = plain(e.EndOffset)
		m.add("</mark>")
		if !whole {
			break
		}
	}
	if whole {
		whole = plain(len(note))
	}
	m.add("</div>\n")
	if !whole {
		m.add("<p>The rest of the text has no room here.</p>\n")
	}
}

// look returns the classes of an entity, and what is read out before it.
func look(e *nlp.Entity) (class, said literal) {
	class = categories[e.Category][0]
	if class == "" {
		class = "phi"
	}
	switch {
	case has(e, nlp.Negation):
		return class + " negated", "negated:"
	case has(e, nlp.PertainsToFamily):
		return class + " doubtful", "of the family:"
	case has(e, nlp.LowConfidence), has(e, nlp.Hypothetical), has(e, nlp.Future):
		return class + " doubtful", "not certain:"
	}
	return class, ""
}

func has(e *nlp.Entity, trait string) bool {
	return slices.ContainsFunc(e.Traits, func(t nlp.Trait) bool { return t.Name == trait })
}

// describe says what an entity is.
func describe(e *nlp.Entity) string {
	said := readable(e.Type)
	for _, t := range e.Traits {
		said += ", " + readable(t.Name)
	}
	return short(said, 200)
}

// readable writes a name such as DX_NAME in small letters.
func readable(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(name, "_NAME"), "_", " "))
}

// legend writes what the colours mean.
func (m *markup) legend() {
	m.add(`<ul class="legend" aria-label="Colours">`)
	for _, c := range []nlp.Category{nlp.Condition, nlp.Medication, nlp.TestProcedure, nlp.Anatomy, nlp.Time, nlp.PHI, nlp.Behavior} {
		m.add(`<li><mark class="` + categories[c][0] + `">` + categories[c][1] + `</mark></li>`)
	}
	m.add(`<li><mark class="condition negated">negated</mark></li><li><mark class="condition doubtful">not certain, or of the family</mark></li></ul>` + "\n")
}

// entityTable writes what was found as a table.
func (m *markup) entityTable(entities []nlp.Entity) {
	if len(entities) == 0 {
		return
	}
	m.add(`<details><summary>% entities</summary><div class="scroll" role="region" aria-label="Entities" tabindex="0"><table><caption class="hidden">Entities</caption><thead><tr><th scope="col">Text</th><th scope="col">Category</th><th scope="col">Type</th><th scope="col">Traits</th><th scope="col">Attributes</th><th scope="col" class="number">Score</th></tr></thead><tbody>`+"\n", strconv.Itoa(len(entities)))
	for i := range entities {
		e := &entities[i]
		if m.full() || i == maxEntities {
			m.add(`<tr><td colspan="6">% more</td></tr>`, strconv.Itoa(len(entities)-i))
			break
		}
		var traits, attributes []string
		for _, t := range e.Traits {
			traits = append(traits, readable(t.Name))
		}
		for _, a := range e.Attributes {
			attributes = append(attributes, readable(a.Type)+" "+a.Text)
		}
		class, _ := look(e)
		m.add(`<tr><th scope="row"><mark class="`+class+`">%</mark></th><td>%</td><td>%</td><td>%</td><td>%</td><td class="number">%</td></tr>`+"\n",
			short(e.Text, 200), readable(string(e.Category)), readable(e.Type), strings.Join(traits, ", "), short(strings.Join(attributes, "; "), 300), strconv.FormatFloat(e.Score, 'f', 2, 64))
	}
	m.add("</tbody></table></div></details>\n")
}
