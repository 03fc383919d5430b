package browse

import (
	"encoding/xml"
	"io"
	"strings"
)

// A tag is an element of a narrative that is kept.
type tag struct {
	begin, end literal
	void       bool
}

// tags are the elements that only shape a text. They are kept without attributes.
var tags = map[string]tag{
	"p": {"<p>", "</p>", false}, "div": {"<div>", "</div>", false}, "span": {"<span>", "</span>", false}, "a": {"<u>", "</u>", false},
	"b": {"<b>", "</b>", false}, "i": {"<i>", "</i>", false}, "strong": {"<strong>", "</strong>", false}, "em": {"<em>", "</em>", false},
	"u": {"<u>", "</u>", false}, "s": {"<s>", "</s>", false}, "del": {"<s>", "</s>", false}, "small": {"<small>", "</small>", false}, "sub": {"<sub>", "</sub>", false}, "sup": {"<sup>", "</sup>", false},
	"h1": {"<h1>", "</h1>", false}, "h2": {"<h2>", "</h2>", false}, "h3": {"<h3>", "</h3>", false}, "h4": {"<h4>", "</h4>", false}, "h5": {"<h5>", "</h5>", false}, "h6": {"<h6>", "</h6>", false},
	"ul": {"<ul>", "</ul>", false}, "ol": {"<ol>", "</ol>", false}, "li": {"<li>", "</li>", false},
	"dl": {"<dl>", "</dl>", false}, "dt": {"<dt>", "</dt>", false}, "dd": {"<dd>", "</dd>", false},
	"table": {"<table>", "</table>", false}, "thead": {"<thead>", "</thead>", false}, "tbody": {"<tbody>", "</tbody>", false}, "tfoot": {"<tfoot>", "</tfoot>", false},
	"tr": {"<tr>", "</tr>", false}, "td": {"<td>", "</td>", false}, "th": {"<th>", "</th>", false}, "caption": {"<caption>", "</caption>", false},
	"pre": {"<pre>", "</pre>", false}, "code": {"<code>", "</code>", false}, "tt": {"<code>", "</code>", false}, "blockquote": {"<blockquote>", "</blockquote>", false},
	"br": {begin: "<br>", void: true}, "hr": {begin: "<hr>", void: true},
}

// silent are the elements whose text is not for people.
var silent = map[string]bool{"script": true, "style": true, "svg": true, "math": true, "object": true, "iframe": true, "template": true, "title": true, "head": true, "noscript": true, "textarea": true, "select": true}

// narrative writes the narrative of a resource in a frame of its own that runs nothing. Of
// its XHTML it keeps the text, and the elements that only shape it.
func (m *markup) narrative(div string) {
	kept := &markup{}
	kept.xhtml(div)
	if len(kept.b) > room/8 {
		m.add("<p>The narrative is too long to be shown here.</p>\n")
		return
	}
	m.add(`<details><summary>Narrative</summary><iframe class="narrative" sandbox title="Narrative, as its author wrote it" srcdoc="%"></iframe></details>`+"\n",
		`<!DOCTYPE html><html lang="und"><head><meta charset="utf-8"><title>Narrative</title><style>`+narrativeStyle+`</style></head><body dir="auto">`+string(kept.b)+`</body></html>`)
}

// xhtml writes what is kept of a narrative. What is no XML is written as text from there.
func (m *markup) xhtml(div string) {
	in := xml.NewDecoder(strings.NewReader(div))
	in.Entity = xml.HTMLEntity
	var open []string // the names of the elements around, "" for one that is not kept
	quiet := 0        // how many of them are silent
	for len(m.b) <= room/8 {
		token, err := in.Token()
		if err != nil {
			if err != io.EOF {
				rest := div[min(int(in.InputOffset()), len(div)):]
				m.text(short(rest, room/8))
			}
			break
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			t, known := tags[name]
			if silent[name] {
				quiet++
			}
			if !known || quiet > 0 {
				if !silent[name] {
					name = ""
				}
			} else {
				m.add(t.begin)
			}
			open = append(open, name)
			if alt := attribute(token, "alt"); token.Name.Local == "img" && quiet == 0 {
				m.add("<i>[picture: %]</i>", alt)
			}
		case xml.EndElement:
			name := open[len(open)-1]
			open = open[:len(open)-1]
			if silent[name] {
				quiet--
			} else if t, known := tags[name]; known && !t.void {
				m.add(t.end)
			}
		case xml.CharData:
			if quiet == 0 {
				m.text(string(token))
			}
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		if t, known := tags[open[i]]; known && !t.void {
			m.add(t.end)
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
