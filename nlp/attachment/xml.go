package attachment

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

var (
	// inlineElements stay in their line: those of XHTML and of a CDA narrative. All
	// others of XML begin and end a line.
	inlineElements = set("a abbr acronym b bdo big cite code content del dfn em font footnoteref i img ins kbd label " +
		"linkhtml q rendermultimedia s samp small span strong sub sup tt u var footnote")
	// laidOut elements are laid out as in HTML, beside the elements that make paragraphs.
	laidOut = set("br li td th tr table")
	// silentXML elements have content that no reader sees.
	silentXML = set("script style")
	// prolog is the encoding in a declaration of XML.
	prolog = regexp.MustCompile(`^<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']`)
)

// readXML reads XML leniently: its text, with a line for each element that is not known
// to be part of a line. It does not read a document type definition.
func readXML(ctx context.Context, name string, data []byte, o Options, xhtml bool) (string, error) {
	if name == "" {
		if found := prolog.FindSubmatch(data[:min(len(data), 512)]); found != nil {
			if name = string(found[1]); strings.HasPrefix(strings.ToLower(name), "utf-16") {
				name = "" // what says so in bytes is not
			}
		}
	}
	from, data, err := encodingOf(name, data)
	if err != nil {
		return "", err
	}
	if data, err = toUTF8(ctx, from, data); err != nil {
		return "", err
	}
	m := newMarkup(ctx, data, true)
	if xhtml {
		return flowHTML(m, o.MaxText)
	}
	return flowXML(m, o)
}

// flowXML lays out the text of XML.
func flowXML(m *markup, o Options) (string, error) {
	out := &flow{max: o.MaxText}
	var hidden hiding
	var cda cda
	for !out.tooLong {
		t, err := m.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		if body := cda.take(m, t); body != nil {
			if err := body.read(m.ctx, out, o); err != nil {
				return "", err
			}
		}
		if hidden.hides(t, silentXML) || cda.hides(t) {
			continue
		}
		switch {
		case t.kind == html.TextToken:
			out.words(t.text)
		case inlineElements[t.name]:
		case t.name == "item":
			layOut(out, token{kind: t.kind, name: "li"})
		case t.name == "paragraph" || t.name == "title" || t.name == "text":
			out.apart(paragraph)
		case laidOut[t.name] || paragraphElements[t.name]:
			layOut(out, t)
		default:
			out.apart(line)
		}
	}
	return out.result()
}

// A cda is the place in a document whose root is ClinicalDocument. Only its titles and
// texts are narrative: the rest are codes, and the names and addresses of its header.
type cda struct {
	began  bool // the root was seen
	is     bool // it is ClinicalDocument
	shown  int  // depth in a title or text that is narrative
	coded  int  // depth in entries, whose texts only refer to the narrative
	nonXML bool
	body   *body
}

// A body is the text of a document that is not XML itself.
type body struct {
	mediaType string
	data      []byte
}

// take follows a token. It returns a body at its end.
func (c *cda) take(m *markup, t token) *body {
	switch {
	case t.kind == html.TextToken:
		if c.body != nil {
			c.body.data = append(c.body.data, t.text...)
		}
	case !c.began:
		c.began, c.is = true, t.name == "clinicaldocument"
	case !c.is:
	case t.name == "entry" || t.name == "entryrelationship":
		c.coded = max(0, c.coded+step(t.kind))
	case t.name == "nonxmlbody":
		c.nonXML = t.kind == html.StartTagToken
	case c.coded == 0 && (t.name == "title" || t.name == "text"):
		c.shown = max(0, c.shown+step(t.kind))
		if c.nonXML && t.name == "text" {
			if t.kind == html.StartTagToken {
				c.body = encoded(m)
			} else if body := c.body; body != nil {
				c.body = nil
				return body
			}
		}
	}
	return nil
}

// hides reports whether a token is no narrative.
func (c *cda) hides(t token) bool {
	return c.body != nil || c.is && c.shown == 0 && t.kind == html.TextToken
}

// encoded returns an empty body if the tag that m stands on says that its text is base64,
// else nil.
func encoded(m *markup) *body {
	body, is := &body{mediaType: "text/plain"}, false
	for range 20 {
		key, value, more := m.z.TagAttr()
		switch string(key) {
		case "mediatype":
			body.mediaType = string(value)
		case "representation":
			is = bytes.EqualFold(value, []byte("B64"))
		}
		if !more {
			break
		}
	}
	if !is {
		return nil
	}
	return body
}

// read adds the text of a body. A body in a body is none.
func (b *body) read(ctx context.Context, out *flow, o Options) error {
	mediaType, charset := split(b.mediaType)
	kind := kindOf(mediaType)
	if kind == unsupported || kind == asXML {
		return ErrUnsupported
	}
	packed := bytes.Join(bytes.Fields(b.data), nil)
	n, err := base64.StdEncoding.Decode(packed, packed)
	if err != nil {
		return ErrMalformed
	}
	text, err := read(ctx, kind, charset, packed[:n], o)
	if err == nil {
		out.apart(paragraph)
		out.write([]byte(text))
		out.apart(paragraph)
	}
	return err
}
