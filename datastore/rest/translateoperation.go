package rest

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/terminology/terms"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
	"github.com/go-json-experiment/json"
)

// translate answers $translate: by the map that the call names, or by all maps of the
// store that fit.
func translate(ctx context.Context, c *Call) (*Reply, error) {
	text, _, err := c.definition(ctx, "conceptMap", "conceptMapVersion")
	if err != nil {
		return nil, err
	}
	codings, err := c.codings(c.Text("system"), c.Text("version"))
	if err != nil {
		return nil, err
	}
	wish := terms.Wish{Source: c.Text("source"), Target: c.Text("target"), TargetSystem: c.Text("targetsystem"), Reverse: c.Text("reverse") == "true"}
	if wish.Dependencies, err = c.dependencies(); err != nil {
		return nil, err
	}
	for _, name := range []*string{&wish.Source, &wish.Target} {
		if *name, err = c.canonicalOf(ctx, *name); err != nil {
			return nil, err
		}
	}
	var matches []terms.Match
	for _, coding := range codings {
		if coding.System == "" {
			return nil, parameterError(issue.Required, "", "a code needs its system")
		}
		maps, err := c.maps(ctx, text, coding.System, wish)
		if err != nil {
			return nil, err
		}
		for _, m := range maps {
			found, err := m.Translate(coding.System, coding.Code, wish, func(canonical string) (*terms.Map, error) {
				return c.definitions().conceptMap(ctx, canonical)
			})
			if err != nil {
				return nil, asked(err)
			}
			matches = append(matches, found...)
		}
	}
	return replyMatches(matches), nil
}

// maps returns the map that the call brings or names, or else all that may have a code of
// a system.
func (c *Call) maps(ctx context.Context, named []byte, system string, wish terms.Wish) (list []*terms.Map, err error) {
	if named != nil {
		m, err := terms.ReadMap(named)
		return []*terms.Map{m}, asked(err)
	}
	from, to := "source-system", "target-system"
	if wish.Reverse {
		from, to = to, from
	}
	query := from + "=" + url.QueryEscape(search.Escape(system)) + "&status:not=retired"
	if wish.TargetSystem != "" {
		query += "&" + to + "=" + url.QueryEscape(search.Escape(wish.TargetSystem))
	}
	for v, err := range c.View.SearchAll(ctx, "ConceptMap", query) {
		if err != nil {
			return nil, err
		}
		m, err := terms.ReadMap(v.JSON)
		if err != nil {
			return nil, asked(err)
		}
		list = append(list, m)
	}
	return list, nil
}

// canonicalOf returns the canonical of a value set that is named by it, or by its id or
// address on this server.
func (c *Call) canonicalOf(ctx context.Context, name string) (string, error) {
	ref, ok := c.local(name)
	if !ok && !strings.Contains(name, ":") {
		ref, ok = c.local("ValueSet/" + name)
	}
	if name == "" || !ok || ref.Type != "ValueSet" {
		return name, nil
	}
	v, err := c.View.Read(ctx, ref)
	if err != nil {
		return "", err
	}
	set, err := terms.ReadSet(v.JSON)
	if err != nil {
		return "", asked(err)
	}
	return set.URL, nil
}

// dependencies reads the parameter dependency.
func (c *Call) dependencies() (list []terms.Dependency, err error) {
	for _, a := range c.Arguments("dependency") {
		var d terms.Dependency
		for _, part := range a.Parts {
			switch part.Name {
			case "element":
				d.Property = part.Text()
			case "concept":
				var all struct {
					Coding []terms.Coding `json:"coding"`
					Text   string         `json:"text"`
				}
				if err := json.Unmarshal(part.Value, &all); err != nil {
					return nil, err
				}
				d.Value = all.Text
				for _, coding := range all.Coding {
					list = append(list, terms.Dependency{Property: d.Property, System: coding.System, Value: coding.Code})
				}
			}
		}
		for i := range list {
			if list[i].Property == "" {
				list[i].Property = d.Property // the element stood behind the concept
			}
		}
		list = append(list, d)
	}
	return list, nil
}

// replyMatches answers with translations.
func replyMatches(matches []terms.Match) *Reply {
	matched := slices.ContainsFunc(matches, func(m terms.Match) bool { return m.Matches() })
	reply := &Reply{Parameters: []Argument{text("result", "boolean", strconv.FormatBool(matched))}}
	if !matched {
		reply.Parameters = append(reply.Parameters, text("message", "string", "No map of the store translates the code"))
	}
	for _, m := range matches {
		a := Argument{Name: "match", Parts: []Argument{text("equivalence", "code", m.Equivalence)}}
		if m.Code != "" {
			a.Parts = append(a.Parts, Argument{Name: "concept", Type: "Coding", Value: codingJSON(m.System, m.Code, m.Display)})
		}
		for _, p := range m.Product {
			a.Parts = append(a.Parts, Argument{Name: "product", Parts: []Argument{
				text("element", "uri", p.Property), {Name: "concept", Type: "Coding", Value: codingJSON(p.System, p.Value, p.Display)},
			}})
		}
		if m.Map.URL != "" {
			a.Parts = append(a.Parts, text("source", "uri", m.Map.URL))
		}
		reply.Parameters = append(reply.Parameters, a)
	}
	return reply
}

// codingJSON is a Coding.
func codingJSON(system, code, display string) []byte {
	out := []byte{'{'}
	for _, m := range []struct{ name, value string }{{"system", system}, {"code", code}, {"display", display}} {
		if m.value != "" {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = quote.Append(append(out, `"`+m.name+`":`...), m.value)
		}
	}
	return append(out, '}')
}
