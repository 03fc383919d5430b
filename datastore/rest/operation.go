package rest

import (
	"context"
	"net/http"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Operation is an operation of FHIR (R4 §3.2): what is called at a path that ends in
// $name. A name may belong to several operations of different resource types. The
// CapabilityStatement lists all operations. The handler serves an OperationDefinition, made
// of these fields, for each operation that R4 does not define.
type Operation struct {
	// Name is what stands behind the $, such as "everything".
	Name string
	// URL is the canonical URL of the operation's definition. By default it is that of
	// the OperationDefinition that the handler serves.
	URL string
	// Description says in Markdown what the operation does.
	Description string
	// System, Type and Instance say where the operation may be called: at $name, at
	// {type}/$name, or at {type}/{id}/$name.
	System, Type, Instance bool
	// Resources are the resource types of an operation on types or instances, all by
	// default.
	Resources []string
	// AffectsState says that the operation changes something. It is then called by POST
	// alone, and not in a transaction.
	AffectsState bool
	// Parameters are what the operation takes and gives. A call is refused whose
	// parameters are not as these say, before Handle is called.
	Parameters []Parameter
	// Handle answers a call. An error is answered as errors of package datastore are: with
	// the status of its class and an OperationOutcome. Handle is called by many goroutines
	// and must not keep the call.
	Handle func(ctx context.Context, call *Call) (*Reply, error)

	raw      func(x *exchange) error // answers instead of Handle, and reads the body itself
	searches bool                    // takes the search parameters of its resource type too
	paged    bool                    // takes a page token
	history  bool                    // may be called on a version of a resource
}

// A Parameter is a parameter of an operation.
type Parameter struct {
	Name string
	// Out is set on what the operation gives. An operation whose one such parameter is a
	// resource named "return" answers with that resource, any other with Parameters.
	Out bool
	// Min is how often it must be there, Many whether it may be there more than once.
	Min  int
	Many bool
	// Type is a type of FHIR: a data type, a resource type, or "Resource" for any; "" has
	// Parts.
	Type string
	// SearchType is the type of search parameter whose form a Type of "string" has, or "".
	SearchType string
	Parts      []Parameter
	// Documentation says in Markdown what it means.
	Documentation string

	absent bool // FHIR defines it, and here it is answered with 501
	asIs   bool // a resource that is handed over with all its faults
}

// A Call is one call of an operation. It is for one goroutine.
type Call struct {
	// Subject is the resource on which the operation is called. Without an id it is the
	// resource type, and the zero Ref is the whole store.
	Subject datastore.Ref
	// VersionID is the version of the subject, "" for the current one.
	VersionID string
	// View is the state that the call reads. It is closed after the call.
	View *datastore.Snapshot
	// Store is where the call may write.
	Store *datastore.Store
	// Base is the address of the server as the client knows it, without a slash at its
	// end.
	Base string

	name      string
	owner     string // who asks: tokens are good for nobody else
	arguments []Argument
	query     string                  // of an operation that searches
	page      string                  // the token of a page, "" for the first
	lenient   bool                    // unknown search parameters are ignored
	options   []datastore.WriteOption // the level of validation that the request wants
	handler   *handler
}

// Arguments returns the values of a parameter, in their order.
func (c *Call) Arguments(name string) (list []Argument) {
	for _, a := range c.arguments {
		if a.Name == name {
			list = append(list, a)
		}
	}
	return list
}

// Argument returns the first value of a parameter, and whether there is one.
func (c *Call) Argument(name string) (Argument, bool) {
	for _, a := range c.arguments {
		if a.Name == name {
			return a, true
		}
	}
	return Argument{}, false
}

// Text returns the text of a parameter of a primitive type, "" if it is not there.
func (c *Call) Text(name string) string {
	a, _ := c.Argument(name)
	return a.Text()
}

// An Argument is a value of a parameter, in a call or in an answer.
type Argument struct {
	Name string
	// Type is the type of the value in FHIR, such as "code", "Coding" or "Patient", and ""
	// if there are Parts.
	Type string
	// Value is the value as JSON.
	Value []byte
	Parts []Argument

	pointer string // the place in the Parameters, "" in a query
}

// Text returns the text of a value of a primitive type.
func (a Argument) Text() string {
	value := jsontext.Value(a.Value)
	if value.Kind() == '"' {
		var text string
		if json.Unmarshal(value, &text) == nil {
			return text
		}
	}
	return string(value)
}

// A Reply is the answer to a call.
type Reply struct {
	// Status is 200 by default, and 202 for a job that goes on.
	Status int
	// Header is sent along, such as the Content-Location of a job.
	Header http.Header
	// Resource is the answer in JSON. Without it Parameters are the answer, or there is
	// none.
	Resource   []byte
	Parameters []Argument
}
