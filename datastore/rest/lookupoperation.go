package rest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/terminology/terms"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json"
)

// lookup answers $lookup.
func lookup(ctx context.Context, c *Call) (*Reply, error) {
	codings, err := c.codings(c.Text("system"), c.Text("version"))
	if err != nil {
		return nil, err
	}
	coding := codings[0]
	if coding.System == "" {
		return nil, parameterError(issue.Required, "", "a code needs its system")
	}
	system, err := c.service().System(ctx, coding.System, coding.Version)
	if err != nil {
		return nil, asked(err)
	}
	found := system.Concept(coding.Code)
	if found == nil {
		return nil, parameterNotFound("the code is not in the code system")
	}
	var wanted []string
	for _, a := range c.Arguments("property") {
		wanted = append(wanted, a.Text())
	}
	wants := func(name string) bool {
		return wanted == nil || slices.Contains(wanted, name) || slices.Contains(wanted, "*")
	}
	language := c.Text("displayLanguage")
	reply := &Reply{Parameters: []Argument{text("name", "string", cmp.Or(system.Name, system.Title, system.URL))}}
	add := func(a Argument) { reply.Parameters = append(reply.Parameters, a) }
	if system.Version != "" {
		add(text("version", "string", system.Version))
	}
	add(text("display", "string", cmp.Or(system.DisplayIn(found, language), found.Code)))
	for _, d := range found.Designations {
		if !wants("designation") && !slices.Contains(wanted, "lang."+d.Language) || language != "" && d.Language != "" && !strings.HasPrefix(d.Language, language) {
			continue
		}
		a := Argument{Name: "designation"}
		if d.Language != "" {
			a.Parts = append(a.Parts, text("language", "code", d.Language))
		}
		if d.Use != nil {
			a.Parts = append(a.Parts, Argument{Name: "use", Type: "Coding", Value: d.Use})
		}
		a.Parts = append(a.Parts, text("value", "string", d.Value))
		add(a)
	}
	property := func(code string, value Argument, description string) {
		a := Argument{Name: "property", Parts: []Argument{text("code", "code", code), value}}
		if description != "" {
			a.Parts = append(a.Parts, text("description", "string", description))
		}
		add(a)
	}
	if found.Definition != "" && wants("definition") {
		property("definition", text("value", "string", found.Definition), "")
	}
	if wants("inactive") {
		property("inactive", text("value", "boolean", strconv.FormatBool(system.Inactive(found))), "")
	}
	for _, near := range []struct {
		code string
		list []*terms.Concept
	}{{"parent", found.Parents()}, {"child", found.Children()}} {
		for _, other := range near.list {
			if wants(near.code) {
				property(near.code, text("value", "code", other.Code), other.Display)
			}
		}
	}
	for i := range found.Properties {
		p := &found.Properties[i]
		typ, value := p.Value()
		if value != nil && p.Code != "parent" && p.Code != "child" && p.Code != "inactive" && wants(p.Code) {
			property(p.Code, Argument{Name: "value", Type: typ, Value: value}, "")
		}
	}
	return reply, nil
}

// subsumes answers $subsumes.
func subsumes(ctx context.Context, c *Call) (*Reply, error) {
	var codes [2]terms.Coding
	for i, name := range []string{"A", "B"} {
		code, hasCode := c.Argument("code" + name)
		coding, hasCoding := c.Argument("coding" + name)
		switch {
		case hasCode == hasCoding:
			return nil, parameterError(issue.Required, "", "one of the parameters code"+name+" and coding"+name+" is required, and one alone")
		case hasCode:
			codes[i] = terms.Coding{System: c.Text("system"), Version: c.Text("version"), Code: code.Text()}
		default:
			if err := json.Unmarshal(coding.Value, &codes[i]); err != nil {
				return nil, err
			}
			if given := c.Text("system"); given != "" && codes[i].System == "" {
				codes[i].System = given
			}
		}
	}
	var system *terms.System
	if c.Subject.ID != "" {
		v, err := c.View.Read(ctx, c.Subject)
		if err != nil {
			return nil, err
		}
		if system, err = c.definitions().system(v); err != nil {
			return nil, asked(err)
		}
	} else {
		if codes[0].System == "" {
			return nil, parameterError(issue.Required, "", "the parameter system is required")
		}
		var err error
		if system, err = c.service().System(ctx, codes[0].System, cmp.Or(codes[0].Version, c.Text("version"))); err != nil {
			return nil, asked(err)
		}
	}
	for _, code := range codes {
		if code.System != "" && code.System != system.URL {
			return nil, &refusal{422, parameterError(issue.NotSupported, "", "the codes are of two code systems")}
		}
	}
	outcome, err := system.Subsumes(codes[0].Code, codes[1].Code)
	if err != nil {
		return nil, asked(err)
	}
	return &Reply{Parameters: []Argument{text("outcome", "code", outcome)}}, nil
}
