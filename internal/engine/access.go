package engine

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/issue"
)

// An Access is what the rights of a caller mean in a store: a filter for each permission.
// It is immutable. A nil Access permits everything.
type Access struct {
	filters  map[access.Permission]*exec.Filter
	registry *param.Registry // the search parameters by which the grants were read
}

// maxAccesses is how many are remembered.
const maxAccesses = 4096

// accesses remember what rights mean.
type accesses struct {
	mu    sync.Mutex
	known map[string]*Access
}

// Access returns what the grants of rights mean now. It remembers the answer.
func (e *Engine) Access(r *access.Rights) *Access {
	key, registry := keyOf(r.Grants), e.search.Custom().Registry()
	e.accesses.mu.Lock()
	a := e.accesses.known[key]
	e.accesses.mu.Unlock()
	if a != nil && a.registry == registry {
		return a
	}
	a = e.readGrants(r.Grants)
	a.registry = registry
	e.accesses.mu.Lock()
	defer e.accesses.mu.Unlock()
	if e.accesses.known == nil || len(e.accesses.known) >= maxAccesses {
		e.accesses.known = map[string]*Access{}
	}
	e.accesses.known[key] = a
	return a
}

// keyOf returns a text that tells grants apart.
func keyOf(grants []access.Grant) string {
	n := 0
	for i := range grants {
		g := &grants[i]
		n += len(g.Type) + len(g.Permissions) + len(g.Query) + len(g.Patient) + 4
	}
	var b strings.Builder
	b.Grow(n)
	for i := range grants {
		g := &grants[i]
		for _, part := range []string{g.Type, g.Permissions, g.Query, g.Patient} {
			b.WriteString(part)
			b.WriteByte(0) // which no part that means something has
		}
	}
	return b.String()
}

// readGrants makes the filters. They read the grants on a type when they meet it.
func (e *Engine) readGrants(grants []access.Grant) *Access {
	a := &Access{filters: map[access.Permission]*exec.Filter{}}
	same := map[string]*exec.Filter{}
	for _, letter := range access.Permissions {
		var of []access.Grant
		for _, g := range grants {
			if strings.ContainsRune(g.Permissions, letter) && !strings.ContainsRune(g.Type+g.Query+g.Patient, 0) {
				g.Permissions = ""
				of = append(of, g)
			}
		}
		key := keyOf(of)
		if same[key] == nil {
			same[key] = exec.FilterBy(key, func(t schema.TypeID) (all []*query.Query) {
				for i := range of {
					all = append(all, e.granted(t, &of[i])...)
				}
				return all
			})
		}
		a.filters[access.Permission(letter)] = same[key]
	}
	return a
}

// withheld are the types that "*" does not stand for in a grant on what is a patient's.
var withheld = []schema.TypeID{
	schema.TypeBinary, schema.TypeBundle, schema.TypeEnrollmentResponse, schema.TypeLinkage, schema.TypeMessageHeader, schema.TypeParameters,
	schema.TypePaymentNotice, schema.TypePaymentReconciliation, schema.TypeSubscription, schema.TypeVerificationResult,
}

// granted returns the queries that find the resources of a type that a grant is about: none
// for a grant that means nothing for the type.
func (e *Engine) granted(t schema.TypeID, g *access.Grant) []*query.Query {
	_, isResource := schema.ResourceType(t.String())
	switch {
	case !isResource, g.Type != "*" && g.Type != t.String():
		return nil
	case g.Patient == "":
		return e.restrictions(query.Compartment{}, t, g.Query)
	case !fhirjson.ValidID(g.Patient), g.Type == "*" && slices.Contains(withheld, t):
		return nil
	}
	in := query.Compartment{Type: schema.TypePatient, ID: g.Patient}
	if in.Has(t) {
		return e.restrictions(in, t, g.Query)
	}
	about, ok := param.R4().Find(t, "patient")
	if !ok || about.Row.Type != schema.ParamReference {
		return e.restrictions(query.Compartment{}, t, g.Query)
	}
	more := ""
	if g.Query != "" {
		more = "&" + g.Query
	}
	return append(e.restrictions(query.Compartment{}, t, "patient=Patient/"+g.Patient+more),
		e.restrictions(query.Compartment{}, t, "patient:missing=true"+more)...)
}

// restrictions reads the query of a grant: none if it is no condition.
func (e *Engine) restrictions(in query.Compartment, t schema.TypeID, text string) []*query.Query {
	if text != "" {
		for part := range strings.SplitSeq(text, "&") {
			if part == "" || selects(part) != nil {
				return nil
			}
		}
	}
	q, err := e.search.ParseIn(in, t, text, false)
	if err != nil || q.Contained() || q.Paged() || q.Includes() || q.Cuts(false) || q.Explain || len(q.Sort) > 0 || text != "" && !q.Selects() {
		return nil
	}
	return []*query.Query{q}
}

// May reports ErrForbidden unless there are resources of a type for which a permission is
// granted. Type 0 is any type.
func (a *Access) May(p access.Permission, t schema.TypeID) error {
	if a == nil || t != 0 && a.filters[p].Sees(t) {
		return nil
	}
	if t == 0 {
		for id := range schema.Types {
			if a.filters[p].Sees(schema.TypeID(id)) {
				return nil
			}
		}
		return Failf(access.ErrForbidden, issue.Forbidden, "the caller may not %s", p)
	}
	return Failf(access.ErrForbidden, issue.Forbidden, "the caller may not %s resources of type %s", p, t)
}

// Through returns a view of the resources for which a permission is granted.
func (a *Access) Through(p access.Permission, view View) View {
	if a != nil {
		view.View = view.View.Through(a.filters[p])
	}
	return view
}

// Whole reports whether a permission is granted for all resources of a type.
func (a *Access) Whole(p access.Permission, t schema.TypeID) bool {
	return a == nil || a.filters[p].Whole(t)
}

// Meaning returns a text that tells accesses for a permission apart, "" for a nil Access.
func (a *Access) Meaning(p access.Permission) string {
	if a == nil {
		return ""
	}
	return "\x00" + a.filters[p].Meaning()
}

// Lets reports whether a permission is granted for a version, which may be a deletion.
func (v View) Lets(ctx context.Context, a *Access, p access.Permission, o index.Ordinal) (bool, error) {
	t, _ := v.Key(o)
	if a.Whole(p, schema.TypeID(t)) {
		return true, nil
	}
	lets, err := v.engine.search.Lets(ctx, a.Through(p, v).View, o)
	if err != nil {
		return false, QueryError(err)
	}
	return lets[0], nil
}

// Shows reports whether a caller may read or find a version.
func (v View) Shows(ctx context.Context, a *Access, o index.Ordinal) (bool, error) {
	read, err := v.Lets(ctx, a, access.Read, o)
	if read || err != nil {
		return read, err
	}
	return v.Lets(ctx, a, access.Search, o)
}

// Judge returns a function that reports what Lets reports, for one version after the other,
// and for one goroutine.
func (v View) Judge(ctx context.Context, a *Access, p access.Permission) func(index.Ordinal) (bool, error) {
	if a == nil {
		return func(index.Ordinal) (bool, error) { return true, nil }
	}
	lets := v.engine.search.Judge(ctx, a.Through(p, v).View)
	return func(o index.Ordinal) (bool, error) {
		held, err := lets(o)
		return held, QueryError(err)
	}
}
