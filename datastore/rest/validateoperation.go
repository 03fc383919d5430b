package rest

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// validateOperations returns $validate (FHIR R4 resource-operation-validate.html).
func validateOperations() []Operation {
	return []Operation{{
		Name: "validate", URL: hl7Definition + "Resource-validate", Type: true, Instance: true, Handle: validate,
		Parameters: []Parameter{
			{Name: "resource", Type: "Resource", asIs: true}, {Name: "mode", Type: "code"}, {Name: "profile", Type: "uri"},
			{Name: "return", Out: true, Min: 1, Type: "OperationOutcome"},
		},
	}}
}

// validate answers $validate. That a resource is not valid is an answer, not an error.
func validate(ctx context.Context, c *Call) (*Reply, error) {
	resource, given := c.Argument("resource")
	mode, profile := c.Text("mode"), c.Text("profile")
	onInstance := c.Subject.ID != ""
	a, _ := c.Argument("mode")
	switch mode {
	case "":
	case "create":
		if onInstance {
			return nil, wrongArgument(a, "may be create at the level of a resource type alone")
		}
	case "update", "delete":
		if !onInstance {
			return nil, wrongArgument(a, "may be update or delete at the level of an instance alone")
		}
	case "profile":
		if profile == "" {
			return nil, wrongArgument(a, "is profile, and so the parameter profile is required")
		}
	default:
		return nil, wrongArgument(a, "must be create, update, delete or profile")
	}
	if mode == "delete" || onInstance && !given {
		v, err := c.View.Read(ctx, c.Subject)
		if err != nil {
			return nil, err
		}
		if mode == "delete" {
			return outcome(), nil // nothing here refuses a deletion
		}
		if mode == "update" {
			return nil, parameterError(issue.Required, "", "the parameter resource is required for an update")
		}
		resource, given = Argument{Value: v.JSON}, true
	}
	if !given {
		return nil, parameterError(issue.Required, "", "the parameter resource is required")
	}
	if err := c.knowsProfile(ctx, profile); err != nil {
		return nil, err
	}
	issues, err := c.Store.Validate(ctx, resource.Value, c.options...)
	if err != nil {
		var data *datastore.Error
		if !errors.Is(err, datastore.ErrInvalid) || !errors.As(err, &data) || datastore.Status(err) != 400 {
			return nil, err
		}
		issues = data.Issues
	}
	issues = append(issues[:len(issues):len(issues)], c.misfits(resource.Value, mode)...)
	if resource.pointer != "" {
		for i := range issues {
			issues[i].Offset = -1 // it would count within the parameter
		}
	}
	return outcome(issues...), nil
}

// misfits returns what keeps a resource from being written at the place of the call.
func (c *Call) misfits(resource []byte, mode string) []issue.Issue {
	typ, id, err := identity(resource)
	fault := func(pointer, text string) []issue.Issue {
		return []issue.Issue{{Severity: issue.Error, Code: issue.Invalid, Root: typ, Pointer: pointer, Offset: -1, Diagnostics: text}}
	}
	switch _, known := schema.ResourceType(typ); {
	case err != nil || !known: // that was told
	case typ != c.Subject.Type:
		return fault("/resourceType", "the resource is not of the type that the URL names")
	case mode == "update" && id != c.Subject.ID:
		return fault("/id", "the resource has not the id that the URL names")
	}
	return nil
}

// knowsProfile reports an error for a profile that resources cannot be checked against:
// 404 where it is not there, 501 where it is.
func (c *Call) knowsProfile(ctx context.Context, profile string) error {
	if profile == "" || profile == "http://hl7.org/fhir/StructureDefinition/"+c.Subject.Type {
		return nil
	}
	canonical, _, _ := strings.Cut(profile, "|")
	page, err := c.View.Search(ctx, "StructureDefinition", "_summary=count&url="+url.QueryEscape(search.Escape(canonical)))
	switch {
	case err != nil:
		return err
	case page.Total == 0:
		return parameterNotFound("the profile is not in the store")
	}
	return notSupported("resources are checked against FHIR R4 itself, not against profiles")
}

// outcome answers with an OperationOutcome.
func outcome(issues ...issue.Issue) *Reply {
	return &Reply{Resource: issue.AppendOutcome(nil, issues...)}
}

// parameterNotFound is the error for something that a parameter names and is not there.
func parameterNotFound(text string) error {
	return &datastore.Error{Class: datastore.ErrNotFound, Issues: []datastore.Issue{{
		Severity: issue.Error, Code: issue.NotFound, Offset: -1, Diagnostics: text,
	}}}
}
