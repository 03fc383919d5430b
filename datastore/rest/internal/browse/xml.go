package browse

import (
	"html"
	"strings"
)

// xml writes XML for people, as it came and with links on references, and reports whether
// all of it had room.
func (m *markup) xml(p place, src string) bool {
	m.add(`<pre id="xml" tabindex="0" aria-label="The resource as XML"><code>`)
	defer m.add("</code></pre>\n")
	for src != "" {
		if m.full() {
			return false
		}
		before, rest, found := strings.Cut(src, "<")
		shown, more := cut(before, maxString)
		m.text(shown)
		if more > 0 {
			m.add(`<span class="x"> …</span>`)
		}
		if !found {
			return true
		}
		var tag string
		tag, src, _ = strings.Cut(rest, ">")
		m.tag(p, tag)
	}
	return true
}

// tag writes a tag, given without its angle brackets.
func (m *markup) tag(p place, tag string) {
	name, attributes, _ := strings.Cut(tag, " ")
	m.add(`&lt;<span class="k">%</span>`, short(name, 200))
	for attributes != "" && !m.full() {
		key, rest, ok := strings.Cut(attributes, `="`)
		if !ok {
			m.text(" " + short(attributes, maxString))
			break
		}
		var value string
		value, attributes, _ = strings.Cut(rest, `"`)
		value = html.UnescapeString(value)
		link := ""
		if name == "reference" {
			link = p.reference(value)
		} else if key == "value" || key == "url" {
			link = outside(value)
		}
		shown, more := cut(html.EscapeString(value), maxString)
		m.add(" %=", strings.TrimSpace(key))
		if link != "" {
			m.add(`<a class="s" href="%">"%"</a>`, link, shown)
		} else {
			m.add(`<span class="s">"%"</span>`, shown)
		}
		if more > 0 {
			m.add(`<span class="x"> …</span>`)
		}
	}
	m.add("&gt;")
}
