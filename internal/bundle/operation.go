package bundle

import (
	"cmp"
	"context"
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// An Operation is an entry that calls an operation of FHIR (R4 §3.2), such as
// "Patient/1/$everything".
type Operation struct {
	Name              string // without the $
	Type, ID, Version string // the subject; "" is the whole store, a type, the current version
	Method            string // GET or POST
	Query             string // behind the question mark
	Resource          []byte // of a POST, nil for none
	// Batch says that the Bundle is a batch: the entry may change something.
	Batch bool
	// Sequence is the number of the state that the operation reads.
	Sequence uint64
}

// Operate answers an entry that calls an operation, with a resource and a status. An error
// may have a status too; 0 is that of its class.
type Operate func(ctx context.Context, o *Operation) (resource []byte, status int, err error)

// operateKey is the context's key of an Operate.
type operateKey struct{}

// WithOperations returns a context under which [Do] has operations answered. Without it
// they are refused.
func WithOperations(ctx context.Context, operate Operate) context.Context {
	return context.WithValue(ctx, operateKey{}, operate)
}

var errNoOperations = badURL(issue.NotSupported, "operations ($...) are not supported in a Bundle")

// parseOperation reads the steps of a URL that calls an operation: $name, Type/$name,
// Type/id/$name and Type/id/_history/version/$name.
func parseOperation(steps []string, query string) (Target, error) {
	last := len(steps) - 1
	to := Target{Operation: strings.TrimPrefix(steps[last], "$"), Query: query}
	bad := badURL(issue.NotSupported, "the URL has a form that is not supported in a Bundle")
	switch {
	case !strings.HasPrefix(steps[last], "$"), last == 3, last > 4, last == 4 && steps[2] != "_history":
		return to, bad
	case last == 0:
		return to, nil
	}
	var ok bool
	if to.Type, ok = schema.ResourceType(steps[0]); !ok {
		return to, badURL(issue.NotSupported, "the URL does not begin with a resource type")
	}
	if last > 1 {
		if to.ID = steps[1]; !fhirjson.ValidID(to.ID) {
			return to, badURL(issue.Value, "the URL has no valid id")
		}
	}
	if last == 4 {
		to.Version = steps[3]
	}
	return to, nil
}

// operate answers an entry as of a view.
func (p *transaction) operate(ctx context.Context, r *request, now engine.View) ([]byte, int, error) {
	operate, _ := ctx.Value(operateKey{}).(Operate)
	if operate == nil {
		return nil, 0, errNoOperations
	}
	o := &Operation{Name: r.target.Operation, ID: r.target.ID, Version: r.target.Version, Method: "GET", Query: r.target.Query, Batch: p.batch, Sequence: now.Sequence()}
	if r.target.Type != 0 {
		o.Type = r.target.Type.String()
	}
	if r.posted {
		o.Method, o.Resource = "POST", r.resource
	}
	return operate(ctx, o)
}

// operated replies to an entry that calls an operation.
func (p *transaction) operated(r *request, then engine.View) reply {
	resource, status, err := p.operate(p.forGets, r, then)
	if err == nil && len(resource) > p.room {
		status, err = 0, errAnswerTooLong
	}
	switch {
	case err != nil:
		return reply{status: cmp.Or(status, engine.Status(err)), err: err}
	case r.head:
		return reply{status: status}
	}
	p.room -= len(resource)
	return reply{status: status, resource: resource}
}
