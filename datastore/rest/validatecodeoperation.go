package rest

import (
	"context"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/terminology/terms"
	"github.com/fhirlake/fhirlake/issue"
)

// validateInSet answers $validate-code on value sets.
func validateInSet(ctx context.Context, c *Call) (*Reply, error) {
	text, _, err := c.definition(ctx, "valueSet", "valueSetVersion")
	if err != nil {
		return nil, err
	}
	if text == nil {
		return nil, parameterError(issue.Required, "", "one of the parameters url and valueSet is required")
	}
	codings, err := c.codings(c.Text("system"), c.Text("systemVersion"))
	if err != nil {
		return nil, err
	}
	set, err := terms.ReadSet(text)
	if err != nil {
		return nil, asked(err)
	}
	service := c.service()
	service.Default = map[string]string{}
	for _, coding := range codings {
		if coding.Version != "" {
			service.Default[coding.System] = coding.Version
		}
	}
	return c.judge(codings, "the value set '"+set.URL+"'", func(coding terms.Coding) (*terms.Entry, error) {
		e, err := service.Member(ctx, set, coding.System, coding.Code)
		return e, asked(err)
	})
}

// validateInSystem answers $validate-code on code systems.
func validateInSystem(ctx context.Context, c *Call) (*Reply, error) {
	text, of, err := c.definition(ctx, "codeSystem", "version")
	if err != nil {
		return nil, err
	}
	codings, err := c.codings("", "")
	if err != nil {
		return nil, err
	}
	service := c.service()
	var system *terms.System
	if text != nil {
		if of.VersionID != "" {
			system, err = c.definitions().system(of)
		} else {
			system, err = terms.ReadSystem(text)
		}
		if err != nil {
			return nil, asked(err)
		}
	} else if _, ok := c.Argument("code"); ok {
		return nil, parameterError(issue.Required, "", "one of the parameters url and codeSystem is required with code")
	}
	where := "the code system"
	return c.judge(codings, where, func(coding terms.Coding) (*terms.Entry, error) {
		in := system
		switch {
		case in == nil && coding.System == "":
			return nil, nil
		case in == nil:
			if in, err = service.System(ctx, coding.System, coding.Version); err != nil {
				return nil, asked(err)
			}
		case coding.System != "" && coding.System != in.URL:
			return nil, nil
		}
		return in.Entry(coding.Code), nil
	})
}

// judge answers with the verdict on codings: one that is right is enough.
func (c *Call) judge(codings []terms.Coding, where string, find func(terms.Coding) (*terms.Entry, error)) (*Reply, error) {
	best := terms.Verdict{Message: "No code was given"}
	for i, coding := range codings {
		e, err := find(coding)
		if err != nil {
			return nil, err
		}
		v := e.Judge(coding, where, c.Text("displayLanguage"), c.Text("abstract") == "true")
		if i == 0 || v.Result {
			best = v
		}
		if v.Result {
			break
		}
	}
	reply := &Reply{Parameters: []Argument{text("result", "boolean", strconv.FormatBool(best.Result))}}
	if best.Message != "" {
		reply.Parameters = append(reply.Parameters, text("message", "string", best.Message))
	}
	if best.Display != "" {
		reply.Parameters = append(reply.Parameters, text("display", "string", best.Display))
	}
	return reply, nil
}
