package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/bundle"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// builtin returns the operations that every handler has.
func builtin() []Operation {
	return slices.Concat(
		validateOperations(), metaOperations(), everythingOperations(), documentOperations(),
		observationOperations(), terminologyOperations(), fhirPathOperations(), removalOperations(), versionOperations(),
	)
}

// An operations is the registry of operations.
type operations struct {
	list        []*Operation
	definitions []definition // for the operations that FHIR does not define
}

// newOperations returns the registry of the built-in operations and a program's own. It
// reports each that cannot be called, which it leaves out.
func newOperations(own []Operation, base string, at time.Time) (*operations, error) {
	ops := &operations{}
	var wrong []error
	for i, list := range [][]Operation{builtin(), own} {
		begins := []string{ownDefinition, base + "/OperationDefinition/"}[i]
		for _, o := range list {
			if reason := ops.refuses(&o); reason != "" {
				wrong = append(wrong, fmt.Errorf("rest: the operation %q of Operations cannot be called: %s", o.Name, reason))
				continue
			}
			if !strings.HasPrefix(o.URL, hl7Definition) {
				d := ops.newDefinition(&o, begins, at)
				if err := d.err(); err != nil {
					wrong = append(wrong, fmt.Errorf("rest: the operation %q of Operations has no definition: %w", o.Name, err))
					continue
				}
				o.URL = d.url
				ops.definitions = append(ops.definitions, d)
			}
			ops.list = append(ops.list, &o)
		}
	}
	slices.SortStableFunc(ops.list, func(a, b *Operation) int { return cmp.Compare(a.Name, b.Name) })
	return ops, errors.Join(wrong...)
}

// refuses says why an operation cannot be part of the registry, "" if it can.
func (ops *operations) refuses(o *Operation) string {
	switch {
	case !fhirjson.ValidID(o.Name):
		return "the name is no id of FHIR"
	case o.Handle == nil && o.raw == nil:
		return "it has no Handle"
	case !o.System && !o.Type && !o.Instance:
		return "it is neither of the system, nor of types, nor of instances"
	}
	for _, name := range o.Resources {
		if _, ok := schema.ResourceType(name); !ok {
			return "it names a resource type that is none"
		}
	}
	for _, other := range ops.list {
		if other.Name == o.Name && other.overlaps(o) {
			return "there is another one of that name"
		}
	}
	return ""
}

// overlaps reports whether two operations can be called at the same path.
func (o *Operation) overlaps(other *Operation) bool {
	if o.System && other.System {
		return true
	}
	if !(o.Type && other.Type) && !(o.Instance && other.Instance) {
		return false
	}
	return o.Resources == nil || other.Resources == nil ||
		slices.ContainsFunc(o.Resources, func(name string) bool { return slices.Contains(other.Resources, name) })
}

// on reports whether the operation may be called on resources of a type.
func (o *Operation) on(typ string) bool {
	return o.Resources == nil || slices.Contains(o.Resources, typ)
}

// find returns the operation of a name on a subject. It reports 501 for a name that no
// operation has, and 404 where the operation is none of the subject.
func (ops *operations) find(name string, on datastore.Ref, version string) (*Operation, error) {
	known := false
	for _, o := range ops.list {
		if o.Name != name {
			continue
		}
		known = true
		switch {
		case on.Type == "" && o.System,
			on.Type != "" && on.ID == "" && o.Type && o.on(on.Type),
			on.ID != "" && o.Instance && o.on(on.Type) && (version == "" || o.history):
			return o, nil
		}
	}
	if known {
		return nil, refuse(http.StatusNotFound, issue.NotSupported, "the operation $"+name+" is there, but cannot be called at this path: /metadata says where it can")
	}
	return nil, refuse(http.StatusNotImplemented, issue.NotSupported, "there is no such operation here")
}

// operationRoute returns the route of a path that ends in an operation.
func (x *exchange) operationRoute(path string) (route, error) {
	at := strings.LastIndexByte(path, '/')
	name := path[at+1:]
	x.typ, x.id, x.version, x.compartment = "", "", "", ""
	fits := at < 0 || slices.ContainsFunc([]string{"{type}", "{type}/{id}", "{type}/{id}/_history/{version}"}, func(form string) bool {
		return x.matches(form, path[:at])
	})
	if !fits {
		if first, _, _ := strings.Cut(path, "/"); isResource(first) {
			return route{}, refuse(http.StatusNotFound, issue.NotFound, "there is nothing at this path")
		}
		return route{}, refuse(http.StatusNotFound, issue.NotSupported, "there is no resource type of that name in FHIR R4")
	}
	o, err := x.operations.find(name[1:], x.ref(), x.version)
	if err != nil {
		return route{}, err
	}
	allowed := []string{http.MethodGet, http.MethodHead, http.MethodPost}
	if o.AffectsState || o.raw != nil {
		allowed = allowed[2:]
	}
	if !slices.Contains(allowed, x.r.Method) {
		x.w.Header().Set("Allow", strings.Join(allowed, ", "))
		return route{}, refuse(http.StatusMethodNotAllowed, issue.NotSupported, "the method is not supported here; Allow says which are")
	}
	if o.raw != nil {
		return route{method: http.MethodPost, path: path, answer: o.raw}, nil
	}
	return route{method: x.r.Method, path: path, takes: takes{query: true}, answer: func(x *exchange) error { return x.operate(o) }}, nil
}

// operate answers the call of an operation by GET or POST.
func (x *exchange) operate(o *Operation) error {
	call := &Call{name: o.Name, owner: x.caller, Subject: x.ref(), VersionID: x.version, Store: x.store, Base: x.base, lenient: x.lenient(), handler: x.handler}
	var err error
	if call.options, err = x.validation(); err != nil {
		return err
	}
	unknown := func(name, pointer string) error {
		if !x.lenient() {
			return unknownArgument(o, pointer)
		}
		x.leaveAside(name)
		return nil
	}
	if err := call.takeQuery(o, x.r.URL.RawQuery, unknown); err != nil {
		return err
	}
	if x.r.Method == http.MethodPost {
		if name, _ := mediaType(x.r.Header.Get("Content-Type")); name == formType {
			form, err := x.body(formType)
			if err != nil {
				return err
			}
			if err := call.takeQuery(o, string(form), unknown); err != nil {
				return err
			}
		} else {
			body, err := x.resourceBody()
			if err != nil {
				return err
			}
			if err := call.takeBody(o, body, unknown); err != nil {
				return err
			}
		}
	}
	if call.View, err = x.store.At(); err != nil {
		return err
	}
	defer call.View.Close()
	reply, err := o.call(x.r.Context(), call)
	if err != nil {
		return err
	}
	for name, values := range reply.Header {
		for _, value := range values {
			x.w.Header().Add(name, value)
		}
	}
	x.send(cmp.Or(reply.Status, http.StatusOK), reply.Resource)
	return nil
}

// unknownArgument is the error for a parameter that an operation does not have.
func unknownArgument(o *Operation, pointer string) error {
	var names []string
	for _, p := range o.Parameters {
		if !p.Out {
			names = append(names, p.Name)
		}
	}
	text := "$" + o.Name + " takes no parameters"
	if names != nil {
		text = "$" + o.Name + " takes no parameters but " + strings.Join(names, ", ")
	}
	return parameterError(issue.NotSupported, pointer, text)
}

// call checks the arguments and calls the operation.
func (o *Operation) call(ctx context.Context, c *Call) (reply *Reply, err error) {
	if err := checkCounts(o.Parameters, c.arguments, ""); err != nil {
		return nil, err
	}
	defer func() {
		if v := recover(); v != nil {
			c.handler.options.Logger.ErrorContext(ctx, "rest: panic in an operation", "operation", o.Name, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			reply, err = nil, errInternal
		}
	}()
	if reply, err = o.Handle(ctx, c); reply == nil && err == nil {
		reply = &Reply{}
	}
	if err == nil && reply.Resource == nil && reply.Parameters != nil {
		reply.Resource = appendParameters(nil, reply.Parameters)
		if err = parse(reply.Resource, new(fhirjson.Document)); err != nil {
			c.handler.options.Logger.ErrorContext(ctx, "rest: an operation gives Parameters that are none", "operation", o.Name)
			return nil, errInternal
		}
	}
	return reply, err
}

// notSupported is the error for a part of an operation that is not there.
func notSupported(text string) error {
	return refuse(http.StatusNotImplemented, issue.NotSupported, text)
}

// operateIn answers an entry of a Bundle that calls an operation.
func (x *exchange) operateIn(ctx context.Context, e *bundle.Operation) ([]byte, int, error) {
	resource, status, err := x.operateEntry(ctx, e)
	var refused *refusal
	if errors.As(err, &refused) {
		status = refused.status
		err = classed(refused)
	}
	return resource, status, err
}

// classed returns a refusal as an error of the class of package datastore that its status
// is closest to: a transaction fails with it.
func classed(r *refusal) error {
	class := datastore.ErrInvalid
	switch r.status {
	case http.StatusNotFound:
		class = datastore.ErrNotFound
	case http.StatusNotImplemented:
		class = datastore.ErrUnsupported
	case http.StatusInternalServerError:
		return r
	}
	return &datastore.Error{Class: class, Issues: datastore.Issues(r.error)}
}

func (x *exchange) operateEntry(ctx context.Context, e *bundle.Operation) ([]byte, int, error) {
	on := datastore.Ref{Type: e.Type, ID: e.ID}
	o, err := x.operations.find(e.Name, on, e.Version)
	if err != nil {
		return nil, 0, err
	}
	post := e.Method == http.MethodPost
	switch {
	case o.raw != nil:
		return nil, 0, notSupported("the operation $" + o.Name + " cannot be called in a Bundle")
	case o.AffectsState && !post:
		return nil, 0, refuse(http.StatusMethodNotAllowed, issue.NotSupported, "an operation that changes something is called by POST")
	case o.AffectsState && !e.Batch:
		return nil, 0, refuse(http.StatusBadRequest, issue.NotSupported, "an operation that changes something has no place in a transaction: call it in a batch or by itself")
	}
	call := &Call{name: o.Name, owner: x.caller, Subject: on, VersionID: e.Version, Store: x.store, Base: x.base, handler: x.handler}
	unknown := func(_, pointer string) error { return unknownArgument(o, pointer) }
	if err := call.takeQuery(o, e.Query, unknown); err != nil {
		return nil, 0, err
	}
	if post {
		if err := call.takeBody(o, e.Resource, unknown); err != nil {
			return nil, 0, err
		}
	}
	if call.View, err = x.store.SnapshotAt(e.Sequence); err != nil {
		return nil, 0, err
	}
	defer call.View.Close()
	reply, err := o.call(ctx, call)
	if err != nil {
		return nil, 0, err
	}
	return reply.Resource, cmp.Or(reply.Status, http.StatusOK), nil
}
