package rest

import (
	"context"
	"errors"
	"strconv"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/pathpatch"
	"github.com/fhirlake/fhirlake/issue"
)

// versionOperations returns $diff and $reindex.
func versionOperations() []Operation {
	patch := Parameter{Name: "return", Out: true, Min: 1, Type: "Parameters", Documentation: "The differences as a FHIRPath Patch: applied to the first version it makes the second."}
	includeMeta := Parameter{Name: "includeMeta", Type: "boolean", Documentation: "Whether differences in meta.versionId, meta.lastUpdated and meta.source count; false by default."}
	return []Operation{
		{
			Name: "diff", Instance: true, Handle: diffVersions,
			Description: "The differences of two versions of a resource.",
			Parameters: []Parameter{
				{Name: "fromVersion", Type: "id", Documentation: "The first version: by default the one before the second."},
				{Name: "toVersion", Type: "id", Documentation: "The second version: the current one by default."},
				includeMeta, patch,
			},
		},
		{
			Name: "diff", System: true, Handle: diffResources,
			Description: "The differences of two resources of one type.",
			Parameters: []Parameter{
				{Name: "from", Min: 1, Type: "uri", Documentation: "The first, as Patient/1 or Patient/1/_history/2."},
				{Name: "to", Min: 1, Type: "uri", Documentation: "The second."},
				includeMeta, patch,
			},
		},
		{
			Name: "reindex", System: true, Handle: reindex,
			Description: "How far the store is with indexing its custom search parameters. It indexes them by itself, and may be read and searched meanwhile.",
			Parameters: []Parameter{
				{Name: "complete", Out: true, Min: 1, Type: "boolean", Documentation: "Whether no parameter is being indexed."},
				{Name: "parameter", Out: true, Many: true, Documentation: "A custom search parameter.", Parts: []Parameter{
					{Name: "url", Type: "uri"}, {Name: "code", Min: 1, Type: "code"}, {Name: "base", Many: true, Type: "code"},
					{Name: "status", Min: 1, Type: "code", Documentation: "complete, indexing or refused."},
					{Name: "done", Type: "decimal", Documentation: "The share of the resources that are indexed, from 0 to 1."},
					{Name: "outcome", Type: "OperationOutcome", Documentation: "Why the parameter is not used."},
				}},
			},
		},
	}
}

// diffVersions answers $diff of a resource.
func diffVersions(ctx context.Context, c *Call) (*Reply, error) {
	current, err := c.View.Read(ctx, c.Subject)
	to, from := c.Text("toVersion"), c.Text("fromVersion")
	if err != nil && (to == "" || !errors.Is(err, datastore.ErrGone)) {
		return nil, err
	}
	second := current
	if to != "" {
		if second, err = c.View.ReadVersion(ctx, c.Subject, to); err != nil {
			return nil, err
		}
	}
	var first datastore.Version
	if from != "" {
		first, err = c.View.ReadVersion(ctx, c.Subject, from)
	} else {
		first, err = c.before(ctx, second)
	}
	if err != nil {
		return nil, err
	}
	return c.diff(first, second)
}

// before returns the version before another, passing over deletions.
func (c *Call) before(ctx context.Context, v datastore.Version) (datastore.Version, error) {
	for o := v.Ordinal; ; {
		var ok bool
		if o, ok = c.View.Previous(o); !ok {
			return datastore.Version{}, parameterNotFound("there is no version before this one, or it is not kept: name one by fromVersion")
		}
		if earlier := c.View.Describe(o); !earlier.Deleted {
			return c.View.ReadVersion(ctx, c.Subject, earlier.VersionID)
		}
	}
}

// diffResources answers $diff of two resources.
func diffResources(ctx context.Context, c *Call) (*Reply, error) {
	var versions [2]datastore.Version
	for i, name := range []string{"from", "to"} {
		a, _ := c.Argument(name)
		ref, version, ok := c.localVersion(a.Text())
		if !ok {
			return nil, wrongArgument(a, "must name a resource of this server, as in Patient/1")
		}
		var err error
		if version == "" {
			versions[i], err = c.View.Read(ctx, ref)
		} else {
			versions[i], err = c.View.ReadVersion(ctx, ref, version)
		}
		if err != nil {
			return nil, err
		}
	}
	if versions[0].Type != versions[1].Type {
		a, _ := c.Argument("to")
		return nil, wrongArgument(a, "must be of the same type as the first")
	}
	return c.diff(versions[0], versions[1])
}

// diff answers with the differences of two versions.
func (c *Call) diff(from, to datastore.Version) (*Reply, error) {
	var docs [2]fhirjson.Document
	for i, v := range []datastore.Version{from, to} {
		text := v.JSON
		if c.Text("includeMeta") != "true" {
			var err error
			if text, err = withoutProvenance(text); err != nil {
				return nil, err
			}
		}
		if err := parseAny(text, &docs[i]); err != nil {
			return nil, err
		}
		if docs[i].Loose() {
			return nil, &datastore.Error{Class: datastore.ErrInvalid, Issues: []datastore.Issue{{
				Severity: issue.Error, Code: issue.Structure, Offset: -1, Diagnostics: "a version was stored with properties that FHIR does not have: they have no path",
			}}}
		}
	}
	return &Reply{Resource: pathpatch.Diff(&docs[0], &docs[1])}, nil
}

// withoutProvenance returns a resource without what the store and its source say of the
// version.
func withoutProvenance(resource []byte) ([]byte, error) {
	meta, err := metaOf(resource)
	if err != nil || meta == nil {
		return resource, err
	}
	list, err := membersOf(meta)
	if err != nil {
		return nil, err
	}
	kept := []byte{'{'}
	for _, m := range list {
		if m.name == "versionId" || m.name == "lastUpdated" || m.name == "source" {
			continue
		}
		if len(kept) > 1 {
			kept = append(kept, ',')
		}
		kept = append(append(append(append(kept, '"'), m.name...), `":`...), m.value...)
	}
	if len(kept) == 1 {
		return withMember(resource, "meta", nil)
	}
	return withMember(resource, "meta", append(kept, '}'))
}

// reindex answers $reindex.
func reindex(_ context.Context, c *Call) (*Reply, error) {
	reply, complete := &Reply{}, true
	for _, p := range c.Store.SearchParameters() {
		parts := []Argument{}
		if p.URL != "" {
			parts = append(parts, text("url", "uri", p.URL))
		}
		parts = append(parts, text("code", "code", p.Code))
		for _, base := range p.Base {
			parts = append(parts, text("base", "code", base))
		}
		status := "indexing"
		switch {
		case p.Complete:
			status = "complete"
		case len(p.Issues) > 0:
			status = "refused"
		default:
			complete = false
		}
		parts = append(parts, text("status", "code", status))
		if status == "indexing" {
			parts = append(parts, text("done", "decimal", strconv.FormatFloat(float64(p.Indexed)/float64(max(p.Total, 1)), 'f', 3, 64)))
		}
		if len(p.Issues) > 0 {
			parts = append(parts, Argument{Name: "outcome", Type: "OperationOutcome", Value: issue.AppendOutcome(nil, p.Issues...)})
		}
		reply.Parameters = append(reply.Parameters, Argument{Name: "parameter", Parts: parts})
	}
	reply.Parameters = append([]Argument{text("complete", "boolean", strconv.FormatBool(complete))}, reply.Parameters...)
	return reply, nil
}
