package browse

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

//go:embed page.css
var style string

//go:embed page.js
var script string

//go:embed narrative.css
var narrativeStyle string

// policy lets in the style and the script of this package, by their hashes, and nothing
// else (Content Security Policy Level 3).
var policy = strings.Join([]string{
	"default-src 'none'", "style-src " + hash(style) + " " + hash(narrativeStyle), "script-src " + hash(script), "img-src data:",
	"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
}, "; ")

func hash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// headers sets the headers that all pages have.
func (v *visit) headers() {
	h := v.w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Accept")
}

// passed are the headers of the API's answers that pages have too.
var passed = []string{"Allow", "Preference-Applied", "Retry-After", "Warning", "WWW-Authenticate"}

// A crumb is a link of the way from the start to a page.
type crumb struct{ name, link string }

// A page is what a frame is put around.
type page struct {
	title  string
	crumbs []crumb
	body   markup
}

// send answers with a page.
func (v *visit) send(status int, p *page) {
	m := &markup{b: make([]byte, 0, len(p.body.b)+len(style)+len(script)+16<<10)}
	m.add("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>% – fhirlake</title>\n", short(p.title, 200))
	m.b = append(append(append(m.b, icon+"<style>"...), style...), "</style>\n</head>\n<body>\n"...)
	m.add(`<a class="skip" href="#main">Skip to the content</a>`+"\n"+`<header class="bar">`+"\n"+`<nav aria-label="Store"><a class="home" href="%">fhirlake</a> <a href="%">History</a> <a href="%">Capabilities</a></nav>`+"\n",
		v.to("", ""), v.to("_history", ""), v.to("metadata", ""))
	m.add(`<form class="go" action="%" role="search" aria-label="Go to a type or resource"><label for="go" class="hidden">Type, resource or search</label>`+
		`<input id="go" name=":go" list="types" placeholder="Patient?name=ann" autocomplete="off" spellcheck="false" required><button>Go</button></form>`+"\n</header>\n", v.to("", ""))
	m.add("<main id=\"main\" tabindex=\"-1\">\n")
	if len(p.crumbs) > 0 {
		m.add("<nav aria-label=\"Way\" class=\"crumbs\"><ol>")
		for _, c := range append([]crumb{{"Store", v.to("", "")}}, p.crumbs...) {
			if c.link == "" {
				m.add(`<li aria-current="page">%</li>`, c.name)
			} else {
				m.add(`<li><a href="%">%</a></li>`, c.link, c.name)
			}
		}
		m.add("</ol></nav>\n")
	}
	m.b = append(m.b, p.body.b...)
	m.add("</main>\n<footer>Times are as the store has them. <kbd>/</kbd> goes to the field at the top.</footer>\n<datalist id=\"types\">")
	for _, name := range typeNames {
		m.add(`<option value="%">`, name)
	}
	m.b = append(append(append(m.b, "</datalist>\n<script>"...), script...), "</script>\n</body>\n</html>\n"...)
	v.headers()
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(m.b) // an error means that the client has gone
}

const icon = `<link rel="icon" href="data:image/svg+xml,` + "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%230b6e99' d='M0 5q4-4 8 0t8 0v3q-4 4-8 0t-8 0zm0 6q4-4 8 0t8 0v3q-4 4-8 0t-8 0z'/%3E%3C/svg%3E" + "\">\n"

// typeNames are the resource types, sorted.
var typeNames = func() (names []string) {
	for i := range schema.Types {
		if t := &schema.Types[i]; t.Kind == schema.KindResource && !t.Abstract {
			names = append(names, t.Name)
		}
	}
	return names
}()

// refuse answers with an error of the page itself.
func (v *visit) refuse(status int, what, hint string) {
	p := &page{title: what}
	p.body.add("<h1>%</h1>\n<p>%</p>\n", what, hint)
	v.send(status, p)
}

// failed answers with the page of an error of the API.
func (v *visit) failed(a *answer, o object) {
	for _, name := range passed {
		for _, value := range a.header.Values(name) {
			v.w.Header().Add(name, value)
		}
	}
	title := joined(" ", strconv.Itoa(a.status), http.StatusText(a.status))
	if a.status < 300 {
		title = "There is no page of this answer"
	}
	p := &page{title: title, crumbs: v.crumbs()}
	p.body.add("<h1>%</h1>\n", title)
	switch {
	case a.long:
		p.body.add("<p>The answer is too long for a page.</p>\n")
	case text(o, "resourceType") == "OperationOutcome":
		p.body.issues(list(o["issue"]))
	default:
		p.body.add("<p>It is too long, or it is no resource.</p>\n")
	}
	if a.status == http.StatusGone && v.id != "" {
		p.body.add(`<p><a href="%">History of this resource</a></p>`+"\n", v.to(v.typ+"/"+v.id+"/_history", ""))
	}
	if a.long || o == nil {
		p.body.add(`<p><a href="%">The answer as it is</a></p>`+"\n", v.raw("json"))
	}
	if a.status == http.StatusBadRequest && v.r.Method != http.MethodPost && v.searched() {
		v.form(&p.body) // with what was asked for, to be mended
	}
	v.send(a.status, p)
}

// raw returns the link to the same answer in another format.
func (v *visit) raw(format string) string {
	return v.to(strings.Join(v.steps, "/"), joined("&", v.query, "_format="+format, "_pretty=true"))
}

// maxSteps is how many steps a path has for which a way is shown. Those of the API have
// five at most.
const maxSteps = 8

// crumbs returns the way to what the path names.
func (v *visit) crumbs() (way []crumb) {
	if len(v.steps) > maxSteps {
		return nil
	}
	path := ""
	for i, step := range v.steps {
		path = joined("/", path, step)
		link := v.to(path, "")
		if i == len(v.steps)-1 {
			link = ""
		}
		way = append(way, crumb{short(step, 64), link})
	}
	return way
}
